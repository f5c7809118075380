"""At night the worker looks up the free days of a clinic's courses, some at a time."""

import pytest
from django_tasks_db.models import DBTaskResult

from tests import factories
from tests.support.clock import NOON
from treatments.actions import lookahead
from treatments.actions.kept import keep_dates
from treatments.actions.lookahead import look_ahead
from treatments.models import TreatmentPlan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def courses(clinic, settings):
    """Return three courses without a booking, and let tasks wait in the queue."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    plans = [factories.plan(factories.patient(clinic)) for _ in range(3)]
    for plan in plans:
        keep_dates(plan)
    return plans


def run(clinic) -> list[int]:
    """Work until the queue is empty, as a worker does; return what each task looked up."""
    look_ahead.enqueue(clinic.pk)
    done = []
    while row := DBTaskResult.objects.ready().first():
        row.claim("a worker")
        done.append(row.task.call(*row.task_result.args))
        row.set_successful(done[-1])
    return done


@pytest.mark.parametrize(
    ("at_a_time", "tasks"), [(2, [2, 1]), (3, [3, 0]), (4, [3])]
)  # fmt: skip
def test_every_course_is_looked_up_once_however_many_fit_into_a_task(
    courses, clinic, monkeypatch, at_a_time, tasks
):
    monkeypatch.setattr(lookahead, "SLICE", at_a_time)

    assert run(clinic) == tasks

    for plan in courses:
        plan.refresh_from_db()
        assert (plan.next_free_on is None, plan.next_free_seen_at) == (False, NOON)


def test_a_course_nobody_can_serve_does_not_hold_up_the_rest(courses, clinic, monkeypatch):
    monkeypatch.setattr(lookahead, "SLICE", 1)
    nobodys = factories.service(clinic)
    nobodys.phases.all().delete()
    TreatmentPlan.objects.filter(pk=courses[0].pk).update(service=nobodys)

    assert run(clinic) == [1, 1, 1, 0]

    seen = [plan.next_free_seen_at for plan in courses if not plan.refresh_from_db()]
    assert seen == [None, NOON, NOON]


def test_another_clinics_courses_are_left_for_its_own_night(courses, clinic):
    other = factories.clinic_with_diary()

    assert run(other) == [0]
    courses[0].refresh_from_db()
    assert courses[0].next_free_on is None
