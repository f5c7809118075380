"""What goes on paper: a day sheet per practitioner or room, and a patient's appointment card."""

from itertools import groupby

from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date

from clinic.actions.audit import record
from clinic.models import Allergy, Appointment
from clinic.permissions import CARE
from clinic.views.looks import look_at
from treatments.models import TreatmentPlan


def day_sheet(request):
    """Show one day by practitioner or room, a sheet of paper each; allergies only for those who treat."""
    now = timezone.now()
    day = _day(request.GET.get("day", "")) or request.clinic.local_date(now)
    by = "room" if request.GET.get("by") == "room" else "practitioner"
    clinical = request.member.role in CARE
    rows = Appointment.objects.for_board(request.clinic, day).exclude(status="noshow")
    rows = rows.select_related("planned_session__plan").prefetch_related("service__phases")
    if clinical:
        allergies = Prefetch("patient__allergies", Allergy.objects.filter(ended_on=None))
        rows = rows.prefetch_related(allergies)
    rows = sorted(rows, key=lambda row: _turn(row, by))
    record("diary.printed", clinic=request.clinic, at=now, by=request.user, category="schedule",
           details={"day": day.isoformat(), "by": by, "visits": len(rows)})  # fmt: skip
    sheets = [(unit, list(visits)) for unit, visits in groupby(rows, lambda row: getattr(row, by))]
    return render(request, "treatments/paper/day.html", {
        "day": day, "by": by, "sheets": sheets, "clinical": clinical, "now": now, "hide_gap": True,
    })  # fmt: skip


def course_card(request, plan_id):
    """Show the appointments of a whole course on a card to take home: nothing clinical on it."""
    rows = TreatmentPlan.objects.of(request.clinic).select_related("patient")
    plan = get_object_or_404(rows, pk=plan_id)
    patient = look_at(request, plan.patient_id, "schedule")
    sessions = plan.sessions.select_related("appointment__practitioner").order_by("number")
    for session in sessions:
        session.plan = plan
    return render(request, "treatments/paper/card.html", {
        "plan": plan, "patient": patient, "sessions": sessions, "clinic": request.clinic,
        "now": timezone.now(), "hide_gap": True,
    })  # fmt: skip


def _day(text: str):
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise Http404
    return day


def _turn(row, by: str) -> tuple:
    unit = getattr(row, by)
    place = (unit is None, unit.order if unit else 0, unit.pk if unit else 0)
    return (*place, row.local_start_min, row.pk)
