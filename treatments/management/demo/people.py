"""A hundred people who do not exist: names no register holds, numbers no telephone answers."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

GIVEN = (
    "Amara", "Łukasz", "Zoë", "Rohan", "Mei-Lin", "Callum", "Fatima", "Søren", "Chidi", "Renée",
    "Tariq", "Ingrid", "Kwame", "Beatriz", "Oisín", "Yuki", "Anouk", "Dmitri", "Leilani", "Tomás",
    "Nadia", "Hamish", "Shanice", "Emre", "Priyanka", "Gareth", "Imani", "Minh", "Freya", "Kofi",
    "Elif", "Rhys", "Marisol", "Idris", "Saoirse", "Viktor", "Aaliyah", "Bjørn", "Thandiwe", "José",
    "Hana", "Malik", "Agnieszka", "Declan", "Sunita", "Pavel", "Nneka", "Owain", "Camille", "Haruto",
    "Zainab", "Stellan", "Ottilie", "Jabari", "Mirela", "Finlay", "Laleh", "Mateus", "Wren", "Obi",
)  # fmt: skip
STEMS = ("Sample", "Example", "Mock", "Fiction", "Pretend", "Placeholder", "Specimen", "Dummy",
         "Trial", "Proto")  # fmt: skip
ENDINGS = ("ford", "ton", "wick", "bury", "field", "worth")
LONG = ("Maximiliana-Wilhelmina Seraphina", "Featherstonehaugh-Exampleton-Placeholderbury")
WEEKDAYS = ([], [], [], [0, 2], [1, 3], [4], [5, 6])
HOURS = ((None, None), (None, None), (None, None), (540, 720), (780, 1020), (960, 1170))
DESK_NOTES = ("", "", "", "", "Prefers a text message.", "Comes by train; late starts are easier.",
              "Please ring twice, hard of hearing.", "Brings an interpreter.")  # fmt: skip
MEDICINES = (("Doxycycline 100 mg", 200), ("Combined contraceptive pill", 900),
             ("Cetirizine 10 mg", 300), ("Levothyroxine 50 micrograms", 1200))  # fmt: skip


def name(number: int) -> tuple[str, str]:
    """Return given and family name of person `number`, 0 to 119; one of them is very long.

    Nobody has both names of another: from 60 on the families move on by one given name.
    """
    if number == 6:
        return LONG
    shifted = number + number // len(GIVEN)
    stem, ending = STEMS[shifted % len(STEMS)], ENDINGS[shifted // len(STEMS) % len(ENDINGS)]
    return GIVEN[number % len(GIVEN)], stem + ending


def facts(number: int, *, today: date, rng: Random) -> dict:
    """Return what the desk writes down about person `number`."""
    given_name, family_name = name(number)
    from_min, to_min = rng.choice(HOURS)
    slug = family_name.split("-")[0].lower()
    return {
        "given_name": given_name, "family_name": family_name,
        "birth_date": today - timedelta(days=rng.randint(19 * 366, 58 * 365)),
        "phone": f"07700 900{number:03d}" if number % 3 else f"020 7946 0{number:03d}",
        "email": f"person{number}@{slug}.example.org",
        "address": f"{number + 1} Nowhere Lane\nExampletown\nZZ{number % 9 + 1} 9ZZ",
        "preferred_weekdays": rng.choice(WEEKDAYS), "preferred_from_min": from_min,
        "preferred_to_min": to_min, "short_notice_ok": rng.random() < 0.3,
        "desk_note": rng.choice(DESK_NOTES),
    }  # fmt: skip


def health(number: int, *, on: date, rng: Random) -> dict:
    """Return what a practitioner notes about person `number`: the keywords of HealthFacts.

    Every person has a skin type, a height and a weight; number 8 is allergic to amides, and a
    few to other things.
    """
    allergies = {
        8: [("amide", "Rash after a dental injection")], 11: [("adhesive", "")],
        23: [("antiseptic", "Chlorhexidine: hives")], 31: [("other", "Penicillin")],
        38: [("latex", "")], 47: [("other", "Peanuts"), ("adhesive", "")],
    }  # fmt: skip
    height_cm = Decimal(rng.randint(1550, 1930)) / 10
    index = Decimal(rng.randint(200, 285)) / 10
    medicines = [MEDICINES[number % 4]] if number % 5 == 2 else []
    return {
        "phototype": phototype(number), "phototype_on": on,
        "phototype_method": "observer" if number % 3 else "questionnaire",
        "allergies_asked_on": on, "new_allergies": allergies.get(number, []),
        "new_medicines": [(drug, on - timedelta(days=days), "") for drug, days in medicines],
        "height_cm": height_cm, "measured_on": on,
        "weight_kg": (index * (height_cm / 100) ** 2).quantize(Decimal("0.1")),
    }  # fmt: skip


def phototype(number: int) -> int:
    """Return the Fitzpatrick type of person `number`, 1 to 6, all of them common."""
    return (2, 3, 5, 1, 4, 6, 3, 2, 4, 5)[number % 10]
