"""What is agreed: a course of sessions for one indication of one patient."""

from datetime import date, timedelta
from typing import NamedTuple

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Value, When
from django.urls import reverse

from clinic.models import Blackout, Clinic, Patient, Resource, Service
from clinic.models.constraints import all_or_none
from treatments.models.protocols import Protocol, Zone

LAPSE_AFTER_DAYS = 42  # past the latest day: scheduling practice, reference "worklist states"
BOOK_AHEAD_DAYS = 14
LAPSE_AFTER_CONTACTS = 3  # calls or messages in a row that nobody answered


class PlanState(models.TextChoices):
    """Where a course stands today; the order is the order of urgency."""

    AT_RISK = "at_risk", "At risk"
    OVERDUE = "overdue", "Overdue"
    BOOK_NOW = "book_now", "Book now"
    ON_TRACK = "on_track", "On track"
    LAPSED = "lapsed", "Lapsed"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"


class WeekNeed(NamedTuple):
    """How many courses may have their next session in a week, and for how many it is the last."""

    may: int
    must: int


def has_lapsed(today: date) -> Q:
    """Return the condition of a course that waits for a practitioner's decision."""
    lapsed = Q(next_latest_on__lt=today - timedelta(days=LAPSE_AFTER_DAYS))
    return lapsed | Q(contacts_unanswered__gte=LAPSE_AFTER_CONTACTS)


def _paused_on(today: date) -> Exists:
    """Return the condition that a medical pause of the patient covers a day."""
    return Exists(Blackout.objects.filter(
        patient=OuterRef("patient"), kind="medical", from_day__lte=today, to_day__gte=today
    ))  # fmt: skip


def _standing(today: date, *, value, kind) -> Case:
    """Return where a course stands as an expression: `value` of its PlanState, as a `kind`."""
    lapsed, soon = today - timedelta(days=LAPSE_AFTER_DAYS), today + timedelta(days=BOOK_AHEAD_DAYS)
    conditions = (
        ({"status": "done"}, PlanState.DONE),
        ({"status": "stopped"}, PlanState.STOPPED),
        ({"next_booked_on__gte": today}, PlanState.ON_TRACK),
        ({"next_latest_on__lt": lapsed}, PlanState.LAPSED),
        ({"contacts_unanswered__gte": LAPSE_AFTER_CONTACTS}, PlanState.LAPSED),
        ({"next_latest_on__lt": today}, PlanState.AT_RISK),
        ({"start_by_on__lt": today}, PlanState.AT_RISK),
        ({"start_by_on__lt": F("next_earliest_on")}, PlanState.AT_RISK),
        ({"next_ideal_on__lt": today}, PlanState.OVERDUE),
        ({"next_earliest_on__lte": soon}, PlanState.BOOK_NOW),
    )
    whens = (When(**asked, then=Value(value(state))) for asked, state in conditions)
    return Case(*whens, default=Value(value(PlanState.ON_TRACK)), output_field=kind)


