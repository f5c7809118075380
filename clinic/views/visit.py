"""One appointment as its page shows it: what happened so far, why this date, what can be done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.urls import reverse

from clinic.models import Appointment, AuditEvent
from clinic.permissions import may
from clinic.scheduling.reasons import SENTENCES, Reason, day_words, sentence
from treatments.models import standing_record
from treatments.models.screening import SOON_DAYS, CheckTold, needs_check

Status = Appointment.Status
#: The deeds of the audit a visit's page tells of: columns forget them when they are taken back.
TOLD = (
    "appointment.moved", "appointment.cancelled", "appointment.missed", "appointment.undone",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One button: the word of the step in its address, how it looks, the key that presses it."""

    word: str
    label: str
    icon: str
    key: str


@dataclass(frozen=True)
class Check:
    """Whether the health check of a visit is done: all that the desk sees of it.

    `url` is where it is answered or read, "" for those who may not.
    """

    label: str
    icon: str
    tone: str
    url: str = ""
    deed: str = ""


STEPS = {
    "confirm": Step("confirm", "Confirm", "telephone-outbound", "c"),
    "arrive": Step("arrive", "Arrived", "person-check", "a"),
    "start": Step("start", "In the room", "door-open", "i"),
    "finish": Step("finish", "Done", "check-circle", "d"),
    "noshow": Step("noshow", "Did not attend", "person-x", "s"),
}
UNDO = {
    Status.ARRIVED: "Not arrived yet", Status.IN_SESSION: "Back to arrived",
    Status.FULFILLED: "Not done yet", Status.NOSHOW: "They did attend",
    Status.CANCELLED: "Take the cancellation back",
}  # fmt: skip


class Visit:
    """An appointment with `planned_session`, `booked_by` and `ended_by` joined, and `records` and
    `check_told` loaded.

    `log` are its lines of the audit about `TOLD`: what no column keeps once it was taken back.
    """

    def __init__(self, row: Appointment, *, role: str, at: datetime, log: Iterable = ()) -> None:
        self.row, self.role, self.at, self.log = row, role, at, list(log)
        self.planned = getattr(row, "planned_session", None)
        self.record = standing_record(row)

    @property
    def title(self) -> str:
        """Return "Session 3 of 4" for a session of a course, else the service."""
        if self.planned is None:
            return self.row.service.name
        return f"Session {self.planned.number} of {self.planned.plan.sessions_planned}"

    @property
    def is_today(self) -> bool:
        """Say whether the visit is on the clinic's day."""
        return self.row.local_date == self.row.clinic.local_date(self.at)

    @property
    def health_check(self) -> Check | None:
        """Return the state of the visit's health check, None where it needs none. One query."""
        row, today = self.row, self.row.clinic.local_date(self.at)
        url = reverse("health_check", args=[row.pk]) if may(self.role, "health_check") else ""
        told = CheckTold.of(row)
        if told and told.counts_on(row.local_date):
            return Check("Done", "clipboard2-check", "good", url, "Read it")
        if not needs_check(row):
            return None
        if today <= row.local_date <= today + timedelta(days=SOON_DAYS):
            return Check("Missing", "clipboard2-x", "warn", url, "Answer it")
        return Check("Not due yet", "clipboard2", "void")

    @property
    def steps(self) -> list[Step]:
        """Return the steps that can be taken now, the likeliest first."""
        row, words = self.row, []
        due = row.local_date <= row.clinic.local_date(self.at)
        if row.status == Status.BOOKED:
            words += ["arrive"] if due else []
            words += [] if row.confirmed_at else ["confirm"]
            words += ["noshow"] if self.at >= row.starts_at else []
        elif row.status == Status.ARRIVED:
            words = ["start"]
        elif row.status == Status.IN_SESSION:
            words = ["finish"]
        return [STEPS[word] for word in words]

    @property
    def undo(self) -> str:
        """Return what stepping back says, "" where there is nothing to step back from."""
        signed = self.record is not None and not self.record.is_draft
        return "" if signed else UNDO.get(self.row.status, "")

    @property
    def can_be_cancelled(self) -> bool:
        """Say whether the visit may still be cancelled."""
        held = {Status.BOOKED, Status.PROPOSED, Status.ARRIVED}
        return self.row.status in held and self.record is None

    @property
    def may_open_record(self) -> bool:
        """Say whether this person may open the session record now."""
        ready = {Status.ARRIVED, Status.IN_SESSION, Status.FULFILLED}
        return may(self.role, "session_open", "POST") and self.row.status in ready

    @property
    def record_url(self) -> str:
        """Return the record's address for those who may read it, "" otherwise."""
        shown = self.record is not None and may(self.role, "session_record")
        return self.record.get_absolute_url() if shown else ""

    @property
    def next_url(self) -> str:
        """Return where the course's next dates are chosen after a visit that is over, "" if not."""
        over = {Status.FULFILLED, Status.NOSHOW, Status.CANCELLED}
        if self.row.status not in over or not self.planned or self.planned.plan.status != "open":
            return ""
        return reverse("course_dates", args=[self.planned.plan_id])

    @property
    def reasons(self) -> list[str]:
        """Return why this date was chosen, as sentences."""
        known = (plain for plain in self.row.why_this_date if plain.get("code") in SENTENCES)
        kept = [Reason.from_dict(plain) for plain in known]
        return [f"{sentence(reason)}." for reason in kept]

    @property
    def stamps(self) -> list[tuple[str, datetime, object]]:
        """Return (what, when, who) in order of time; who is None where it is not kept."""
        row = self.row
        told = [(_told(line), line.at, line.actor_name) for line in self.log]
        ended = {Status.CANCELLED: _cancelled(row.cancel_reason),
                 Status.NOSHOW: "Did not attend"}.get(row.status, "Ended")  # fmt: skip
        if any((what, when) == (ended, row.ended_at) for what, when, _ in told):
            ended = ""
        known = [
            ("Booked", row.booked_at, row.booked_by), ("Confirmed", row.confirmed_at, None),
            ("To be moved", row.to_move_since, None), ("Arrived", row.arrived_at, None),
            ("Cream on", row.numbing_at, None),
            ("In the room", row.started_at, None), ("Done", row.finished_at, None),
            (ended, row.ended_at, row.ended_by), *told,
        ]  # fmt: skip
        return sorted((row for row in known if row[0] and row[1]), key=lambda row: row[1])


def _told(line: AuditEvent) -> str:
    """Return a line of the audit as the visit's page says it, "" for one its columns tell."""
    if line.action == "appointment.moved":
        before = line.details.get("before")
        if not before:
            return "Moved"
        return f"Moved from {day_words(date.fromisoformat(before['day']))}, {before['start']}"
    if line.action == "appointment.undone":
        return {"cancelled": "Cancellation taken back",
                "noshow": "Did attend after all"}.get(line.details.get("was"), "")  # fmt: skip
    return "Did not attend" if line.action == "appointment.missed" else _cancelled(line.reason)


def _cancelled(reason: str) -> str:
    words = dict(Appointment.CancelReason.choices).get(reason, "")
    return f"Cancelled: {words}" if words else "Cancelled"
