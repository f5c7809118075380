"""What becomes of the rest of a course when one of its sessions gets another day, in words."""

from collections.abc import Mapping, Sequence
from datetime import date

from clinic.scheduling.reasons import count_words
from clinic.scheduling.slots import Slot
from clinic.scheduling.tail import Tail
from treatments.models.openings import Course
from treatments.models.tail import Rest, tail_of


def asks_first(rest: Rest, slot: Slot, *, today: date, presses: bool) -> bool:
    """Say whether there is something to choose before a session goes to a slot.

    `presses`: a later session would come too soon. Where one only comes too late, something is to
    be chosen when moving it along is the better course; 11 queries then.
    """
    if presses or not rest.too_late(slot.day):
        return presses
    session = rest.course.session(rest.number)
    found = tail_of(session, course=rest.course, today=today, slot=slot)
    return isinstance(found, Tail) and bool(found.moved)


def rest_words(rest: Rest | None, day: date | None = None) -> str:
    """Return "Sessions 3 and 4 stay.", and what comes late after a move to `day`; "" without any."""
    numbers = [row.number for row in rest.booked] if rest else []
    late = rest.too_late(day) if numbers and day else None
    return " ".join(filter(None, [stay_words(numbers), late_words(late)]))


def stay_words(numbers: Sequence[int]) -> str:
    """Return "Session 3 stays." or "Sessions 3 and 4 stay.", "" for none."""
    if len(numbers) < 2:
        return "".join(f"Session {number} stays." for number in numbers)
    return f"Sessions {', '.join(map(str, numbers[:-1]))} and {numbers[-1]} stay."


def why_not_kept(course: Course, number: int, days: Mapping[int, date]) -> str:
    """Return why session k cannot keep, or does not well keep, its day among `days`; "" unknown."""
    found = Rest(course, number).gap_before(number, days)
    if not found:
        return ""
    before, gap, least, most = found
    if gap < 0:
        return f"It would come before session {before}"
    if gap < least:
        return f"{count_words(gap, 'day')} after session {before}; healing needs {least}"
    if gap > most:
        late = count_words(gap - most, "day")
        return f"Otherwise {late} past the longest interval after session {before}"
    return ""


def late_words(late: tuple[int, int] | None) -> str:
    """Return how late a session comes that stays; `late` is its number and the days, or None."""
    if not late:
        return ""
    return f"Session {late[0]} then comes {count_words(late[1], 'day')} past its longest interval."
