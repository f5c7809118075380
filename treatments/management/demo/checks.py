"""What the demo's patients answer before a session."""

from datetime import date, timedelta

from clinic.models import Appointment
from treatments.actions.screening import give_answers, repeat_answers
from treatments.management.demo import people
from treatments.models import QuestionSet, ScreeningResponse
from treatments.safety.screening import Answer

ALLERGIC = 8  # to amides, as people.health has it


def usual(number: int) -> dict[str, Answer]:
    """Return what person `number` says yes to every time: notes at most, where no cream is used."""
    found = {}
    if people.phototype(number) >= 4:
        found["PIGMENT"] = Answer(yes=True)
    if number % 5 == 2:
        found["FAINT"] = Answer(yes=True, words="When blood is taken")
    if number == ALLERGIC:
        found["LA_ALLERGY"] = Answer(yes=True, words="Rash after a dental injection")
    return found


def unusual(turns: tuple[str, ...], day: date) -> dict[str, Answer]:
    """Return what is worth seeing on the board of today: a wait that is running, and a stop."""
    found = {}
    if "retinoid" in turns:
        found["RETIN"] = Answer(yes=True, on=day - timedelta(days=1), words="Tretinoin, by mistake")
    if "isotretinoin" in turns:
        found["ISO_NOW"] = Answer(yes=True, words="20 mg since October")
    return found


def answer(visit: Appointment, *, number: int, turns=(), by_patient: bool, at, by) -> None:
    """Answer the health check of a visit once; a patient with nothing new says just that."""
    questions = QuestionSet.objects.in_force(visit.local_date)
    if questions is None or ScreeningResponse.objects.filter(appointment=visit).exists():
        return
    visit = Appointment.objects.get(pk=visit.pk)
    done = {"appointment": visit, "filled_by": "patient" if by_patient else "staff",
            "at": at, "by": by}  # fmt: skip
    new = unusual(turns, visit.local_date)
    last = ScreeningResponse.objects.of_patient(visit.patient_id)
    if last and not new and last.question_set == questions:
        repeat_answers(previous_id=last.pk, **done)
        return
    protocol = visit.planned_session.plan.protocol
    asked = {row.code: Answer(yes=False) for row in questions.asked_of(protocol)}
    yes = {code: one for code, one in (usual(number) | new).items() if code in asked}
    give_answers(question_set=questions, answers=asked | yes, **done)
