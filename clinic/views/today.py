"""The home page: who comes today, and the next step for each of them."""

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from clinic.models import Appointment, Membership, Role
from clinic.views.board import NUMBING_OVER_MIN, BoardRow, lanes, visits
from clinic.views.missing import Missing

SHOWN = ("mine", "all", "people", "rooms")


def today(request):
    """Show the day by role: a practitioner's own patients first, the desk's whole clinic."""
    if request.member.role == Role.AUDITOR:
        return redirect("audit_log")
    now = timezone.now()
    day, has_own = request.clinic.local_date(now), _has_own_list(request)
    show = request.GET.get("show", "")
    show = show if show in SHOWN else ("mine" if has_own else "all")
    seen = list(visits(request.clinic, day))
    missing = Missing(seen, today=day)
    rows = [BoardRow(row, role=request.member.role, at=now, missing=missing) for row in seen]
    if show == "mine":
        rows = [row for row in rows if row.appointment.practitioner.user_id == request.user.pk]
    part = request.htmx and request.htmx.trigger == "board"  # the board asks for itself
    return render(request, f"clinic/diary/{'_board' if part else 'today'}.html", {
        "day": day, "now": now, "rows": rows, "lanes": lanes(rows, show), "show": show,
        "by_state": show not in {"people", "rooms"}, "has_own": has_own, "everyone": show != "mine",
        "unresolved": Appointment.objects.of(request.clinic).unresolved(day).count(),
        "frees": True, "address": request.get_full_path(), "numbing_over_min": NUMBING_OVER_MIN,
    })  # fmt: skip


def clinic_switch(request):
    """Turn to another clinic the person works in."""
    chosen = request.POST.get("clinic", "")
    if not chosen.isdecimal():
        raise Http404
    mine = Membership.objects.for_frame(request.user)
    request.session["clinic_id"] = get_object_or_404(mine, clinic_id=int(chosen)).clinic_id
    request.session.save()  # now: a switch that cannot be kept must not look done
    return redirect("today")


def _has_own_list(request) -> bool:
    """Say whether this person treats patients here, and so has a list of their own."""
    return request.user.resources.filter(clinic=request.clinic, active=True).exists()
