"""What is agreed: a course of sessions for one indication of one patient."""

from datetime import date, timedelta
from typing import NamedTuple

from django.db import models
from django.db.models import Count, F, Q, Value
from django.urls import reverse

from clinic.models import Blackout, Clinic, Patient, Resource, Service
from clinic.models.constraints import all_or_none
from clinic.scheduling.reasons import count_words
from treatments.models.protocols import Protocol, Zone
from treatments.models.standing import (
    BOOK_AHEAD_DAYS,
    LAPSE_AFTER_CONTACTS,
    LAPSE_AFTER_DAYS,
    PlanState,
    in_time,
    is_near,
    paused_on,
    standing,
    too_late,
)


class WeekNeed(NamedTuple):
    """How many courses may have their next session in a week, and for how many it is the last."""

    may: int
    must: int


class TreatmentPlanQuerySet(models.QuerySet):
    """Questions about courses."""

    def of(self, clinic):
        """Keep the courses of one clinic."""
        return self.filter(clinic=clinic)

    def open(self):
        """Keep courses still running."""
        return self.filter(status=TreatmentPlan.Status.OPEN)

    def with_state(self, today: date):
        """Annotate `state` from kept columns and today's medical pauses: no query a row."""
        return self.annotate(state=standing(today, value=str, kind=models.CharField()))

    def by_state(self, today: date):
        """Sort by state, the most urgent first, then by the last day of the next session.

        `urgency`, the place of the state among all, is there to sort by and is not fetched.
        """
        ranks = list(PlanState)
        rank = standing(today, value=ranks.index, kind=models.IntegerField())
        rows = self.alias(urgency=rank)
        return rows.order_by("urgency", F("next_latest_on").asc(nulls_last=True), "pk")

    def without_place(self, today: date):
        """Keep running courses whose next session holds no time to come."""
        return self.open().exclude(next_booked_on__gte=today)

    def due_between(self, first: date, last: date):
        """Keep courses whose next session may fall on one of these days, both included."""
        return self.filter(next_earliest_on__lte=last, next_latest_on__gte=first)

    def places_needed(self, mondays, today: date) -> list["WeekNeed"]:
        """Return for every week how many running courses still need a place. One query.

        What is past its longest interval needs one in the week of today; lapsed courses need a
        practitioner's decision first and are not counted.
        """
        lapsed = today - timedelta(days=LAPSE_AFTER_DAYS)
        asked = {}
        for at, monday in enumerate(mondays):
            last = monday + timedelta(days=6)
            since = lapsed if monday <= today <= last else monday
            asked[f"may_{at}"] = Count(
                "pk", filter=Q(next_earliest_on__lte=last, next_latest_on__gte=since)
            )
            asked[f"must_{at}"] = Count("pk", filter=Q(next_latest_on__range=(since, last)))
        found = self.without_place(today).order_by().aggregate(**asked)
        return [WeekNeed(found[f"may_{at}"], found[f"must_{at}"]) for at in range(len(mondays))]

    def due(self, today: date):
        """Keep running courses whose next session needs a day now: nothing booked, two weeks ahead.

        A session that lost its day, or cannot be had in time, needs one however far ahead it is.
        What is snoozed, and what a medical pause blocks, is still among them.
        """
        rows = self.open().filter(next_booked_on__isnull=True)
        return rows.filter(is_near(today) | too_late(today))

    def to_look_ahead(self, today: date):
        """Keep courses whose earliest free day is worth knowing, the one known longest ago first.

        Nothing booked, the latest day still to come. `next_free_seen_at` says when it was looked up.
        """
        rows = self.open().filter(next_booked_on__isnull=True, next_latest_on__gt=today)
        return rows.order_by(F("next_free_seen_at").asc(nulls_first=True), "pk")

    def awake(self, today: date):
        """Leave out what is put off beyond a day."""
        return self.filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=today))

    def with_pause(self, today: date):
        """Annotate `is_paused`: the patient has a medical pause that covers today."""
        return self.annotate(is_paused=paused_on(today))

    def blocked(self, today: date):
        """Keep running courses that wait for a practitioner, with `is_paused`.

        Their patient has a medical pause, or the record of their last visit is not signed.
        """
        rows = self.open().with_pause(today)
        paused = Q(is_paused=True, next_booked_on__isnull=True)
        return rows.filter(
            paused & (is_near(today) | too_late(today)) | Q(next_booked_on__lt=today)
        )

    def by_urgency(self):
        """Order by the last day of the next session, then the event: an index gives this order."""
        return self.order_by("next_latest_on", F("event_on").asc(nulls_last=True), "pk")

    def to_call(self, today: date, *, at_risk: bool):
        """Keep courses to call about now in the worklist's order: those at risk, or all others.

        What is put off, lapsed or medically paused is not among them.
        """
        rows = self.open().awake(today).filter(
            ~paused_on(today), next_booked_on__isnull=True,
            next_latest_on__gte=today - timedelta(days=LAPSE_AFTER_DAYS),
            contacts_unanswered__lt=LAPSE_AFTER_CONTACTS,
        ).annotate(is_paused=Value(value=False))  # fmt: skip
        if at_risk:
            return rows.filter(Q(next_latest_on__lt=today) | too_late(today)).by_urgency()
        rows = rows.filter(in_time(today), is_near(today), next_latest_on__gte=today)
        return rows.by_urgency()

    def for_worklist(self):
        """Read what a row of the worklist prints, and nothing else."""
        own = ("clinic", "status", "sessions_planned", "sessions_done", "last_session_on",
               "next_booked_on", "next_earliest_on", "next_ideal_on", "next_latest_on", "event_on",
               "start_by_on", "next_to_move", "next_free_on", "contacts_unanswered",
               "snoozed_until", "snoozed_because")  # fmt: skip
        person = ("given_name", "family_name", "phone", "phone_digits", "preferred_weekdays",
                  "preferred_from_min", "preferred_to_min", "short_notice_ok",
                  "preferred_practitioner__name")  # fmt: skip
        rows = self.select_related("patient__preferred_practitioner")
        return rows.only(*own, *(f"patient__{name}" for name in person))

    def with_people(self):
        """Join what lists print."""
        return self.select_related("patient", "protocol", "practitioner", "service")


