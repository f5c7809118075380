"""Visits of earlier days of which nobody has said what became of them: a person says, never a timer."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django_htmx.http import trigger_client_event

from clinic.models import Appointment
from treatments.actions import diary

ROWS, INVALID = 50, 422
WORDS = {"attended": "{} was here.", "noshow": "{} did not attend.", "cancel": "Cancelled for {}."}


def unresolved(request):
    """List visits that are past and still booked, arrived or in the room, the oldest first."""
    today = request.clinic.local_date(timezone.now())
    rows = Appointment.objects.of(request.clinic).unresolved(today).with_people()
    rows = rows.select_related("planned_session__plan", "clinic")
    page = Paginator(rows.order_by("local_date", "local_start_min", "pk"), ROWS)
    return render(request, "clinic/diary/unresolved.html", {
        "page": page.get_page(request.GET.get("page")), "today": today,
        "reasons": Appointment.CancelReason.choices,
    })  # fmt: skip


def unresolved_settle(request, appointment_id, outcome):
    """Say what became of one visit: it took place, the patient did not come, it was cancelled."""
    row = get_object_or_404(Appointment.objects.of(request.clinic).with_people(), pk=appointment_id)
    if outcome not in WORDS:
        raise Http404
    facts = {"appointment": row, "at": timezone.now(), "by": request.user}
    level, words = "success", WORDS[outcome].format(row.patient.full_name)
    try:
        if outcome == "cancel":
            diary.cancel_appointment(reason=request.POST.get("reason", ""), **facts)
        else:
            diary.step(step=outcome, **facts)
    except ValidationError as refusal:
        level, words = "error", " ".join(refusal.messages)
    if not request.htmx:
        getattr(messages, level)(request, words)
        return redirect("unresolved")
    answer = render(request, "clinic/diary/_settled.html", {"row": row, "words": words},
                    status=200 if level == "success" else INVALID)  # fmt: skip
    return trigger_client_event(answer, "toast", {"text": words, "level": level})
