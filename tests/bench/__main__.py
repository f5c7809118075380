"""How fast it is, as one Markdown table.

    python -m tests.bench [--database sqlite|postgresql] [--folder F] [--appointments 1000000]
                          [--samples 50] [--only slots,courses,booking,repair,pages,lists,photos]

Seeds the database when it is empty (see tests/bench/seed.py). Every row has a floor from the same
run: for pages and searches the same statements asked of the bare database, for a booking the same
rows written by bare statements in one transaction, for photos a bare decoding and encoding.
"""

import gc
import sys
from datetime import UTC, datetime

from tests.bench.place import database
from tests.bench.seed import arguments, is_empty, seed
from tests.bench.table import heading, row

PARTS = ("slots", "courses", "booking", "repair", "pages", "lists", "photos")


def main() -> None:
    """Seed if need be, measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    chosen = parser.parse_args()
    with database(chosen.database, chosen.folder):
        if is_empty():
            seed(chosen.appointments, datetime.now(UTC).date(), say=_aside)
        print(_heading(chosen.database))
        gc.collect()
        gc.freeze()  # as the server does (clinic/wsgi.py)
        for part in chosen.only.split(","):
            for result in _part(part)(chosen.samples):
                print(row(result), flush=True)


def _part(name: str):
    from tests.bench import diary, lists, pages, photos, repair

    return {"slots": diary.slots, "courses": diary.courses, "booking": diary.booking,
            "repair": repair.repairs, "pages": pages.pages, "lists": lists.lists,
            "photos": photos.photos}[name]  # fmt: skip


def _heading(kind: str) -> str:
    from clinic.models import Appointment

    about = f"{kind}, {Appointment.objects.count():,} appointments, {datetime.now(UTC):%Y-%m-%d}"
    return f"{about}\n\n{heading()}"


def _aside(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