class TreatmentPlan(models.Model):
    """A course: N sessions agreed with one patient for one indication and its zones (CarePlan).

    The `next_…`, `last_session_on` and `sessions_done` columns are kept by the actions of
    treatments/actions/kept.py from the planned sessions, so that lists of any length can sort and
    filter by them; `manage.py check_courses` compares them with the sessions.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    # No index where a wider one begins with the same column: each is written with every booking.
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="plans", db_index=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="plans", db_index=False)
    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="plans")
    protocol_as_agreed = models.JSONField(default=dict, editable=False)
    service = models.ForeignKey(Service, models.PROTECT, related_name="+")
    practitioner = models.ForeignKey(
        Resource, models.PROTECT, null=True, blank=True, related_name="+",
        limit_choices_to={"kind": "practitioner"},
    )  # fmt: skip
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    sessions_planned = models.PositiveSmallIntegerField()
    gap_days_min = models.PositiveSmallIntegerField()
    gap_days_ideal = models.PositiveSmallIntegerField()
    gap_days_max = models.PositiveSmallIntegerField()
    event_on = models.DateField("event", null=True, blank=True)
    calm_days = models.PositiveSmallIntegerField(null=True, blank=True)
    notes = models.TextField(blank=True)
    agreed_on = models.DateField()
    stopped_on = models.DateField(null=True, blank=True)
    stopped_because = models.CharField(max_length=200, blank=True)
    request_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    sessions_done = models.PositiveSmallIntegerField(default=0, editable=False)
    last_session_on = models.DateField(null=True, editable=False, db_index=True)
    next_booked_on = models.DateField(null=True, editable=False, db_index=True)
    next_earliest_on = models.DateField(null=True, editable=False)
    next_ideal_on = models.DateField("next due", null=True, editable=False, db_index=True)
    next_latest_on = models.DateField(null=True, editable=False, db_index=True)
    start_by_on = models.DateField(  # the last day of the next session that still meets the event
        null=True, editable=False
    )
    next_to_move = models.BooleanField(  # it lost its day: its visit waits for another one
        default=False, editable=False
    )
    #: No day before this one is both legal and free for the next session, as of the search at
    #: `next_free_seen_at`; both are empty where nobody has looked.
    next_free_on = models.DateField(null=True, editable=False)
    next_free_seen_at = models.DateTimeField(null=True, editable=False)
    contacts_unanswered = models.PositiveSmallIntegerField(default=0, editable=False)
    snoozed_until = models.DateField("put off until", null=True, editable=False)
    snoozed_because = models.CharField(max_length=200, blank=True, editable=False)
    snoozed_by = models.ForeignKey(
        "clinic.User", models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = TreatmentPlanQuerySet.as_manager()

    class Meta:
        verbose_name = "course"
        constraints = [
            models.CheckConstraint(
                condition=Q(sessions_planned__range=(1, 12)),
                name="treatmentplan_has_1_to_12_sessions",
                violation_error_message="A course has between 1 and 12 sessions.",
            ),
            models.CheckConstraint(
                condition=Q(gap_days_min__gte=1, gap_days_min__lte=F("gap_days_ideal"))
                & Q(gap_days_ideal__lte=F("gap_days_max"), gap_days_max__lte=365),
                name="treatmentplan_gaps_in_order",
                violation_error_message="Intervals go from minimum to ideal to maximum.",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="stopped") & Q(stopped_on__isnull=False) & ~Q(stopped_because="")
                )
                | (~Q(status="stopped") & Q(stopped_on__isnull=True, stopped_because="")),
                name="treatmentplan_stopped_with_reason",
                violation_error_message="Say why and when the course was stopped.",
            ),
            models.CheckConstraint(
                condition=Q(event_on__isnull=False) | Q(calm_days__isnull=True),
                name="treatmentplan_calm_days_before_an_event",
            ),
            models.CheckConstraint(
                condition=all_or_none("next_earliest_on", "next_ideal_on", "next_latest_on"),
                name="treatmentplan_next_window_whole",
            ),
            models.CheckConstraint(
                condition=all_or_none("next_free_on", "next_free_seen_at"),
                name="treatmentplan_free_day_with_when",
            ),
            models.CheckConstraint(
                condition=all_or_none("snoozed_until", "snoozed_by", blank=("snoozed_because",)),
                name="treatmentplan_put_off_with_reason",
                violation_error_message="Say why and until when.",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "status", "next_latest_on"], name="plan_clinic_due"),
            models.Index(
                fields=["clinic", "status", "next_latest_on"],
                condition=Q(next_booked_on__isnull=True),
                name="plan_clinic_unbooked",
            ),
            models.Index(
                fields=["clinic", "status", "next_booked_on"],
                condition=Q(next_booked_on__isnull=False),
                name="plan_clinic_booked",
            ),
            models.Index(
                fields=["clinic", "snoozed_until"],
                condition=Q(snoozed_until__isnull=False),
                name="plan_clinic_snoozed",
            ),
            models.Index(fields=["patient", "status"], name="plan_patient"),
        ]

    def __str__(self):
        return f"{self.protocol} for {self.patient}"

    def get_absolute_url(self):
        """Return the page of the course."""
        return reverse("course", args=[self.pk])

    def state_on(self, today: date) -> PlanState:
        """Return where this course stands on a day: what `with_state` asks the database."""
        if self.status != self.Status.OPEN:
            return PlanState(self.status)
        if self.next_booked_on:
            return self._booked_state(today)
        latest, ideal = self.next_latest_on or date.max, self.next_ideal_on or date.max
        is_near, is_too_late = self._is_near(today), self._is_too_late(today)
        if (is_near or is_too_late) and self.is_paused_on(today):
            return PlanState.BLOCKED
        is_long_past = latest < today - timedelta(days=LAPSE_AFTER_DAYS)
        if is_long_past or self.contacts_unanswered >= LAPSE_AFTER_CONTACTS:
            return PlanState.LAPSED
        if latest < today or is_too_late:
            return PlanState.AT_RISK
        if ideal < today:
            return PlanState.OVERDUE
        return PlanState.BOOK_NOW if is_near else PlanState.ON_TRACK

    def _booked_state(self, today: date) -> PlanState:
        if self.next_booked_on < today:  # a visit of the past waits for its record
            return PlanState.BLOCKED
        is_late = self.days_booked_late or self.misses_event_on(today)
        return PlanState.AT_RISK if is_late else PlanState.ON_TRACK

    @property
    def days_booked_late(self) -> int:
        """Return how many days past its latest day the next session is booked, 0 for in time."""
        booked, latest = self.next_booked_on, self.next_latest_on
        return max((booked - latest).days, 0) if booked and latest else 0

    def misses_event_on(self, today: date) -> bool:
        """Say whether the booked day is too late to heal from all sessions before the event."""
        event, booked, start_by = self.event_on, self.next_booked_on, self.start_by_on
        return bool(event and event >= today and booked and start_by and booked > start_by)

    def lateness_on(self, today: date) -> str:
        """Return how the booked day comes too late, in words: "35 days late"; "" where it does not."""
        if days := self.days_booked_late:
            return f"{count_words(days, 'day')} late"
        return "too late for the event" if self.misses_event_on(today) else ""

    def is_paused_on(self, today: date) -> bool:
        """Say whether a medical pause covers today: as `with_pause` read it, else by one query."""
        if "is_paused" not in self.__dict__:
            rows = Blackout.objects.filter(patient=self.patient_id, kind="medical")
            self.is_paused = rows.filter(from_day__lte=today, to_day__gte=today).exists()
        return self.is_paused

    @property
    def has_no_free_day(self) -> bool:
        """Say whether every legal day up to the latest one was taken when somebody looked."""
        free, latest = self.next_free_on, self.next_latest_on
        return bool(free and latest and free > latest)

    def _is_near(self, today: date) -> bool:
        first = self.next_earliest_on or date.max
        return self.next_to_move or first <= today + timedelta(days=BOOK_AHEAD_DAYS)

    def _is_too_late(self, today: date) -> bool:
        start_by = self.start_by_on or date.max
        return start_by < max(today, self.next_earliest_on or today) or self.has_no_free_day

    @property
    def sessions_left(self) -> int:
        """Return how many sessions are still to be done."""
        return max(self.sessions_planned - self.sessions_done, 0)


class PlanZone(models.Model):
    """One zone of a course and the depth agreed for it."""

    plan = models.ForeignKey(TreatmentPlan, models.CASCADE, related_name="zones")
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="+")
    depth_mm = models.DecimalField("set depth", max_digits=4, decimal_places=2)
    passes = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["zone__order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "zone"], name="planzone_once"),
            models.CheckConstraint(
                condition=Q(depth_mm__gt=0, depth_mm__lte=4), name="planzone_depth_of_a_needle"
            ),
        ]

    def __str__(self):
        return f"{self.zone} {self.depth_mm} mm"
