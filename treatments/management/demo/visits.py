"""The deeds of the story: register, agree, book, come or stay away, treat, sign."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from clinic.actions import diary as bookings
from clinic.actions.patients import HealthFacts, note_away, note_health, register_patient
from clinic.models import Appointment, Blackout, Patient
from clinic.models.openings import shape_of, snapshot
from clinic.scheduling.slots import Slot, Wish, day_slots
from treatments.actions import diary
from treatments.actions.kept import keep_dates
from treatments.actions.plans import agree_course, stop_course
from treatments.actions.sessions import add_addendum, open_record, strike_session
from treatments.management.demo import checks, consents, people, records
from treatments.management.demo.agenda import Agenda, instant
from treatments.management.demo.places import NUMBING, PLAIN, Place
from treatments.management.demo.story import Course
from treatments.models import Protocol, TreatmentPlan, TreatmentSession, Zone
from treatments.models.openings import propose

VISIT_MIN = {NUMBING: 86, PLAIN: 42}
RECORD_MIN = 4  # from the start of a visit to the first words in its record
EARLY_MIN = 24  # patients are asked to come before their time
PAUSE_DAYS = 40
RECENT_DAYS = 45  # until then every step of a visit is told; before, only what came of it


@dataclass
class World:
    """What every deed needs: where, when, and chance that falls the same way every time."""

    place: Place
    agenda: Agenda
    today: date
    rng: Random
    album: object | None = None

    def at(self, days: int, wall_min: int) -> datetime:
        """Return the instant of a wall minute, days from today."""
        return self.on(self.today + timedelta(days=days), wall_min)

    def on(self, day: date, wall_min: int) -> datetime:
        """Return the instant of a wall minute of a day."""
        return instant(day, wall_min, self.place.clinic.zone)

    def free_slot(self, service, day: date, who, start_min: int | None = None) -> Slot:
        """Return a free slot of the day: at this minute, else one that suits most people."""
        known = snapshot(self.place.clinic, service, from_day=day, days=1)
        found = day_slots(known, shape_of(service), day=day, wish=Wish((who.pk,)))
        if start_min is not None:
            found = [slot for slot in found if slot.wall_min == start_min]
        fit = [slot for slot in found if 540 <= slot.wall_min <= 1050] or list(found)
        if not fit:
            raise LookupError(f"No slot for {service} on {day} at {start_min}.")
        return self.rng.choice(fit[::3] or fit)


def register(world: World, number: int, *, at: datetime) -> Patient:
    """Register person `number` at the desk."""
    facts = people.facts(number, today=world.today, rng=world.rng)
    if number % 7 == 1:
        facts["preferred_practitioner"] = world.place.practitioners[0]
    patient = register_patient(clinic=world.place.clinic, facts=facts, at=at, by=world.place.desk)
    if number % 9 == 2:
        first = world.today + timedelta(days=19 + number % 5)
        Blackout.objects.create(patient=patient, kind="holiday" if number % 2 else "sun",
                                from_day=first, to_day=first + timedelta(days=8))  # fmt: skip
    return patient


def note(
    world: World, patient: Patient, number: int, *, at: datetime, by, weighed: date
) -> Patient:
    """Write down skin type, allergies, medicines, height and weight."""
    day = world.place.clinic.local_date(at)
    facts = people.health(number, on=day, rng=world.rng) | {"measured_on": weighed}
    return note_health(patient=patient, version=patient.version, health=HealthFacts(**facts),
                       today=day, at=at, by=by)  # fmt: skip


@dataclass
class Attempt:
    """One date a session of a course was given, and what became of it."""

    day: date
    fate: str  # done, today, ahead, missed or cancelled
    start_min: int | None = None


@dataclass
class CourseLife:
    """One course from the first telephone call to today."""

    world: World
    course: Course
    number: int  # of the person
    patient: Patient | None = None
    plan: TreatmentPlan | None = None
    attempts: dict[int, list[Attempt]] = field(default_factory=dict)

    def begin(self) -> None:
        """Put the first call on the agenda; everything else follows from it."""
        course, world = self.course, self.world
        self._plan_attempts()
        if course.camera and world.album:
            world.album.expect(self.number, range(len(course.done) + 1 + self._comes_by_now()))
        ago = course.agreed_days_ago
        world.agenda.put(world.at(-ago - 4, 570 + self.number * 3), self._call)
        world.agenda.put(world.at(-ago, 600 + self.number * 4), self._agree)
        if course.stopped:
            days_ago, because = course.stopped
            world.agenda.put(world.at(-days_ago, 700), partial(self._stop, because))
        if "paused" in course.turns:
            world.agenda.put(world.at(-2, 720), self._pause)

    def _comes_by_now(self) -> bool:
        """Say whether today's session will have begun when the story stops."""
        today = self.course.today
        return today is not None and self.world.at(0, today + RECORD_MIN) <= self.world.agenda.now

    def _plan_attempts(self) -> None:
        """Sort the course's days by session: refused dates first, then the one that took place."""
        course, today = self.course, self.world.today
        fates = ["done"] * len(course.done) + ["today"] * (course.today is not None)
        fates += ["ahead"] * len(course.ahead)
        for number, (day, fate) in enumerate(zip(course.days(today), fates, strict=True), 1):
            start = course.today if fate == "today" else None
            self.attempts[number] = [Attempt(self._works_on(day), fate, start)]
        for fate in ("missed", "cancelled"):
            if (ago := getattr(course, fate)) is not None:
                number = sum(done > ago for done in course.done) + 1
                refused = Attempt(self._works_on(today - timedelta(days=ago)), fate)
                self.attempts.setdefault(number, []).insert(0, refused)

    def _works_on(self, day: date) -> date:
        return self.world.place.working_day(self.who, day, self.world.today)

    @property
    def who(self):
        """Return the practitioner of the course."""
        rows = self.world.place.practitioners
        return rows[self.course.who % len(rows)]

    def _call(self, at: datetime) -> None:
        self.patient = register(self.world, self.number, at=at)

    def _agree(self, at: datetime) -> None:
        course, place = self.course, self.world.place
        day = place.clinic.local_date(at)
        weighed = day - timedelta(days=360 if "old weight" in course.turns else 0)
        self.patient = note(self.world, self.patient, self.number, at=at, by=self.who.user,
                            weighed=weighed)  # fmt: skip
        protocol = Protocol.objects.get(code=course.protocol)
        zones = list(Zone.objects.filter(code__in=course.zones))
        event = self.world.today + timedelta(days=course.event) if course.event else None
        self.plan = agree_course(
            patient=self.patient, protocol=protocol,
            zones=[(zone, min(protocol.depth_default_mm, zone.depth_max_mm),
                    protocol.passes_default) for zone in zones],
            sessions=course.sessions, gap_days_min=protocol.gap_days_min,
            gap_days_ideal=protocol.gap_days_ideal, gap_days_max=protocol.gap_days_max,
            service=place.services[NUMBING if course.cream else PLAIN], practitioner=self.who,
            event_on=event, calm_days=7 if event else None, notes=course.notes, agreed_on=day,
            at=at, by=self.who.user,
        )  # fmt: skip
        self._agree_in_writing(at)
        self._photograph(0, None, at)
        self._book(1, at)

    def _agree_in_writing(self, at: datetime) -> None:
        """Sign on the day of the agreement, the day before today, or not yet."""
        turns, by = self.course.turns, self.who.user
        consents.answer(self.patient, self.number, has_camera=self.course.camera, at=at, by=by)
        if "late consent" in turns:
            self.world.agenda.put(self.world.at(-1, 975), self._sign_consent)
        elif "no consent" not in turns:
            self._sign_consent(at)
        if "withdrew" in turns:
            ends = partial(self._withdraw, by)
            self.world.agenda.put(self.world.at(-20, 660), ends)

    def _sign_consent(self, at: datetime) -> None:
        consents.sign(self.plan, self.number, at=at, by=self.who.user)

    def _withdraw(self, by, at: datetime) -> None:
        consents.withdraw(self.patient, at=at, by=by)

    def _stop(self, because: str, at: datetime) -> None:
        stop_course(plan=self.plan, because=because, on=self.world.place.clinic.local_date(at),
                    at=at, by=self.world.place.lead, cancel_reason="patient")  # fmt: skip

    def _pause(self, at: datetime) -> None:
        """Keep a medical pause: nothing is done until it is over."""
        day = self.world.place.clinic.local_date(at)
        note_away(patient=self.patient, kind=Blackout.Kind.MEDICAL, from_day=day,
                  to_day=day + timedelta(days=PAUSE_DAYS), at=at, by=self.who.user)  # fmt: skip

    # --- Dates ------------------------------------------------------------------------------------
    def _book(self, number: int, at: datetime) -> None:
        """Book the next date of session `number`; dates still to come are booked all together."""
        if not self.attempts.get(number):
            return
        if self.course.whole and self.attempts[number][0].fate == "ahead":
            self._book_whole(self.attempts[number][0].day, at)
            return
        attempt = self.attempts[number].pop(0)
        planned = self.plan.sessions.get(number=number)
        slot = self.world.free_slot(self.plan.service, attempt.day, self.who, attempt.start_min)
        visit = diary.book_session(
            planned_session=planned, slot=slot, at=at, by=self.world.place.desk
        )
        self._expect(visit, number, attempt, at)
        if attempt.fate == "ahead":
            self._book(number + 1, at)

    def _book_whole(self, first: date, at: datetime) -> None:
        """Take the planner's first proposal from a day on, with its reasons."""
        day = self.world.place.clinic.local_date(at)
        best = propose(self.plan, today=day, from_day=first)[0]
        slots = {placed.number: placed.slot for placed in best.sessions}
        why = {placed.number: [reason.as_dict() for reason in placed.reasons]
               for placed in best.sessions}  # fmt: skip
        diary.book_course(plan=self.plan, slots=slots, at=at, by=self.who.user, why=why)

    def _expect(self, visit: Appointment, number: int, attempt: Attempt, at: datetime) -> None:
        """Put on the agenda what becomes of a booked visit."""
        agenda, start = self.world.agenda, visit.starts_at
        agreed = start - timedelta(days=2, hours=3)
        is_recent = attempt.day > self.world.today - timedelta(days=RECENT_DAYS)
        if (
            is_recent
            and agreed > at
            and attempt.fate != "cancelled"
            and self.world.rng.random() < 0.7
        ):
            agenda.put(agreed, partial(self._step, visit, "confirm"))
        if attempt.fate == "missed":
            agenda.put(start + timedelta(minutes=30), partial(self._step, visit, "noshow"))
            agenda.put(start + timedelta(hours=3), partial(self._book, number))
        elif attempt.fate == "cancelled":
            call = start - timedelta(days=1, hours=2)
            agenda.put(max(call, at), partial(self._cancel, visit))
            agenda.put(max(call, at) + timedelta(minutes=5), partial(self._book, number))
        elif attempt.fate in {"done", "today"}:
            if is_recent:
                early = start - timedelta(minutes=EARLY_MIN)
                agenda.put(early, partial(self._step, visit, "arrive"))
                days = 2 if "isotretinoin" in self.course.turns else 0
                asked = early + timedelta(minutes=2) - timedelta(days=days)
                agenda.put(asked, partial(self._check, visit, attempt, by_patient=days == 0))
            agenda.put(start + timedelta(minutes=RECORD_MIN), partial(self._treat, visit, number))
        elif "to move" in self.course.turns:
            agenda.put(self.world.at(-1, 990), partial(self._free, visit))

    def _step(self, visit: Appointment, step: str, at: datetime) -> None:
        diary.step(appointment=visit, step=step, at=at, by=self.world.place.desk)

    def _cancel(self, visit: Appointment, at: datetime) -> None:
        reason = self.world.rng.choice(("patient", "patient", "medical", "clinic"))
        diary.cancel_appointment(appointment=visit, reason=reason, at=at, by=self.world.place.desk)

    def _free(self, visit: Appointment, at: datetime) -> None:
        bookings.mark_to_move(appointment=visit, because="Room 2 is being repainted that day.",
                              at=at, by=self.world.place.desk)  # fmt: skip
        keep_dates(self.plan)

    # --- Sessions ---------------------------------------------------------------------------------
    def _check(self, visit: Appointment, attempt: Attempt | None, at: datetime, *,
               by_patient: bool = False) -> None:  # fmt: skip
        """Answer the health check, out of the ordinary only on the day that is looked at."""
        turns = self.course.turns if attempt and attempt.fate == "today" else ()
        checks.answer(visit, number=self.number, turns=turns, by_patient=by_patient, at=at,
                      by=self.who.user)  # fmt: skip

    def _treat(self, visit: Appointment, number: int, at: datetime) -> None:
        """Open the record and write its first half; the second follows at the end of the visit."""
        by, world = self.who.user, self.world
        self._check(visit, None, at)
        session = open_record(appointment=visit, at=at, by=by)
        session = self._begin(session, visit, at)
        self._photograph(number, session, at)
        ends = visit.starts_at + timedelta(minutes=VISIT_MIN[visit.service.name])
        if self.course.cream:
            off = timedelta(minutes=records.off_min(self.course, number))
            world.agenda.put(visit.starts_at + off, partial(self._take_off, session))
        world.agenda.put(ends, partial(self._sign, visit, session, number))

    def _take_off(self, session: TreatmentSession, at: datetime) -> None:
        session = TreatmentSession.objects.get(pk=session.pk)
        records.take_off(session, at=at, by=self.who.user)

    def _begin(self, session, visit: Appointment, at: datetime) -> TreatmentSession:
        world = self.world
        return records.begin(session, course=self.course, place=world.place, rng=world.rng,
                             start=visit.starts_at, at=at, by=self.who.user)  # fmt: skip

    def _sign(self, visit, session: TreatmentSession, number: int, at: datetime) -> None:
        by, place = self.who.user, self.world.place
        session = TreatmentSession.objects.get(pk=session.pk)
        session = records.complete(
            session, course=self.course, place=place, start=visit.starts_at, number=number,
            at=at - timedelta(minutes=2), by=by, rng=self.world.rng,
        )  # fmt: skip
        session = records.sign(session, place=place, at=at, by=by)
        next_day = at + timedelta(days=1, minutes=35)
        if "addendum" in self.course.turns and number == 1:
            self.world.agenda.put(next_day, partial(self._amend, session))
        if "struck" in self.course.turns and number == 1:
            self.world.agenda.put(at + timedelta(minutes=9), partial(self._redo, visit, session))
        self.world.agenda.put(at + timedelta(minutes=20), partial(self._book, number + 1))

    def _amend(self, session: TreatmentSession, at: datetime) -> None:
        add_addendum(
            session=session, reason="Telephone call the day after",
            text="Redness gone overnight, slight tightness. Uses the ointment as explained.",
            at=at, by=self.who.user,
        )  # fmt: skip

    def _redo(self, visit: Appointment, session: TreatmentSession, at: datetime) -> None:
        """Strike a record out and write it again beside it."""
        by, world = self.who.user, self.world
        strike_session(session=session, because="Zones of the other patient of this hour.",
                       at=at, by=by)  # fmt: skip
        visit = Appointment.objects.get(pk=visit.pk)
        again = open_record(appointment=visit, at=at, by=by)
        again = self._begin(again, visit, at)
        again = records.complete(
            again, course=self.course, place=world.place, start=visit.starts_at, number=1, at=at,
            by=by, rng=world.rng,
        )  # fmt: skip
        records.sign(again, place=world.place, at=at + timedelta(minutes=5), by=by)

    def _photograph(self, number: int, session: TreatmentSession | None, at: datetime) -> None:
        if self.course.camera and self.world.album:
            self.world.album.add(
                patient=self.patient, person=self.number, visit=number, session=session, at=at,
                by=self.who.user,
            )  # fmt: skip


