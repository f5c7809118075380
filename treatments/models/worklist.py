"""Who must be called: what came of contacts, and who would come earlier."""

from datetime import date, timedelta

from django.db import models
from django.db.models import BigIntegerField, Count, DateField, F, Q

from clinic.models import Blackout, Clinic, Patient, Resource, Service
from clinic.models.constraints import all_or_none
from clinic.models.patients import WEEKDAYS
from clinic.models.prepared import Given, Prepared
from treatments.models.plans import TreatmentPlan
from treatments.models.standing import LAPSE_AFTER_CONTACTS, LAPSE_AFTER_DAYS

SHORT_NOTICE_DAYS = 2  # a gap nearer than this is for those who said that short notice is fine
ROWS, COUNT_TO = 20, 100  # a page of the worklist; see `waiting`


def _to_call(*, at_risk: bool) -> models.QuerySet:
    plans = TreatmentPlan.objects.of(Given("clinic", BigIntegerField()))
    return plans.to_call(Given("today", DateField()), at_risk=at_risk).for_worklist()[:ROWS]


_AT_RISK = Prepared(lambda: _to_call(at_risk=True))
_OTHERS = Prepared(lambda: _to_call(at_risk=False))


def first_to_call(clinic, today: date) -> list[TreatmentPlan]:
    """Return the first page of the courses to call about, those at risk before the others.

    What `to_call` and `for_worklist` ask, for the page the desk opens all day.
    """
    asked = {"clinic": clinic.pk, "today": today}
    found = _AT_RISK.rows(**asked)
    if len(found) < ROWS:
        found = [*found, *_OTHERS.rows(**asked)][:ROWS]
    for plan in found:
        plan.is_paused = (
            False  # as `to_call` says of each: a prepared question brings columns alone
        )
    return found


def waiting(clinic, today: date, *, lists, exactly: str) -> dict[str, int | str]:
    """Return how many courses wait on each of `lists`: call, snoozed, lapsed, blocked.

    What has lapsed piles up over the years and is counted to `COUNT_TO`, "99+" from there on,
    unless it is the list that is counted `exactly`. Every other count reads what it counts.
    """
    plans = TreatmentPlan.objects.of(clinic)
    due, since = plans.due(today).order_by(), today - timedelta(days=LAPSE_AFTER_DAYS)
    recent = due.awake(today).with_pause(today).filter(is_paused=False, next_latest_on__gte=since)
    tired = Q(contacts_unanswered__gte=LAPSE_AFTER_CONTACTS)
    found = recent.aggregate(call=Count("pk", filter=~tired), tired=Count("pk", filter=tired))
    found["snoozed"] = due.filter(snoozed_until__gt=today).count()
    if "lapsed" in lists:
        old = due.awake(today).with_pause(today).filter(is_paused=False, next_latest_on__lt=since)
        old = old if exactly == "lapsed" else old[:COUNT_TO]
        lapsed = old.count() + found["tired"]
        is_cut = exactly != "lapsed" and lapsed >= COUNT_TO
        found["lapsed"] = f"{COUNT_TO - 1}+" if is_cut else lapsed
    if "blocked" in lists:
        paused = Blackout.objects.filter(kind="medical", from_day__lte=today, to_day__gte=today)
        found["blocked"] = due.filter(patient__in=paused.values("patient")).count()
        found["blocked"] += plans.open().filter(next_booked_on__lt=today).count()
    return found


class ContactLogQuerySet(models.QuerySet):
    """Questions about contacts."""

    def latest_of(self, plans) -> dict[int, "ContactLog"]:
        """Return the latest contact of each course that has one, by the course's key. One query."""
        rows = self.filter(plan__in=plans).order_by("at", "pk")
        return {row.plan_id: row for row in rows.only("plan", "result", "at")}


