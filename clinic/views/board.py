"""Today's board: who is where, since when, and what can be done with each visit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Prefetch, Subquery

from clinic.models import Appointment
from clinic.permissions import may
from clinic.views.addresses import address
from clinic.views.missing import Missing
from treatments.models import (
    AnaestheticApplication,
    PlannedSession,
    TreatmentSession,
    standing_record,
)

Status = Appointment.Status
MINUTE = timedelta(minutes=1)
NUMBING_OVER_MIN = 15  # past the planned end of numbing: red (amber from the end itself)
#: State on the board -> (words, icon), in the order of a visit.
STATES = {
    "expected": ("Expected", "calendar-check"),
    "arrived": ("Arrived", "person-check-fill"),
    "numbing": ("Numbing", "hourglass-split"),
    "in_room": ("In room", "play-circle-fill"),
    "done": ("Done", "check-circle-fill"),
    "unresolved": ("Unresolved: did they take place?", "exclamation-circle-fill"),
}
EMPTY = {
    "expected": "Nobody else is expected", "arrived": "Nobody is waiting",
    "numbing": "Nobody is numbing", "in_room": "No room is in use", "done": "Nobody yet",
    "unresolved": "",
}  # fmt: skip


@dataclass(slots=True)
class NextStep:
    """One button: where it goes, its key, and whether it writes (a form) or opens a page (a link).

    `then` is the page that follows a deed, "" for the board itself.
    """

    label: str
    icon: str
    url: str
    writes: bool = False
    key: str = ""
    then: str = ""
    is_quiet: bool = False
    short: str = ""
    tone: str = "btn-outline-secondary"

    @property
    def face(self) -> str:
        """Return the word on the button, a short one where the label is long."""
        return self.short or self.label


class BoardRow:
    """One appointment of the day with what its card prints, and the steps a role may take."""

    def __init__(
        self, appointment: Appointment, *, role: str, at: datetime, missing: Missing | None = None
    ) -> None:
        row, planned = appointment, getattr(appointment, "planned_session", None)
        self.appointment, self.planned, self.key = row, planned, str(row.pk)
        self.state, self.status = state_of(row, at), row.status
        self.is_late = row.status == Status.BOOKED and at - row.starts_at >= MINUTE
        self.is_missed, self.is_confirmed = row.status == Status.NOSHOW, bool(row.confirmed_at)
        self.clock, self.who, self.service = row.start_clock, row.patient.full_name, row.service
        self.where = " · ".join(unit.name for unit in (row.practitioner, row.room) if unit)
        self.session, self.is_first, self.last_on = "", False, None
        if planned:
            self.session = f"Session {planned.number} of {planned.plan.sessions_planned}"
            self.is_first, self.last_on = planned.number == 1, planned.plan.last_session_on
        self.url = address("appointment", row.pk)
        self.chart_url = address("chart", row.patient_id)
        self.lacks_check = missing is not None and missing.check(row)
        self.lacks_consent = missing is not None and missing.consent(row)
        self.check_url = address("health_check", row.pk) if may(role, "health_check") else ""
        signs = planned and may(role, "course_consent")
        self.consent_url = address("course_consent", planned.plan_id) if signs else ""
        self.steps = _Steps(row, planned, role, at).steps

    @property
    def days_since_last(self) -> int | None:
        """Return days since the course's last session, None before the first."""
        if self.last_on is None or self.last_on >= self.appointment.local_date:
            return None
        return (self.appointment.local_date - self.last_on).days

    @property
    def since(self) -> datetime | None:
        """Return since when the visit is in its state; of one that is late, since when it is."""
        row = self.appointment
        if self.is_late:
            return row.starts_at
        return {"arrived": row.arrived_at, "in_room": row.started_at}.get(self.state)

    @property
    def numbing_on(self) -> datetime | None:
        """Return when numbing began: the record's cream, else the board's stamp."""
        return self.appointment.cream_on_at or self.appointment.numbing_at

    @property
    def numbing_until(self) -> datetime | None:
        """Return when numbing is planned to end, None for a service without numbing."""
        minutes = numbing_min(self.appointment.service)
        on = self.numbing_on
        return on + timedelta(minutes=minutes) if on and minutes else None


@dataclass
class Lane:
    """One column: a state, a practitioner or a room, with its visits in order of time."""

    key: str
    title: str
    icon: str
    rows: list[BoardRow] = field(default_factory=list)
    empty: str = "Nobody today"


def numbing_min(service) -> int:
    """Return how long a service plans to numb, 0 for one that does not; its phases are prefetched."""
    return sum(phase.minutes for phase in service.phases.all() if phase.kind == "numbing")


def state_of(row: Appointment, at: datetime) -> str:
    """Return the column of an appointment read by `visits`.

    One that is still booked when its time is over is unresolved: a person says what became of it.
    """
    if row.status == Status.BOOKED:
        return "unresolved" if at >= row.ends_at else "expected"
    if row.status in {Status.FULFILLED, Status.NOSHOW}:
        return "done"
    if row.cream_on_at or (row.status == Status.ARRIVED and row.numbing_at):
        return "numbing"
    return "arrived" if row.status == Status.ARRIVED else "in_room"


