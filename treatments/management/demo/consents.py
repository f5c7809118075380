"""What the people of the story sign: consent to their course, and what photos may be used for."""

import math
from datetime import datetime
from random import Random

from treatments.actions.consents import (
    give_consent,
    permit_photos,
    refuse_photos,
    withdraw_permission,
)
from treatments.models import PhotoPermission, TreatmentPlan, consent_of
from treatments.models.consents import PAD_WIDTH

Scope = PhotoPermission.Scope
QUESTIONS = (
    "", "", "How long until I can swim again? A week.", "",
    "Will it show at work on Monday? Redness for a day or two, then dry skin.", "",
    "Is the cream safe while I take antihistamines? Yes, checked with the list.", "",
)  # fmt: skip


def strokes(number: int) -> list[list[list[int]]]:
    """Return a signature nobody has: loops and a line, the same for the same person."""
    chance = Random(f"signature of {number}")  # noqa: S311 -- drawing
    x, lines = 50.0, []
    for _word in range(2):
        line, height, speed = [], chance.uniform(50, 80), chance.uniform(0.42, 0.55)
        for step in range(chance.randint(44, 62)):
            turn, tall = step * speed, 1.5 if step < 8 else chance.uniform(0.9, 1.0)
            line.append([min(round(x + 14 * math.cos(turn)), PAD_WIDTH),
                         max(round(140 - height * tall * (0.5 - 0.5 * math.sin(turn))), 6)])  # fmt: skip
            x += chance.uniform(3.2, 4.4)
        lines.append(line)
        x += 30
    end = min(round(x), PAD_WIDTH)
    return [*lines, [[60, 166], [end // 2, 158], [end, 164]]]


def sign(plan: TreatmentPlan, number: int, *, at: datetime, by) -> None:
    """Let a patient sign everything their course needs; some type their name instead."""
    day = plan.clinic.local_date(at)
    texts = [part.text for part in consent_of(plan, day=day).to_sign]
    types = number % 6 == 5
    give_consent(
        plan=plan, texts=texts, strokes=None if types else strokes(number),
        typed_name=plan.patient.full_name if types else "", at=at, by=by,
        questions=QUESTIONS[number % len(QUESTIONS)],
    )  # fmt: skip


def answer(patient, number: int, *, has_camera: bool, at: datetime, by) -> None:
    """Let a patient answer what photos may be used for; without a camera some refuse."""
    done = {"patient": patient, "at": at, "by": by}
    if has_camera:
        permit_photos(scope=Scope.RECORD, **done)
    elif number % 3 == 1:
        refuse_photos(scope=Scope.RECORD, **done)
    if has_camera and number % 2 == 0:
        permit_photos(scope=Scope.TEAM_TEACHING, strokes=strokes(number), **done)
        refuse_photos(scope=Scope.MARKETING_SOCIAL, **done)
    if has_camera and number % 4 == 0:
        permit_photos(scope=Scope.MARKETING_SITE, strokes=strokes(number), **done)


def withdraw(patient, *, at: datetime, by) -> None:
    """Let a patient take the permission of photos for the record back."""
    withdraw_permission(patient=patient, scope=Scope.RECORD, at=at, by=by,
                        because="Scars are as wished; wants no further photos.")  # fmt: skip
