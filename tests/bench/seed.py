"""Fill a database with a made-up practice of any size.

    python -m tests.bench.seed --appointments 1000000 [--database sqlite|postgresql] [--folder F]

A million appointments come with four million holds, some 200 000 patients and courses, and every
planned session; one course in twenty has its session records. Open seven days a week, so that every
day has a board. Deterministic for a size and a day.
"""

import argparse
import io
import sys
import time
from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import UUID

from tests.bench import scheme
from tests.bench.place import DATABASES, database

EPOCH = date(1970, 1, 1)
RECORDS_EVERY = 20
FRESH_A_CLINIC = 40  # courses agreed today with nothing booked: what booking is measured with
FRESH_SESSIONS = 5
PASSWORD_NOBODY_HAS = "!"
GROWN, GROWN_APPOINTMENTS, GROWN_COURSES = "clinic-0", 1_200, 2_000  # see tests/bench/growth.py


def day_text(number: int) -> str:
    """Return a day since 1970-01-01 as a database takes it."""
    return (EPOCH + timedelta(days=number)).isoformat()


def instant_text(minute: int) -> str:
    """Return an epoch minute as a database takes it."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)).strftime(
        "%Y-%m-%d %H:%M:%S"
    )


class Seeder:
    """Writes clinic after clinic; keys are counted here, so that no row is read back."""

    def __init__(self, appointments: int, today: date, first: int = 1) -> None:
        from treatments.models import Protocol

        self.each = appointments // scheme.clinics_for(appointments)
        self.today, self.now = today, (today - EPOCH).days
        self.visit_ids, self.course_ids, self.session_ids = count(first), count(first), count(first)
        self.record_ids, self.next_patient = count(first), first
        self.protocol = Protocol.objects.filter(region="back").first()
        self.zone = self.protocol.zones.filter(region="back").first()
        self.at = f"{today} 08:00:00"

    # --- A clinic and its people, by the ORM ------------------------------------------------------
    def clinic(self, number: int, *, courses: int = 0, behind: int | None = None) -> None:
        """Found one clinic and write its diary, patients and courses, at least `courses` of them.

        `behind` as for `scheme.loads`.
        """
        from clinic.models import Clinic, Membership, Role, User

        self.place = Clinic.objects.create(name=f"Clinic {number}", slug=f"clinic-{number}")
        people = [
            User(username=f"{role}{number}", first_name="Test", last_name=f"{role}{number}",
                 password=PASSWORD_NOBODY_HAS, is_staff=role == "lead")
            for role in (Role.LEAD, Role.FRONT_DESK)
        ]  # fmt: skip
        for user in people:
            user.save()
            role = Role.LEAD if user.is_staff else Role.FRONT_DESK
            Membership.objects.create(user=user, clinic=self.place, role=role)
        self.by = people[0].pk
        self.units = self._units(people[0])
        self.service = self._service()
        visits, known = scheme.diary(self.each, self.today, seed=number, behind=behind)
        fresh = [scheme.Course(FRESH_SESSIONS, self.now, 0) for _ in range(FRESH_A_CLINIC)]
        bygone = range(courses - len(known) - len(fresh))
        self._visits(visits)
        self._courses([*known, *fresh, *(scheme.bygone(self.now) for _ in bygone)])

    def _units(self, lead) -> dict[str, list[int]]:
        from clinic.models import Resource, WeeklyHours

        kinds = (("practitioner", scheme.PRACTITIONERS), ("room", scheme.ROOMS),
                 ("device", scheme.DEVICES))  # fmt: skip
        units = {}
        for kind, many in kinds:
            rows = [
                Resource(clinic=self.place, kind=kind, name=f"{kind.capitalize()} {n}", order=n,
                         user=lead if (kind, n) == ("practitioner", 1) else None)
                for n in range(1, many + 1)
            ]  # fmt: skip
            for row in rows:
                row.save()
            WeeklyHours.objects.bulk_create(
                WeeklyHours(resource=row, weekday=day, from_min=scheme.OPENS_MIN,
                            to_min=scheme.CLOSES_MIN)
                for row in rows for day in range(7)
            )  # fmt: skip
            units[kind] = [row.pk for row in rows]
        return units

    def _service(self) -> int:
        from clinic.models import Competence, Service, ServicePhase

        row = Service.objects.create(clinic=self.place, name="Needling", grid_min=scheme.GRID_MIN)
        ServicePhase.objects.bulk_create([
            ServicePhase(service=row, kind="numbing", offset_min=0, minutes=45, practitioner_min=5),
            ServicePhase(service=row, kind="needling", offset_min=45, minutes=35,
                         practitioner_min=35, needs_device=True),
            ServicePhase(service=row, kind="cleaning", offset_min=80, minutes=10,
                         needs_device=True),
        ])  # fmt: skip
        Competence.objects.bulk_create(
            Competence(resource_id=pk, service=row) for ids in self.units.values() for pk in ids
        )
        return row.pk

    # --- The diary, in bulk -----------------------------------------------------------------------
    def _visits(self, visits) -> None:
        """Give visits their keys and write appointments and holds; patients follow in order."""
        from clinic.models import Appointment, Hold
        from clinic.scheduling.minutes import minute_of

        first = self.next_patient
        patients: dict[int, int] = {}
        opening: dict[int, int] = {}
        appointments, holds = [], []
        for visit in visits:
            # A course's first visit comes in the order of the courses: so do their patients' keys.
            patient = patients.setdefault(id(visit.course), first + len(patients))
            if visit.day not in opening:
                opening[visit.day] = minute_of(
                    EPOCH + timedelta(days=visit.day), scheme.OPENS_MIN, self.place.zone
                )
            start, pk, seat = (
                opening[visit.day] + visit.seat.start,
                next(self.visit_ids),
                visit.seat,
            )
            visit.seat = (pk, start)
            who, room, device = (
                self.units["practitioner"][seat.practitioner], self.units["room"][seat.room],
                self.units["device"][seat.device],
            )  # fmt: skip
            appointments.append((
                pk, patient, who, room, device, day_text(visit.day), scheme.OPENS_MIN + seat.start,
                instant_text(start), instant_text(start + scheme.VISIT_MIN), visit.status,
                *self._stamps(visit.status, start),
            ))  # fmt: skip
            holds += [
                *((pk, who, start + begin, start + end) for begin, end in scheme.PERSON),
                (pk, room, start, start + scheme.VISIT_MIN),
                (pk, device, start + scheme.DEVICE[0], start + scheme.DEVICE[1]),
            ]
        fill(Appointment, [
            "id", "patient_id", "practitioner_id", "room_id", "device_id", "local_date",
            "local_start_min", "starts_at", "ends_at", "status", "arrived_at", "started_at",
            "finished_at", "ended_at", "ended_by_id",
        ], appointments, clinic_id=self.place.pk, service_id=self.service, booked_at=self.at,
            booked_by_id=self.by)  # fmt: skip
        holds.sort(key=lambda hold: hold[1:3])  # in the order of the index that guards them
        fill(Hold, ["appointment_id", "resource_id", "start", "end"], holds)

    def _stamps(self, status: str, start: int) -> tuple:
        """Return arrived, started, finished, ended at and by, as far as a state has them."""
        came, went = instant_text(start), instant_text(start + scheme.VISIT_MIN)
        return {
            "fulfilled": (came, came, went, None, None),
            "in_session": (came, came, None, None, None),
            "arrived": (came, None, None, None, None),
            "noshow": (None, None, None, went, self.by),
        }.get(status, (None,) * 5)

    # --- Patients and courses, in bulk ------------------------------------------------------------
    def _courses(self, courses) -> None:
        """Write one patient, area and course each, with sessions and rests."""
        from clinic.models import Patient, Rest, TreatedArea
        from treatments.models import PlannedSession, PlanZone, TreatmentPlan

        patients, plans, sessions, rests, treated = [], [], [], [], []
        for number, course in enumerate(courses):
            pk = next(self.course_ids)  # of the patient, the area and the course alike
            patients.append(self._patient(pk, number))
            plans.append((pk, pk, *self._plan(course)))
            for k in range(1, course.sessions + 1):
                visit = course.visits[k - 1] if k <= len(course.visits) else None
                done = visit is not None and visit.status == "fulfilled"
                session = next(self.session_ids)
                key = visit.seat[0] if visit and visit.seat else None
                sessions.append((session, pk, k, key, day_text(visit.day) if done else None))
                if visit:
                    kind = "treated" if done else "booked"
                    rests.append((pk, key, kind, visit.day, visit.day + scheme.GAP_MIN))
                if done and key and pk % RECORDS_EVERY == 0:
                    treated.append((session, pk, visit))
        self.next_patient = pk + 1
        gaps = {"gap_days_min": scheme.GAP_MIN, "gap_days_ideal": scheme.GAP_IDEAL,
                "gap_days_max": scheme.GAP_MAX}  # fmt: skip
        fill(Patient, ["id", "number", "given_name", "family_name", "search_given",
                       "search_family", "birth_date", "phone", "phone_digits"],
             patients, clinic_id=self.place.pk, created_at=self.at)  # fmt: skip
        fill(TreatedArea, ["id", "patient_id"], [(row[0], row[0]) for row in plans],
             zone_code=self.zone.code)  # fmt: skip
        fill(TreatmentPlan, ["id", "patient_id", "sessions_planned", "agreed_on", "status",
                             "stopped_on", "stopped_because", "sessions_done", "last_session_on",
                             "next_booked_on", "next_earliest_on", "next_ideal_on",
                             "next_latest_on"],
             plans, clinic_id=self.place.pk, protocol_id=self.protocol.pk,
             service_id=self.service, practitioner_id=self.units["practitioner"][0],
             **gaps)  # fmt: skip
        fill(PlanZone, ["plan_id"], [(row[0],) for row in plans], zone_id=self.zone.pk,
             depth_mm="1.5", passes=4)  # fmt: skip
        fill(PlannedSession, ["id", "plan_id", "number", "appointment_id", "done_on"], sessions,
             **gaps)  # fmt: skip
        fill(Rest, ["area_id", "appointment_id", "kind", "start_day", "end_day"], rests)
        self._records(treated)

    def _patient(self, pk: int, number: int) -> tuple:
        given, family = scheme.given(pk), scheme.family(pk)
        phone = f"07700 {900_000 + pk % 99_999:06d}"
        born = day_text(-7000 + (pk * 37) % 17_000)
        return (pk, 1001 + number, given, family, given.casefold(), family.casefold(), born,
                phone, phone.replace(" ", ""))  # fmt: skip

    def _plan(self, course) -> tuple:
        """Return the columns of a course that differ, the kept ones as its deeds would keep them."""
        done = course.done
        last = done[-1].day if done else None
        if course.stopped:
            stop = day_text(last + 60)
            return (course.sessions, day_text(course.agreed), "stopped", stop, "Moved away",
                    len(done), day_text(last), None, None, None, None)  # fmt: skip
        status = "done" if len(done) == course.sessions else "open"
        kept = (course.sessions, day_text(course.agreed), status, None, "", len(done),
                None if last is None else day_text(last))  # fmt: skip
        if status == "done":
            return (*kept, None, None, None, None)
        following = course.visits[len(done)] if len(done) < len(course.visits) else None
        gaps = (scheme.GAP_MIN, scheme.GAP_IDEAL, scheme.GAP_MAX)
        if last is None:
            gaps = (0, scheme.GAP_MIN, scheme.GAP_MAX)
        window = (day_text((last or course.agreed) + gap) for gap in gaps)
        return (*kept, following and day_text(following.day), *window)

    def _records(self, treated) -> None:
        """Write signed session records with a zone and two photos each."""
        from treatments.models import Photo, TreatmentSession, View, ZoneTreatment

        views = list(View.objects.filter(region="back").values_list("pk", flat=True)[:2])
        records, zones, photos = [], [], []
        for session, patient, visit in treated:
            pk, day = next(self.record_ids), day_text(visit.day)
            at = instant_text(visit.seat[1])
            records.append((pk, patient, patient, session, visit.seat[0], day, at, at, at))
            zones.append((pk,))
            photos += [
                (UUID(int=4 * pk + k).hex, patient, pk, view, day, at, f"bench/{pk}-{k}",
                 f"{4 * pk + k:064x}", f"{4 * pk + k:064x}")
                for k, view in enumerate(views)
            ]  # fmt: skip
        here = {"clinic_id": self.place.pk}
        by = {"opened_by_id": self.by, "saved_by_id": self.by, "signed_by_id": self.by}
        # Parts before wholes: the promise that a signed whole takes no more parts stands meanwhile.
        fill(ZoneTreatment, ["session_id"], zones, zone_id=self.zone.pk, depth_mm="1.5", passes=4)
        fill(TreatmentSession, ["id", "patient_id", "plan_id", "planned_session_id",
                                "appointment_id", "performed_on", "opened_at", "saved_at",
                                "signed_at"],
             records, practitioner_id=self.units["practitioner"][0], status="signed",
             signed_content="{}", findings="[]", signed_hash="0" * 64, **here, **by)  # fmt: skip
        fill(Photo, ["key", "patient_id", "session_id", "view_id", "taken_on", "uploaded_at",
                     "storage_name", "sha256", "original_sha256"],
             photos, state="ready", width=3024, height=4032, size_bytes=4_000_000,
             original_format="JPEG", uploaded_by_id=self.by, **here)  # fmt: skip


def fill(*args, **same) -> None:
    """Insert rows, see `tests.bench.loading.fill` (which needs Django to be set up)."""
    from tests.bench.loading import fill as insert

    insert(*args, **same)


def _make_tables() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("seed_catalogue", stdout=io.StringIO())


def _tables() -> list:
    """Return the tables that are filled in bulk."""
    from clinic.models import Appointment, Hold, Patient, Rest, TreatedArea
    from treatments.models import (
        Photo,
        PlannedSession,
        PlanZone,
        TreatmentPlan,
        TreatmentSession,
        ZoneTreatment,
    )

    return [Appointment, Hold, Rest, TreatedArea, Patient, TreatmentPlan, PlanZone,
            PlannedSession, TreatmentSession, ZoneTreatment, Photo]  # fmt: skip


def seed(appointments: int, today: date, say=print) -> None:
    """Make the tables, fill them and check that nothing overlaps."""
    from tests.bench.loading import overlaps, unguarded

    _make_tables()
    begun, tables = time.perf_counter(), _tables()
    with unguarded(tables, say):
        seeder = Seeder(appointments, today)
        for number in range(1, scheme.clinics_for(appointments) + 1):
            seeder.clinic(number)
            say(f"clinic {number}: {time.perf_counter() - begun:.0f} s")
        say("promises, indexes and statistics ...")
    if found := overlaps():
        raise ValueError(f"{found} holds or rests overlap.")
    sizes = ", ".join(f"{m.objects.count():,} {m._meta.verbose_name_plural}" for m in tables[:8])
    say(f"{sizes}; no overlaps; {time.perf_counter() - begun:.0f} s")


def seed_growth(today: date) -> None:
    """Put the clinic that growth is counted with beside whatever is there, under every promise."""
    from django.db import transaction
    from django.db.models import Max

    from tests.bench.loading import settle

    _make_tables()  # what is there may be a migration behind
    from clinic.models import Clinic

    if Clinic.objects.filter(slug=GROWN).exists():
        return
    keyed = [model for model in _tables() if model._meta.pk.attname == "id"]
    last = max(model.objects.aggregate(last=Max("pk"))["last"] or 0 for model in keyed)
    with transaction.atomic():
        # Full from this Monday on: a week is shown whole, and a repair searches two of them.
        seeder = Seeder(GROWN_APPOINTMENTS, today, last + 1)
        seeder.clinic(0, courses=GROWN_COURSES, behind=today.weekday())
    settle(keyed)


def is_empty() -> bool:
    """Say whether the database has no appointment yet, or not even tables."""
    from django.db import connection

    from clinic.models import Appointment

    tables = connection.introspection.table_names()
    return Appointment._meta.db_table not in tables or not Appointment.objects.exists()


def arguments(about: str) -> argparse.ArgumentParser:
    """Return the arguments of both commands."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--appointments", type=int, default=1_000_000)
    parser.add_argument("--folder", help="where the database lies and stays")
    return parser


def main() -> None:
    """Seed an empty database."""
    chosen = arguments(__doc__).parse_args()
    with database(chosen.database, chosen.folder):
        if not is_empty():
            sys.exit("There are appointments already; remove the database first.")
        seed(chosen.appointments, datetime.now(UTC).date())


if __name__ == "__main__":
    main()