@dataclass
class SingleVisit:
    """A consultation or review of somebody without a course."""

    world: World
    number: int
    service: str
    days: int
    start_min: int | None
    who: int
    left_open: bool = False  # nobody wrote down what became of it
    patient: Patient | None = None
    visit: Appointment | None = None

    def begin(self) -> None:
        """Put the call and the visit on the agenda."""
        self.world.agenda.put(self.world.at(min(self.days, 0) - 5, 580 + self.number), self._call)

    def _call(self, at: datetime) -> None:
        world, place = self.world, self.world.place
        who = place.practitioners[self.who % len(place.practitioners)]
        self.patient = register(world, self.number, at=at)
        service, day = place.services[self.service], world.today + timedelta(days=self.days)
        day = place.working_day(who, day, world.today)
        slot = world.free_slot(service, day, who, self.start_min)
        self.visit = bookings.book(clinic=place.clinic, patient=self.patient, service=service,
                                   slot=slot, at=at, by=place.desk)  # fmt: skip
        start = self.visit.starts_at
        agenda = world.agenda
        agenda.put(start - timedelta(days=1, hours=4), partial(self._step, "confirm"))
        if self.left_open:
            return
        agenda.put(start - timedelta(minutes=12), partial(self._step, "arrive"))
        agenda.put(start + timedelta(minutes=3), partial(self._step, "start"))
        agenda.put(start + timedelta(minutes=22), self._finish)

    def _step(self, step: str, at: datetime) -> None:
        diary.step(appointment=self.visit, step=step, at=at, by=self.world.place.desk)

    def _finish(self, at: datetime) -> None:
        by = self.visit.practitioner.user
        day = self.world.place.clinic.local_date(at)
        note(self.world, self.patient, self.number, at=at, by=by, weighed=day)
        diary.step(appointment=self.visit, step="finish", at=at, by=by)
