"""The page behind a message's link: the patient says they will come, or asks for another time.

Opening it never acts, so that mail programs which follow links do no harm. It says clinic, day and
hour, and no more of a name than its first letter.
"""

from contextlib import suppress

from allauth.core.ratelimit import consume_or_429
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone

from clinic.actions.links import still_holds, visit_of
from clinic.actions.messages import ask_to_move, confirm_by_link
from clinic.forms.messages import AnswerForm

RATE = {"visit_answer": "30/m/ip"}
GONE = 410


def visit_answer(request, token):
    """Show one appointment and take the patient's answer."""
    if refused := consume_or_429(request, action="visit_answer", config=RATE, limit_get=True):
        return refused
    found = visit_of(token)
    if found is None:
        raise Http404
    visit, start = found
    now = timezone.now()
    if not still_holds(visit, start, at=now):
        return render(request, "clinic/messages/gone.html", {"clinic": visit.clinic}, status=GONE)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with suppress(ValidationError):  # changed since the look: the page says how it now stands
            _act(visit, start, form.cleaned_data, now)
        return redirect("visit_answer", token=token)
    wish = visit.move_wishes.filter(settled_at=None).first()
    facts = {"visit": visit, "clinic": visit.clinic, "form": form, "wish": wish}
    return render(request, "clinic/messages/answer.html", facts,
                  status=422 if form.is_bound else 200)  # fmt: skip


def _act(visit, start, given, now):
    if given["answer"] == "come":
        confirm_by_link(appointment=visit, start=start, at=now)
    else:
        ask_to_move(appointment=visit, start=start, words=given["words"], at=now)
