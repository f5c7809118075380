"""The home page: who comes today, and the next step for each of them."""

from dataclasses import dataclass

from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.models import Appointment, Membership, Role
from clinic.permissions import may
from treatments.models import TreatmentSession, standing_record

Status = Appointment.Status


@dataclass(frozen=True)
class NextStep:
    """One button: where it goes, and whether it writes (a form) or opens a page (a link)."""

    label: str
    icon: str
    url: str
    writes: bool = False


@dataclass(frozen=True)
class BoardRow:
    """One appointment of the day with what its row prints."""

    appointment: Appointment
    planned: object | None
    last_on: object | None
    step: NextStep | None

    @property
    def days_since_last(self) -> int | None:
        """Return days since the course's last session, None before the first."""
        if self.last_on is None or self.last_on >= self.appointment.local_date:
            return None
        return (self.appointment.local_date - self.last_on).days


def today(request):
    """Show the day by role: a practitioner's own patients first, the desk's whole clinic."""
    if request.member.role == Role.AUDITOR:
        return redirect("audit_log")
    day = request.clinic.local_date(timezone.now())
    booked = Appointment.objects.for_board(request.clinic, day)
    records = Prefetch("records", TreatmentSession.objects.for_links())
    booked = booked.select_related("planned_session__plan__protocol").prefetch_related(records)
    rows = [_row(appointment, request.member) for appointment in booked]
    mine = [row for row in rows if row.appointment.practitioner.user_id == request.user.pk]
    has_own = _has_own_list(request)
    everyone = request.GET.get("show") == "all" or not has_own
    shown = rows if everyone else mine
    return render(request, "clinic/diary/today.html", {
        "day": day, "rows": shown, "groups": _groups(shown), "everyone": everyone,
        "can_choose": has_own, "counts": _counts(shown),
    })  # fmt: skip


def clinic_switch(request):
    """Turn to another clinic the person works in."""
    chosen = request.POST.get("clinic", "")
    if not chosen.isdecimal():
        raise Http404
    mine = Membership.objects.for_frame(request.user)
    request.session["clinic_id"] = get_object_or_404(mine, clinic_id=int(chosen)).clinic_id
    return redirect("today")


def _has_own_list(request) -> bool:
    """Say whether this person treats patients here, and so has a list of their own."""
    return request.user.resources.filter(clinic=request.clinic, active=True).exists()


def _groups(rows) -> list[tuple[str, list]]:
    """Return who is still to be seen before who has been: the next patient stays on the screen."""
    over = {Status.FULFILLED, Status.NOSHOW}
    return [
        ("Next", [row for row in rows if row.appointment.status not in over]),
        ("Earlier today", [row for row in rows if row.appointment.status in over]),
    ]


def _counts(rows) -> list[tuple[str, str, int]]:
    """Return (state, label, count) for the line above the board."""
    states = [
        (Status.BOOKED, "expected"),
        (Status.ARRIVED, "arrived"),
        (Status.IN_SESSION, "in room"),
        (Status.FULFILLED, "done"),
    ]
    return [
        (state.value, label, sum(row.appointment.status == state for row in rows))
        for state, label in states
    ]


def _row(appointment, member) -> BoardRow:
    planned = getattr(appointment, "planned_session", None)
    last_on = planned.plan.last_session_on if planned else None
    return BoardRow(appointment, planned, last_on, _next_step(appointment, planned, member.role))


def _next_step(appointment, planned, role) -> NextStep | None:
    """Return the one button of a row: what this role does next with this appointment."""
    treats = may(role, "session_open", "POST")
    record = standing_record(appointment)
    if appointment.status == Status.BOOKED:
        url = reverse("appointment_step", args=[appointment.pk, "arrive"])
        return NextStep("Arrived", "person-check", url, writes=True)
    if treats and record is None and appointment.status in {Status.ARRIVED, Status.IN_SESSION}:
        url = reverse("session_open", args=[appointment.pk])
        return NextStep("Start session", "play-fill", url, writes=True)
    if treats and record is not None:
        label = "Continue record" if record.is_draft else "Record"
        icon = "pencil-square" if record.is_draft else "file-earmark-text"
        return NextStep(label, icon, record.get_absolute_url())
    if appointment.status == Status.FULFILLED and planned and _needs_a_date(planned.plan):
        url = reverse("course_dates", args=[planned.plan_id])
        return NextStep("Book next", "calendar2-plus", url)
    return None


def _needs_a_date(plan) -> bool:
    """Say whether a running course has a session left and none booked."""
    return plan.status == "open" and plan.sessions_left > 0 and plan.next_booked_on is None
