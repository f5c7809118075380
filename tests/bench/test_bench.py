"""The made-up practice of the measurements keeps the house's promises before it is written."""

from datetime import date
from itertools import pairwise

from tests.bench import scheme
from tests.bench.timing import percentile

TODAY = date(2026, 11, 22)


def test_a_day_holds_no_overlap_of_anything():
    (visits, _) = scheme.diary(8_000, TODAY, seed=1)
    taken: dict[tuple, list[tuple[int, int]]] = {}
    for visit in visits:
        start, seat = visit.day * 1440 + visit.seat.start, visit.seat
        for key, stretches in (
            (("person", seat.practitioner), scheme.PERSON),
            (("room", seat.room), ((0, scheme.VISIT_MIN),)),
            (("device", seat.device), (scheme.DEVICE,)),
        ):
            taken.setdefault(key, []).extend((start + a, start + b) for a, b in stretches)

    assert all(a[1] <= b[0] for rows in taken.values() for a, b in pairwise(sorted(rows)))


def test_no_course_is_needled_before_it_has_healed():
    (_, courses) = scheme.diary(8_000, TODAY, seed=1)

    gaps = [b.day - a.day for course in courses for a, b in pairwise(course.visits)]

    assert min(gaps) >= scheme.GAP_MIN


def test_the_same_size_and_day_give_the_same_practice():
    once, again = (scheme.diary(8_000, TODAY, seed=1)[0] for _ in range(2))

    assert [(v.day, v.seat, v.status) for v in once] == [(v.day, v.seat, v.status) for v in again]


def test_a_percentile_is_a_figure_that_was_measured():
    assert [percentile(range(1, 101), share) for share in (0.5, 0.95, 1)] == [50, 95, 100]
