"""A kept time that has expired is free for every page that searches, before anybody cleared it."""

from datetime import timedelta

import pytest

from clinic.actions.tentative import KEPT_FOR, keep
from clinic.models import Appointment
from clinic.scheduling.minutes import minute_of
from clinic.scheduling.repair import repair
from tests import factories
from tests.support.diary import TUESDAY, slot_of
from tests.support.planner import URL, slots, word
from treatments.actions.diary import keep_session
from treatments.actions.repair import Absence, keep_absence
from treatments.actions.waitlist import add_to_waitlist
from treatments.models.disruptions import Disruption
from treatments.models.gaps import Gap
from treatments.views.gaps import fits

pytestmark = pytest.mark.django_db
IN_TIME, OVER = KEPT_FOR - timedelta(microseconds=1), KEPT_FOR
both = pytest.mark.parametrize(("later", "is_free"), [(IN_TIME, False), (OVER, True)])


@pytest.fixture(autouse=True)
def _monday(time_machine, now):
    time_machine.move_to(now, tick=False)


@pytest.fixture
def only(clinic):
    """Return a clinic with one practitioner, so that one kept time takes all there is."""
    clinic.resources.practitioners().last().delete()
    return clinic


@pytest.fixture
def kept(only, desk, now):
    """Return Tuesday at ten, kept for somebody on the telephone."""
    return keep(clinic=only, patient=factories.patient(only), service=only.services.get(),
                slot=slot_of(only, start=600), at=now, by=desk)  # fmt: skip


@both
def test_a_gap_suits_who_waits(only, kept, desk, now, later, is_free):
    add_to_waitlist(patient=factories.patient(only), plan=None, service=only.services.get(), at=now,
                    by=desk, short_notice_ok=True)  # fmt: skip
    start = minute_of(TUESDAY, 600, only.zone)
    gap = Gap(TUESDAY, start, start + 10, kept.practitioner_id)
    units = {row.pk: row for row in only.resources.all()}

    found = fits(gap, clinic=only, at=now + later, units=units)

    assert bool(found) is is_free


@both
def test_a_repair_may_use_it(only, kept, lead, now, later, is_free):
    visit = factories.appointment(factories.patient(only), TUESDAY + timedelta(days=1), 600)
    keep_absence(clinic=only, absence=Absence(visit.practitioner, visit.local_date,
                 visit.local_date + timedelta(days=20), "sick"), at=now, by=lead)  # fmt: skip
    disruption = Disruption(only, now + later)
    unit = disruption.problem.unit[kept.practitioner_id]
    day = disruption.days.index(TUESDAY)

    assert bool(unit.free[day] >> 600 & 1) is is_free
    assert repair(disruption.problem).unplaced == ()


@both
def test_the_planner_offers_it(only, kept, as_user, lead, time_machine, now, later, is_free):
    plan = factories.plan(factories.patient(only, preferred_from_min=600, preferred_to_min=690))
    client = as_user(lead)
    time_machine.move_to(now + later, tick=False)

    answer = client.get(URL, {"plan": plan.pk, "from": TUESDAY.isoformat()})

    assert (slots(answer)["slot_1"] == word(only, TUESDAY)) is is_free


def test_the_deed_that_meets_it_clears_it(only, kept, as_user, lead, time_machine, now):
    plan = factories.plan(factories.patient(only, preferred_from_min=600, preferred_to_min=690))
    client = as_user(lead)
    time_machine.move_to(now + OVER, tick=False)
    address = f"{URL}?plan={plan.pk}&from={TUESDAY.isoformat()}"
    sent = slots(client.get(address)) | {"book": "1", "proposal": "ideal"}
    assert Appointment.tentative.count() == 1

    client.post(address, sent)

    assert Appointment.tentative.count() == 0
    assert plan.sessions.get(number=1).appointment.local_date == TUESDAY


@both
def test_a_broken_room_is_swapped_for_one_kept_for_nobody(clinic, lead, now, later, is_free):
    visit = factories.appointment(factories.patient(clinic), TUESDAY)
    second = clinic.resources.practitioners().last()
    slot = factories.slot_on(clinic, TUESDAY, 600, second)
    keep(clinic=clinic, patient=factories.patient(clinic), service=clinic.services.get(), at=now,
         by=lead, slot=slot)  # fmt: skip

    outcome = keep_absence(
        clinic=clinic, at=now + later, by=lead,
        absence=Absence(visit.room, TUESDAY, TUESDAY, "service"),
    )  # fmt: skip

    assert [row.pk for row in outcome.swapped] == ([visit.pk] if is_free else [])


def test_the_healing_it_reserved_is_free_as_well(only, lead, desk, as_user, time_machine, now):
    zone = factories.zone()
    person = factories.patient(only)
    other, plan = (factories.plan(person, zones=[zone]) for _ in range(2))
    keep_session(planned_session=other.sessions.get(number=1), at=now, by=desk,
                 slot=slot_of(only, start=600, day=TUESDAY + timedelta(days=3)))  # fmt: skip
    time_machine.move_to(now + OVER, tick=False)

    answer = as_user(lead).get(URL, {"plan": plan.pk, "from": TUESDAY.isoformat()})

    # Kept for Friday: three days after a session on Tuesday, which would have been too soon.
    assert slots(answer)["slot_1"].startswith(f"{minute_of(TUESDAY, 540, only.zone)}.")