def visits(clinic, day: date):
    """Return the day's appointments with what the board reads, four queries in all."""
    cream = AnaestheticApplication.objects.filter(
        session__appointment=OuterRef("pk"), applied_at__isnull=False, removed_at__isnull=True
    ).exclude(session__status="entered_in_error")
    rows = Appointment.objects.for_board(clinic, day)
    rows = rows.select_related("planned_session__plan")
    records = Prefetch("records", TreatmentSession.objects.for_links())
    rows = rows.prefetch_related("service__phases", records)
    following = PlannedSession.objects.filter(
        plan=OuterRef("planned_session__plan"),
        number=OuterRef("planned_session__number") + 1,
        appointment__status__in=Appointment.LIVE,
    )
    return rows.annotate(
        cream_on_at=Subquery(cream.order_by("applied_at").values("applied_at")[:1]),
        next_is_booked=Exists(following),
    )


class _Steps:
    """What a role may do with a visit now: the first step, then the others."""

    def __init__(self, row, planned, role, at) -> None:
        self.row, self.planned, self.at = row, planned, at
        self.record = standing_record(row)
        self.treats = may(role, "session_open", "POST")
        found = [*getattr(self, f"_{state_of(row, at)}")(), self._undo()]
        self.steps = [step for step in found if step]
        for step in self.steps:
            step.tone = "btn-quiet" if step.is_quiet else step.tone
        is_over = row.status in {Status.FULFILLED, Status.NOSHOW}
        ahead = [step for step in self.steps if step.key == "b" or not is_over][:1]
        for step in ahead:  # what comes next; a visit that is over may be left as it is
            step.tone = "btn-quiet" if step.is_quiet else "btn-primary"

    def _deed(self, word, label, icon, key, **facts) -> NextStep:
        url = address("appointment_step", self.row.pk, word)
        return NextStep(label, icon, url, writes=True, key=key, **facts)

    def _expected(self):
        late = self.at >= self.row.starts_at
        return [
            self._deed("arrive", "Arrived", "person-check", "a"),
            late and self._deed("noshow", "Did not attend", "person-x", "s", is_quiet=True),
            NextStep("Move", "arrow-left-right", address("appointment_move", self.row.pk),
                     key="m", is_quiet=True),
            NextStep("Cancel", "x-circle", address("appointment_cancel", self.row.pk),
                     key="x", is_quiet=True),
        ]  # fmt: skip

    def _unresolved(self):
        return [
            self._deed("attended", "Took place", "check-circle", "d"),
            self._deed("noshow", "Did not attend", "person-x", "s"),
            self._deed("arrive", "Arrived", "person-check", "a", is_quiet=True),
            *self._expected()[2:],
        ]

    def _arrived(self):
        numbs = numbing_min(self.row.service) > 0
        cream = numbs and self._deed("numb", "Cream on", "hourglass-split", "c")
        return [self._record(), cream, self._in_room()]

    def _numbing(self):
        arrived = self.row.status == Status.ARRIVED
        return [self._record(), arrived and self._in_room()]

    def _in_room(self):
        if self.row.status == Status.ARRIVED:
            return self._deed("start", "In the room", "door-open", "i")
        return [self._record(), self._done()]

    def _done(self):
        if self.row.status == Status.IN_SESSION:
            books = _needs_a_date(self.row)
            then = address("course_next", self.planned.plan_id) if books else ""
            label = "Done, book next" if books else "Done"
            return self._deed("finish", label, "check-circle", "d", then=then)
        needs = _needs_a_date(self.row)
        book = needs and NextStep(
            "Book next", "calendar2-plus", address("course_next", self.planned.plan_id),
            key="b",
        )  # fmt: skip
        return [self._record() if self.record else None, book]

    def _record(self) -> NextStep | None:
        """Return the session record for those who treat."""
        if not self.treats or (self.record is None and self.row.status == Status.NOSHOW):
            return None
        if self.record is None:
            url = address("session_open", self.row.pk)
            return NextStep("Start session", "play-fill", url, writes=True, key="r", then="record")
        label = "Continue record" if self.record.is_draft else "Record"
        icon = "pencil-square" if self.record.is_draft else "file-earmark-text"
        return NextStep(label, icon, self.record.get_absolute_url(), key="r")

    def _undo(self) -> NextStep | None:
        signed = self.record is not None and not self.record.is_draft
        if signed or self.row.status == Status.BOOKED:
            return None
        return self._deed("undo", "One step back", "arrow-counterclockwise", "u", is_quiet=True,
                          short="Step back")  # fmt: skip


def _needs_a_date(row) -> bool:
    """Say whether the session after this visit is still to be booked."""
    planned = getattr(row, "planned_session", None)
    if planned is None or planned.plan.status != "open" or row.next_is_booked:
        return False
    return planned.number < planned.plan.sessions_planned


def lanes(rows: Sequence[BoardRow], show: str) -> list[Lane]:
    """Return the columns: by state, or with `show` "people" or "rooms" by who or where.

    What is unresolved asks for somebody and comes first; where nothing is, there is no such lane.
    """
    if show in {"people", "rooms"}:
        return _lanes_of(rows, show)
    found = {key: Lane(key, *look, empty=EMPTY[key]) for key, look in STATES.items()}
    for row in rows:
        found[row.state].rows.append(row)
    open_ones = found.pop("unresolved")
    return [*([open_ones] if open_ones.rows else []), *found.values()]


def _lanes_of(rows, show) -> list[Lane]:
    """Return a column a practitioner, or a room, in the clinic's order; those without one last."""
    name, icon = ("practitioner", "person") if show == "people" else ("room", "door-open")
    found: dict = {}
    for row in rows:
        found.setdefault(getattr(row.appointment, name), []).append(row)
    ordered = sorted(found.items(), key=lambda item: (item[0] is None, item[0] and item[0].order))
    return [
        Lane(f"{name}-{unit.pk if unit else 0}", unit.name if unit else "No room", icon, visits)
        for unit, visits in ordered
    ]
