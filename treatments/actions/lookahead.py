"""Every night: the earliest free day of every course without a booking.

A course for which no such day is left before its latest one is then *at risk* before it is late.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django_tasks import task

from clinic.models import Clinic
from treatments.actions.kept import keep_free_day
from treatments.models import TreatmentPlan
from treatments.models.openings import next_free_day

SLICE = 200  # courses a task looks up before others have their turn: messages wait behind it


def look_up(plan: TreatmentPlan, *, at: datetime) -> bool:
    """Look up one course, which comes with clinic, patient and service; False where none can be."""
    try:
        day = next_free_day(plan, today=plan.clinic.local_date(at))
    except ValidationError:  # nobody is there to serve it
        return False
    if day:
        keep_free_day(plan=plan, day=day, at=at)
    return day is not None


@task()
def look_ahead(clinic_id: int, after: int = 0) -> int:
    """Look up a clinic's next courses behind the key `after`; queue the rest; return how many."""
    clinic = Clinic.objects.get(pk=clinic_id)
    rows = TreatmentPlan.objects.of(clinic).to_look_ahead(clinic.local_date(timezone.now()))
    rows = rows.filter(pk__gt=after).select_related("patient", "service").order_by("pk")
    plans = list(rows[:SLICE])
    for plan in plans:
        plan.clinic = clinic
        look_up(plan, at=timezone.now())
    if len(plans) == SLICE:
        look_ahead.enqueue(clinic_id, plans[-1].pk)
    return len(plans)
