"""Reasons in words, and what is kept of them."""

from datetime import date

import pytest

from clinic.scheduling.reasons import SENTENCES, Reason, sentence

FIRST = date(2026, 12, 7)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            Reason.of("too_soon", gap=20, min=28, first_ok=date(2027, 1, 8)),
            "20 days after the last session; healing needs 28: possible from Fri 8 Jan",
        ),
        (Reason.of("late", days=1, cost=4), "1 day after the ideal interval"),
        (
            Reason.of("blackout", kind="sun", until=date(2027, 3, 6)),
            "Sun exposure until Sat 6 Mar",
        ),
        (
            Reason.of("no_free_slot", need="device", on_days=12),
            "No device is free (on 12 days)",
        ),
        (Reason.of("taken", need="room", resource=None), "The room is already taken at this time"),
        (Reason.of("off_grid", grid=10), "Starts are every 10 minutes"),
        (Reason.of("brand_new"), "brand_new"),
    ],
)
def test_a_reason_reads_as_a_sentence(reason, words):
    assert sentence(reason) == words


def test_every_code_has_a_sentence_without_open_figures():
    figures = {
        "gap": 20, "min": 28, "first_ok": FIRST, "kind": "holiday", "until": FIRST, "grid": 10,
        "need": "room", "days": 3, "cost": 4, "last_day": FIRST, "number": 2, "booked": FIRST,
        "calm_days": 7, "event_day": FIRST, "minutes": 90,
    }  # fmt: skip
    for code in SENTENCES:
        assert "{" not in sentence(Reason.of(code, **figures))


def test_a_stored_reason_comes_back_equal():
    reason = Reason.of("too_soon", gap=20, min=28, first_ok=FIRST)

    assert Reason.from_dict(reason.as_dict()) == reason
