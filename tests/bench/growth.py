"""What a thousand times as many appointments cost: counted work at both sizes, and the ratio.

    python -m tests.bench.growth --folder LARGE --small SMALL [--database sqlite|postgresql]

LARGE is a folder seeded with a million appointments (tests/bench/seed.py); SMALL is made when it is
not there. Into both goes one and the same clinic of 1,200 appointments on full days and of 2,000
courses: alone in SMALL, among the million in LARGE. The third practice counted is a clinic of
LARGE's own with as full a day, whose history is a hundred times as long. Nothing here is timed: the
counts of `tests.bench.counting` are the same in every run, whatever else the machine does. The clock
stands at noon of the day LARGE was seeded.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from tests.bench.place import DATABASES, database
from tests.bench.seed import GROWN, is_empty, seed_growth

LIMIT = 1.2
AWAY_DAYS = 3
BOARD = "course board, 2,000 courses"
#: What the lead's clinic is called in the report, and what it is.
SMALL, AROUND, LONG = "alone", "among a million", "with a long history"


def main() -> None:
    """Count in both folders, each in a process of its own, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--folder", required=True, help="with a million appointments")
    parser.add_argument("--small", help="with a thousand; made when it is not there")
    parser.add_argument("--count", metavar="DAY", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.count:
        print(json.dumps(_count(chosen, date.fromisoformat(chosen.count))))
        return
    with database(chosen.database, chosen.folder):
        if is_empty():
            sys.exit("There is nothing in the large folder; seed it first.")
        day = _seeded_on()
    os.environ.pop("DATABASE_URL", None)
    large = _asked(chosen.database, chosen.folder, day)
    small = _asked(chosen.database, chosen.small or f"{chosen.folder}-small", day)
    for line in table(chosen.database, small[SMALL], large[SMALL], large[LONG]):
        print(line)


def _seeded_on() -> date:
    """Return the day the large practice was made: courses agreed that day wait for a booking."""
    from django.db.models import Max

    from treatments.models import TreatmentPlan

    return TreatmentPlan.objects.aggregate(day=Max("agreed_on"))["day"]


def _asked(kind: str, folder: str, day: date) -> dict:
    """Return the counts of one folder: which clinic, then what, then the figures."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.growth", "--database", kind, "--folder", folder,
         "--count", day.isoformat()],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def table(kind: str, small: dict, around: dict, long: dict) -> Iterator[str]:
    """Yield the lines of the report: every figure for the clinic alone, among a million, and long."""
    units = ("rows read", "pages") if kind == "postgresql" else ("steps",)
    columns = ("What", "rows shown", *units, "growth", "Python calls", "growth", "queries", "met")
    yield f"{kind}: a clinic {SMALL} / the same {AROUND} / one {LONG}; growth ≤ {LIMIT}\n"
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for name, least in small.items():
        found = [least, *(other[name] for other in (around, long) if name in other)]
        reads, calls = ([work[key] / max(least[key], 1) for work in found[1:]]
                        for key in ("reads", "calls"))  # fmt: skip
        met = "yes" if max(reads + calls) <= LIMIT else "**no**"
        cells = [name, _cell(found, "rows"), _cell(found, "reads")]
        cells += [_cell(found, "pages")] if len(units) > 1 else []
        cells += [_ratios(reads), _cell(found, "calls"), _ratios(calls), _cell(found, "queries")]
        yield f"| {' | '.join([*cells, met])} |"


def _cell(found: list[dict], key: str) -> str:
    return " / ".join(f"{work[key]:,}" for work in found)


def _ratios(ratios: list[float]) -> str:
    return " / ".join(f"{ratio:.2f}" for ratio in ratios)


# --- In one folder --------------------------------------------------------------------------------
def _count(chosen, day: date) -> dict:
    """Return the counts of the clinic both folders have, and of one like it where there is one."""
    import time_machine

    noon = datetime.combine(day, time(12, 30), tzinfo=ZoneInfo("Europe/London"))
    with database(chosen.database, chosen.folder), time_machine.travel(noon, tick=False):
        from clinic.models import Clinic

        seed_growth(day)
        grown = Clinic.objects.get(slug=GROWN)
        wanted = dict(_figures(grown))
        found = {SMALL: wanted}
        if like := _most_like(grown, wanted["diary, day"]["rows"]):
            found[LONG] = {name: work for name, work in _figures(like) if name != BOARD}
        return found


def _most_like(grown, rows: int):
    """Return the clinic whose day shows most nearly as many visits, None where there is none."""
    from clinic.models import Appointment, Clinic

    today = grown.local_date(datetime.now(UTC))
    others = Clinic.objects.exclude(pk=grown.pk)
    return min(
        others, default=None,
        key=lambda clinic: abs(Appointment.objects.standing(clinic, today, today).count() - rows),
    )  # fmt: skip


def _figures(clinic) -> Iterator[tuple[str, dict]]:
    """Yield what is counted of one clinic and its figures."""
    from tests.bench.counting import counted

    for name, deed in _deeds(clinic):
        yield name, asdict(counted(deed))
    yield from _repair(clinic)


def _deeds(clinic) -> Iterator[tuple[str, Callable[[], int]]]:
    """Yield reading deeds that return how many rows they showed."""
    from django.urls import reverse

    from clinic.models import Membership
    from tests.bench.pages import Visitor
    from treatments.models.worklist import first_to_call
    from treatments.views.due import due_rows

    lead = Visitor(Membership.objects.select_related("user", "clinic").get(
        clinic=clinic, role="lead"))  # fmt: skip
    today = clinic.local_date(datetime.now(UTC))
    board = reverse("admin:treatments_treatmentplan_board")

    def drawn(address: str) -> int:
        return len(lead.client.get(address).json()["visits"])

    def listed(address: str, mark: bytes) -> int:
        return lead.client.get(address).content.count(mark)

    data = reverse("diary_data")
    yield "diary, day", partial(drawn, data)
    yield "diary, day by room", partial(drawn, f"{data}?by=room")
    yield "diary, week of one person", partial(drawn, f"{data}?view=week")
    yield (
        "due worklist, rows",
        lambda: len(due_rows(first_to_call(clinic, today), today=today, role="lead")),
    )
    yield "due worklist, page", partial(listed, reverse("worklist"), b'id="more-')
    yield BOARD, partial(listed, f"{board}?state=all", b"board-name")


def _repair(clinic) -> Iterator[tuple[str, dict]]:
    """Yield the work of a repair: a practitioner falls ill, what must move is read, then planned.

    The absence is kept and taken back.
    """
    from django.db import transaction

    from clinic.actions.absences import Absence
    from clinic.models import Membership
    from clinic.scheduling.repair import repair
    from tests.bench.counting import counted
    from treatments.actions.repair import keep_absence
    from treatments.models.disruptions import Disruption

    at, lead = datetime.now(UTC), Membership.objects.get(clinic=clinic, role="lead").user
    first = clinic.local_date(at) + timedelta(days=1)
    who = clinic.resources.practitioners().order_by("pk")[1]
    absence = Absence(who, first, first + timedelta(days=AWAY_DAYS - 1), "sick")
    with transaction.atomic():
        keep_absence(clinic=clinic, absence=absence, at=at, by=lead)
        problem = Disruption(clinic, at).problem
        yield "repair, read", asdict(counted(lambda: len(Disruption(clinic, at).problem.visits)))
        yield "repair, planned", asdict(counted(lambda: len(repair(problem).places)))
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()