class TreatmentPlanQuerySet(models.QuerySet):
    """Questions about courses."""

    def of(self, clinic):
        """Keep the courses of one clinic."""
        return self.filter(clinic=clinic)

    def open(self):
        """Keep courses still running."""
        return self.filter(status=TreatmentPlan.Status.OPEN)

    def with_state(self, today: date):
        """Annotate `state` from kept columns: one comparison a row, no join."""
        return self.annotate(state=_standing(today, value=str, kind=models.CharField()))

    def by_state(self, today: date):
        """Sort by state, the most urgent first, then by the last day of the next session.

        `urgency`, the place of the state among all, is there to sort by and is not fetched.
        """
        ranks = list(PlanState)
        rank = _standing(today, value=ranks.index, kind=models.IntegerField())
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

        What is snoozed, and what a medical pause blocks, is still among them.
        """
        soon = today + timedelta(days=BOOK_AHEAD_DAYS)
        rows = self.open().filter(next_booked_on__isnull=True)
        return rows.filter(
            Q(next_earliest_on__lte=soon) | Q(start_by_on__lt=today)
            | Q(start_by_on__lt=F("next_earliest_on"))
        )  # fmt: skip

    def awake(self, today: date):
        """Leave out what is put off beyond a day."""
        return self.filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=today))

    def with_pause(self, today: date):
        """Annotate `is_paused`: the patient has a medical pause that covers today."""
        return self.annotate(is_paused=_paused_on(today))

    def blocked(self, today: date):
        """Keep running courses that wait for a practitioner, with `is_paused`.

        Their patient has a medical pause, or the record of their last visit is not signed.
        """
        rows = self.open().with_pause(today)
        soon = today + timedelta(days=BOOK_AHEAD_DAYS)
        paused = Q(is_paused=True, next_booked_on__isnull=True, next_earliest_on__lte=soon)
        return rows.filter(paused | Q(next_booked_on__lt=today))

    def by_urgency(self):
        """Order by the last day of the next session, then the event: an index gives this order."""
        return self.order_by("next_latest_on", F("event_on").asc(nulls_last=True), "pk")

    def to_call(self, today: date, *, at_risk: bool):
        """Keep courses to call about now in the worklist's order: those at risk, or all others.

        What is put off, lapsed or medically paused is not among them.
        """
        rows = self.open().awake(today).filter(
            ~_paused_on(today), next_booked_on__isnull=True,
            next_latest_on__gte=today - timedelta(days=LAPSE_AFTER_DAYS),
            contacts_unanswered__lt=LAPSE_AFTER_CONTACTS,
        )  # fmt: skip
        too_late = Q(start_by_on__lt=today) | Q(start_by_on__lt=F("next_earliest_on"))
        if at_risk:
            return rows.filter(Q(next_latest_on__lt=today) | too_late).by_urgency()
        in_time = Q(start_by_on__gte=today) & Q(start_by_on__gte=F("next_earliest_on"))
        return rows.filter(
            Q(start_by_on=None) | in_time, next_latest_on__gte=today,
            next_earliest_on__lte=today + timedelta(days=BOOK_AHEAD_DAYS),
        ).by_urgency()  # fmt: skip

    def for_worklist(self):
        """Read what a row of the worklist prints, and nothing else."""
        own = ("clinic", "status", "sessions_planned", "sessions_done", "last_session_on",
               "next_booked_on", "next_earliest_on", "next_ideal_on", "next_latest_on", "event_on",
               "start_by_on", "contacts_unanswered", "snoozed_until", "snoozed_because")  # fmt: skip
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

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="plans")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="plans")
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
    contacts_unanswered = models.PositiveSmallIntegerField(default=0, editable=False)
    snoozed_until = models.DateField("put off until", null=True, editable=False)
    snoozed_because = models.CharField(max_length=200, blank=True, editable=False)
    snoozed_by = models.ForeignKey(
        "clinic.User", models.PROTECT, null=True, editable=False, related_name="+"
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
        if self.next_booked_on and self.next_booked_on >= today:
            return PlanState.ON_TRACK
        days = (self.next_earliest_on, self.next_ideal_on, self.next_latest_on, self.start_by_on)
        earliest, ideal, latest, start_by = (day or date.max for day in days)
        is_long_past = latest < today - timedelta(days=LAPSE_AFTER_DAYS)
        if is_long_past or self.contacts_unanswered >= LAPSE_AFTER_CONTACTS:
            return PlanState.LAPSED
        if latest < today or start_by < max(today, self.next_earliest_on or today):
            return PlanState.AT_RISK
        if ideal < today:
            return PlanState.OVERDUE
        is_soon = earliest <= today + timedelta(days=BOOK_AHEAD_DAYS)
        return PlanState.BOOK_NOW if is_soon else PlanState.ON_TRACK

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
