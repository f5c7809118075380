"""What is done every night without anybody asking: a clinic's rounds, begun by the heartbeat.

Night begins at 03:00 by the clinic's wall clock. Where no worker ran then, as on a machine that is
switched off in the evening, the rounds follow as soon as one does. A clinic's row keeps the day
whose rounds were begun: it is set and the tasks are queued in one transaction, so of several
workers one begins them, once. A round that fails is not tried again before the next night.
"""

from datetime import date, datetime

from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import task

from clinic.actions.statistics import gather_statistics
from clinic.models import Clinic

NIGHT_FROM_MIN = 3 * 60  # of the clinic's wall clock: after the last hour that summer time moves


def begin_rounds(*, at: datetime) -> list[Clinic]:
    """Queue the rounds of every clinic whose night has come; return the clinics.

    A setting names them: NIGHTLY_ROUNDS of a clinic, and those of the house, which come along with
    the clinic that was founded first.
    """
    begun = []
    for at_place, clinic in enumerate(Clinic.objects.order_by("pk")):
        day = _night_of(clinic, at)
        is_due = day and (clinic.rounds_on is None or clinic.rounds_on < day)
        if is_due and _begin(clinic, day, with_house=at_place == 0):
            begun.append(clinic)
    return begun


def _night_of(clinic: Clinic, at: datetime) -> date | None:
    """Return the clinic's day where its night has come, None before 03:00."""
    wall = timezone.localtime(at, clinic.zone)
    return wall.date() if wall.hour * 60 + wall.minute >= NIGHT_FROM_MIN else None


@transaction.atomic
def _begin(clinic: Clinic, day: date, *, with_house: bool) -> bool:
    """Take the night and queue its rounds, all or nothing; False where somebody has."""
    if not Clinic.objects.filter(pk=clinic.pk).before_round(day).update(rounds_on=day):
        return False
    for path in settings.NIGHTLY_ROUNDS["clinic"]:
        import_string(path).enqueue(clinic.pk)
    for path in settings.NIGHTLY_ROUNDS["house"] if with_house else ():
        import_string(path).enqueue()
    return True


@task()
def tidy() -> None:
    """Forget sign-ins that are over and tasks done a fortnight ago; count how rows are spread."""
    call_command("clearsessions")
    call_command("prune_db_task_results", queue_name="*", verbosity=0)
    gather_statistics()