class ContactLog(models.Model):
    """One attempt to reach a patient about a course. Rows are added, never changed."""

    class Way(models.TextChoices):
        CALL = "call", "Call"
        MESSAGE = "message", "Message"
        EMAIL = "email", "E-mail"

    class Result(models.TextChoices):
        REACHED = "reached", "Reached"
        CALLS_BACK = "calls_back", "Calls back"
        DECLINED = "declined", "Not now"
        NO_ANSWER = "no_answer", "No answer"

    #: Results that tell whether the patient still wants to come; the others are no answer.
    ANSWERS = ("reached", "calls_back", "declined")

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="contacts")
    plan = models.ForeignKey(TreatmentPlan, models.PROTECT, related_name="contacts")
    way = models.CharField(max_length=8, choices=Way, default=Way.CALL)
    result = models.CharField(max_length=10, choices=Result)
    note = models.CharField(max_length=200, blank=True, help_text="For the desk; nothing clinical.")
    at = models.DateTimeField()
    by = models.ForeignKey("clinic.User", models.PROTECT, related_name="+")
    request_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    objects = ContactLogQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["plan", "-at"], name="contactlog_plan_at")]

    def __str__(self):
        return f"{self.get_way_display()}: {self.get_result_display()}"


class WaitlistQuerySet(models.QuerySet):
    """Questions about the waitlist."""

    def of(self, clinic):
        """Keep the wishes of one clinic."""
        return self.filter(clinic=clinic)

    def waiting(self, today: date):
        """Keep wishes that still hold on a day."""
        return self.filter(ended_at__isnull=True).filter(Q(until=None) | Q(until__gte=today))

    def in_turn(self):
        """Order as places are given: urgent first, then who has waited longest."""
        return self.order_by("-is_urgent", "added_at", "pk")

    def with_people(self):
        """Join what lists print."""
        return self.select_related(
            "patient", "service", "practitioner", "plan__protocol", "plan__service"
        )


class WaitlistEntry(models.Model):
    """A patient who would come earlier: for the next session of a course, or for a service."""

    class Ended(models.TextChoices):
        BOOKED = "booked", "Given a place"
        WITHDRAWN = "withdrawn", "No longer wished"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="wishes")
    plan = models.ForeignKey(
        TreatmentPlan, models.PROTECT, null=True, blank=True, related_name="wishes"
    )
    service = models.ForeignKey(Service, models.PROTECT, related_name="+")
    practitioner = models.ForeignKey(
        Resource, models.PROTECT, null=True, blank=True, related_name="+"
    )
    weekdays = models.JSONField(default=list, blank=True)  # 0 = Monday … 6 = Sunday; none = any
    from_min = models.PositiveSmallIntegerField(null=True, blank=True)
    to_min = models.PositiveSmallIntegerField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    short_notice_ok = models.BooleanField(default=False)
    is_urgent = models.BooleanField(default=False)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey("clinic.User", models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        "clinic.User", models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_how = models.CharField(max_length=10, choices=Ended, blank=True)

    objects = WaitlistQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "waitlist entries"
        constraints = [
            models.CheckConstraint(
                condition=all_or_none("ended_at", "ended_by", blank=("ended_how",)),
                name="waitlistentry_end_with_who_and_how",
            ),
            models.CheckConstraint(
                condition=all_or_none("from_min", "to_min")
                & (Q(from_min__isnull=True) | Q(from_min__lt=F("to_min"))),
                name="waitlistentry_hours_in_order",
                violation_error_message="Hours need a start before their end.",
            ),
            models.UniqueConstraint(
                fields=["patient", "plan"], condition=Q(ended_at__isnull=True, plan__isnull=False),
                name="waitlistentry_one_per_course",
            ),
            models.UniqueConstraint(
                fields=["patient", "service"],
                condition=Q(ended_at__isnull=True, plan__isnull=True),
                name="waitlistentry_one_per_service",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["clinic", "-is_urgent", "added_at"], condition=Q(ended_at__isnull=True),
                name="waitlistentry_turn",
            )
        ]  # fmt: skip

    def __str__(self):
        return f"{self.patient} for {self.service}"

    @property
    def when(self) -> str:
        """Return the wished weekdays and hours in words, "" for any."""
        parts = [", ".join(WEEKDAYS[day] for day in self.weekdays)]
        if self.from_min is not None:
            hours = (self.from_min, self.to_min)
            parts.append(" to ".join(f"{value // 60:02d}:{value % 60:02d}" for value in hours))
        return "; ".join(part for part in parts if part)

    def wants(self, *, day: date, today: date) -> bool:
        """Say whether a gap on a day may be offered at all, hours and practitioner aside."""
        if self.until and day > self.until:
            return False
        if self.weekdays and day.weekday() not in self.weekdays:
            return False
        return self.short_notice_ok or (day - today).days >= SHORT_NOTICE_DAYS
