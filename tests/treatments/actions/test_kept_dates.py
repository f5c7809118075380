"""Whatever happens to a course, its kept dates are what its sessions say."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from clinic.models import Rest
from clinic.scheduling.slots import Slot
from tests import factories
from treatments.actions import diary, kept, plans
from treatments.models import PlannedSession
from treatments.models.openings import rests_for


@pytest.fixture
def course(patient, today):
    """Return a course of four sessions on two zones, 28 / 35 / 42 days apart."""
    row = factories.plan(patient, zones=[factories.zone("UB"), factories.zone("LB")])
    kept.keep_dates(row)
    return row


class Life:
    """A course to which anything may happen, by dice; refusals are part of life."""

    def __init__(self, course, desk, seed):
        self.course, self.desk, self.dice = course, desk, random.Random(seed)
        self.at, self.done, self.lost = datetime(2026, 11, 23, 9, tzinfo=UTC), 0, 0
        self.who = course.clinic.resources.practitioners().first()

    def session(self) -> PlannedSession:
        rows = list(self.course.sessions.select_related("appointment", "plan"))
        return self.dice.choice(rows)

    def slot(self) -> Slot:
        day = self.at.date() + timedelta(days=self.dice.randrange(1, 120))
        found = factories.slot_on(self.course.clinic, day, self.dice.choice([600, 780, 900]))
        return found or self.slot()

    def book(self):
        diary.book_session(
            planned_session=self.session(), slot=self.slot(), at=self.at, by=self.desk
        )

    def move(self):
        visit = self.session().appointment
        diary.move_appointment(
            appointment=visit, slot=self.slot(), version=visit.version, at=self.at, by=self.desk
        )

    def cancel(self):
        visit = self.session().appointment
        diary.cancel_appointment(appointment=visit, reason="patient", at=self.at, by=self.desk)

    def lose(self):
        visit = self.session().appointment
        diary.diary.mark_to_move(appointment=visit, because="Dice", at=self.at, by=self.desk)
        kept.keep_dates(self.course)

    def miss(self):
        visit = self.session().appointment
        diary.step(appointment=visit, step="noshow", at=visit.ends_at, by=self.desk)

    def undo(self):
        diary.undo(appointment=self.session().appointment, at=self.at, by=self.desk)

    def sign(self):
        session = self.session()
        day = session.appointment.local_date
        Rest.objects.filter(appointment=session.appointment).update(kind="treated")
        PlannedSession.objects.filter(pk=session.pk).update(done_on=day)
        kept.keep_dates(session.plan)

    def strike(self):
        PlannedSession.objects.filter(pk=self.session().pk).update(done_on=None)
        kept.keep_dates(self.course)

    def gap(self):
        least = self.dice.randrange(14, 43)
        plans.change_gap(
            planned_session=self.session(), gap_days_min=least, gap_days_ideal=least + 7,
            gap_days_max=least + 14, because="Dice", at=self.at, by=self.desk,
        )  # fmt: skip

    def edit(self):
        row = type(self.course).objects.get(pk=self.course.pk)
        zones = [(z.zone, z.depth_mm, z.passes) for z in row.zones.select_related("zone")]
        plans.edit_course(
            plan=row, version=row.version, zones=zones, sessions=self.dice.randrange(2, 7),
            gap_days_min=self.dice.randrange(21, 36), gap_days_ideal=36, gap_days_max=42,
            service=row.service, at=self.at, by=self.desk,
        )  # fmt: skip

    def live(self, times: int) -> None:
        deeds = [self.book] * 4 + [
            self.move, self.cancel, self.lose, self.miss, self.undo, self.sign, self.strike, self.gap,
            self.edit,
        ]  # fmt: skip
        for _ in range(times):
            try:
                self.dice.choice(deeds)()
                self.done += 1
            except (ValidationError, AttributeError):  # refused, or a session without a visit
                continue
            self.check()

    def check(self) -> None:
        """Hold the kept columns against the sessions, as the nightly check does."""
        row = type(self.course).objects.get(pk=self.course.pk)
        sessions = row.sessions.select_related("appointment").order_by("number")
        assert kept.derive(row, list(sessions)).differs_from(row) == {}
        self.lost += row.next_to_move


def test_kept_dates_are_the_derived_ones_after_300_random_deeds(course, desk):
    life = Life(course, desk, seed=20261122)

    life.live(300)

    assert life.done > 60
    assert life.lost > 2
    booked = PlannedSession.objects.filter(appointment__status="booked", done_on=None)
    for session in booked.select_related("appointment", "plan"):
        day = session.appointment.local_date
        assert session.appointment.holds.count() == 4
        assert {(rest.start_day, rest.end_day) for rest in session.appointment.rests.all()} == {
            wish.span for wish in rests_for(session, day)
        }


# --- The earliest free day ------------------------------------------------------------------------
@pytest.fixture
def looked(course, now):
    """Return a course whose earliest free day was looked up."""
    course.refresh_from_db()
    kept.keep_free_day(plan=course, day=course.next_earliest_on + timedelta(days=3), at=now)
    return course


def free_day(course):
    """Return the earliest free day as it is kept."""
    return type(course).objects.values_list("next_free_on", flat=True).get(pk=course.pk)


def test_a_day_found_is_kept_with_when_it_was_found(looked, now):
    looked.refresh_from_db()

    assert (looked.next_free_on, looked.next_free_seen_at) == (
        looked.next_earliest_on + timedelta(days=3), now,
    )  # fmt: skip


def test_the_same_day_found_again_on_a_day_writes_nothing(looked, now, django_assert_num_queries):
    later = now + timedelta(hours=1)

    with django_assert_num_queries(0):
        assert not kept.keep_free_day(plan=looked, day=looked.next_free_on, at=later)
    assert kept.keep_free_day(plan=looked, day=looked.next_free_on, at=now + timedelta(days=1))


def test_a_booking_makes_the_day_found_unknown_again(looked, desk, now):
    slot = factories.slot_on(looked.clinic, looked.agreed_on + timedelta(days=8))

    diary.book_session(planned_session=looked.sessions.get(number=1), slot=slot, at=now, by=desk)

    assert free_day(looked) is None


def test_a_longer_interval_makes_the_day_found_unknown_again(looked, desk, now):
    plans.change_gap(
        planned_session=looked.sessions.get(number=1), gap_days_min=40, gap_days_ideal=45,
        gap_days_max=60, because="Slow", at=now, by=desk,
    )  # fmt: skip

    assert free_day(looked) is None


def test_a_search_of_a_course_that_changed_meanwhile_is_not_kept(looked, desk, now):
    seen = type(looked).objects.get(pk=looked.pk)
    slot = factories.slot_on(looked.clinic, looked.agreed_on + timedelta(days=8))
    diary.book_session(planned_session=looked.sessions.get(number=1), slot=slot, at=now, by=desk)

    written = kept.keep_free_day(plan=seen, day=seen.next_earliest_on, at=now)

    assert (written, free_day(looked)) == (False, None)
