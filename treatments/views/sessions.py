"""The session record's pages: open, write, save as you go, sign, amend, strike out."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from clinic.actions.patients import note_view
from clinic.actions.refusals import Conflict
from clinic.models import Appointment, Role
from treatments.actions.findings import Judged, clocks, judge
from treatments.actions.records import Record
from treatments.actions.sessions import (
    add_addendum,
    answer_finding,
    open_record,
    save_draft,
    state_of,
    strike_session,
)
from treatments.actions.signing import Gap, NotReady, gaps_in, sign_session
from treatments.forms.amendments import AddendumForm, AnswerForm, StrikeForm
from treatments.forms.conflicts import Merge, merge, opened_with, read_opened
from treatments.forms.sessions import RecordForms
from treatments.models import TreatmentSession
from treatments.views.nextdates import best_three

JOINED = (
    "patient", "clinic", "practitioner", "device__model", "plan__protocol", "planned_session",
    "aftercare_sheet", "cleansed_with", "opened_by", "saved_by", "signed_by", "struck_by",
    "appointment",
)  # fmt: skip
SUMS = ("DOSE_SUM", "DOSE_A3_CONTACT")


def _is_unwritten(one: Judged) -> bool:
    """Say whether a warning is only about what nobody has written yet."""
    return one.level == "WARN" and (one.code.endswith("_MISSING") or one.code == "DEPTH_NO_DEVICE")


@dataclass(frozen=True)
class Panel:
    """What the findings panel prints, the urgent first.

    `to_do` are warnings about what nobody has written yet: while the record is being written they
    are a list of what is left, when it is signed they want a reason like any other. `gaps` are the
    parts a signature needs.
    """

    gaps: list[Gap]
    open: list[Judged]
    to_do: list[Judged]
    answered: list[Judged]
    sums: list[Judged]
    notes: list[Judged]

    @classmethod
    def of(cls, judged: list[Judged], gaps: list[Gap], *, signing: bool = False) -> "Panel":
        """Sort findings by what they ask for; what a gap says already is said once."""
        waiting = [one for one in judged if one.is_open]
        unwritten = [] if signing else [one for one in waiting if _is_unwritten(one)]
        is_said = any(gap.field == "device" for gap in gaps)
        to_do = [one for one in unwritten if not (is_said and one.code == "DEPTH_NO_DEVICE")]
        info = [one for one in judged if one.level == "INFO"]
        return cls(
            gaps=gaps,
            open=[one for one in waiting if one not in unwritten],
            to_do=to_do,
            answered=[one for one in judged if one.answer],
            sums=[one for one in info if one.code in SUMS],
            notes=[one for one in info if one.code not in SUMS],
        )

    @property
    def stops(self) -> int:
        """Count the stops that wait for an override."""
        return sum(one.level == "STOP" for one in self.open)

    @property
    def warnings(self) -> int:
        """Count the warnings that wait for a reason."""
        return len(self.open) - self.stops

    @property
    def left(self) -> int:
        """Count what is still to be recorded before the record is whole."""
        return len(self.to_do) + len(self.gaps)


def _session(request, session_id) -> TreatmentSession:
    rows = TreatmentSession.objects.of(request.clinic).select_related(*JOINED)
    return get_object_or_404(rows, pk=session_id)


def _looked_at(request, session, at) -> None:
    note_view(patient=session.patient, clinic=request.clinic, category="note", at=at,
              by=request.user)  # fmt: skip


def _around(request, record: Record) -> dict:
    """Return what every page about a record prints around it."""
    session = record.session
    return {
        "session": session, "record": record, "patient": session.patient,
        "allergies": record.allergies, "today": request.clinic.local_date(timezone.now()),
        "is_lead": request.member.role == Role.LEAD,
    }  # fmt: skip


def _parts(request, record: Record, at, **more) -> dict:
    """Return what the parts of the page that change with every save print."""
    creams = [(row, *times) for row, times in zip(record.numbing, clocks(record), strict=True)]
    panel = Panel.of(judge(record, at=at), gaps_in(record))
    return {**_around(request, record), "panel": panel, "at": at, "creams": creams,
            "opened": opened_with(record), **more}  # fmt: skip


def session_open(request, appointment_id):
    """Open the record of an appointment and turn to it."""
    appointments = Appointment.objects.of(request.clinic)
    appointment = get_object_or_404(
        appointments.select_related("planned_session__plan"), pk=appointment_id
    )
    try:
        session = open_record(appointment=appointment, at=timezone.now(), by=request.user)
    except ValidationError as refused:
        messages.error(request, refused.messages[0])
        return redirect("appointment", appointment_id)
    return redirect(session)


def session_record(request, session_id):
    """Show a draft to be written, or the story of a signed record; a post saves without a script."""
    at, session = timezone.now(), _session(request, session_id)
    if request.method == "POST" and session.is_draft:
        return _saved_page(request, session, at)
    if request.GET.get("part") == "next":
        return _next_dates(request, session)
    _looked_at(request, session, at)
    record = Record(session)
    if not session.is_draft:
        return _story(request, record)
    parts = _parts(
        request, record, at, forms=RecordForms(record, at=at, add=request.GET.get("add", ""))
    )
    return render(request, "treatments/sessions/record.html", parts)


def _story(request, record, addendum=None, status=200):
    session = record.session
    author = session.signed_by_id or session.opened_by_id
    may_strike = request.user.pk == author or request.member.role == Role.LEAD
    entered_late = session.signed_at and (
        request.clinic.local_date(session.signed_at) - session.performed_on
    ).days > 1  # fmt: skip
    page = _around(request, record) | {
        "addenda": session.addenda.select_related("by"), "addendum": addendum or AddendumForm(),
        "may_strike": may_strike and session.struck_at is None, "entered_late": entered_late,
        "photos": session.photos.shown().order_by("pk"),
        "raised": [one for one in session.findings or () if one["level"] != "INFO"],
    }  # fmt: skip
    return render(request, "treatments/sessions/story.html", page, status=status)


def _next_dates(request, session):
    """Answer with the best three dates for the next session of the course; one tap books one."""
    plan = session.plan
    page = {"plan": plan, "session": session}
    if plan and plan.next_booked_on:
        visits = Appointment.objects.live().on(plan.next_booked_on)
        page["visit"] = visits.filter(planned_session__plan=plan).with_people().first()
    if plan and plan.status == "open" and plan.sessions_left and not plan.next_booked_on:
        page |= best_three(request, plan.pk) | {"next": session.get_absolute_url()}
    return render(request, "treatments/sessions/_next.html", page)


def _save(request, session, forms, at) -> TreatmentSession:
    """Save what was posted, after a conflict put together with what is stored by now.

    Raises `Conflict` where somebody saved meanwhile or a clash is not chosen yet.
    """
    if not forms.is_whole():
        raise BadRequest("This form is not whole.")
    values = forms.values()
    if "resolving" in request.POST:
        both = _together(request, session, forms)
        if not both.is_decided:
            raise Conflict("Choose for each line which of the two stays.", current=session)
        values = both.values
    version = forms.main.cleaned_data["version"]
    return save_draft(session=session, version=version, values=values, at=at, by=request.user)


def _together(request, session, forms) -> Merge:
    """Return what was posted and what is stored, put together by the choices posted with it."""
    stays = {key.removeprefix("stays-"): side for key, side in request.POST.items()
             if key.startswith("stays-") and side in ("mine", "theirs")}  # fmt: skip
    opened = read_opened(request.POST.get("opened", ""))
    return merge(forms.values(), state_of(session), opened, forms.shelf, stays)


def _conflict(request, record, forms, at, template):
    """Answer with what both changed side by side; what was typed stays in the form."""
    session = _session(request, record.session.pk)
    parts = _parts(
        request, Record(session), at, forms=forms, both=_together(request, session, forms)
    )
    parts |= {"opened": request.POST.get("opened", ""), "asked": "resolving" in request.POST}
    return render(request, template, parts, status=409)


def _saved_page(request, session, at):
    record = Record(session)
    forms = RecordForms(record, at=at, data=request.POST)
    template = "treatments/sessions/record.html"
    try:
        _save(request, session, forms, at)
    except Conflict:
        return _conflict(request, record, forms, at, template)
    except ValidationError as refused:
        messages.error(request, refused.messages[0])
        parts = _parts(request, record, at, forms=forms)
        return render(request, template, parts, status=422)
    faults = forms.faults()
    if not faults:
        messages.success(request, "Saved.")
        return redirect(session)
    record = Record(_session(request, session.pk))
    parts = _parts(request, record, at, forms=forms, faults=faults)
    return render(request, template, parts, status=422)


def session_save(request, session_id):
    """Save a draft as it is filled in: answers with findings, time, version and faults."""
    at, session = timezone.now(), _session(request, session_id)
    if not session.is_draft:
        return render(request, "treatments/sessions/_over.html", {"session": session}, status=409)
    record = Record(session)
    forms = RecordForms(record, at=at, data=request.POST)
    try:
        _save(request, session, forms, at)
    except Conflict:
        return _conflict(request, record, forms, at, "treatments/sessions/_conflict.html")
    record = Record(_session(request, session_id))
    parts = _parts(request, record, at, faults=forms.faults(), just_saved=True)
    return render(request, "treatments/sessions/_saved.html", parts)


def session_answer(request, session_id):
    """Keep the reason for passing a finding; answers with the panel, or turns back to the page."""
    at, session = timezone.now(), _session(request, session_id)
    form, fault = AnswerForm(request.POST), ""
    try:
        if not form.is_valid():
            raise ValidationError(next(iter(form.errors.values())))
        answer_finding(session=session, at=at, by=request.user, **form.cleaned_data)
    except ValidationError as refused:
        fault = refused.messages[0]
    if "part" in request.POST:
        parts = _parts(request, Record(session), at, answer_fault=fault)
        status = 422 if fault else 200
        return render(request, "treatments/sessions/_saved.html", parts, status=status)
    if fault:
        messages.error(request, fault)
    signing = request.POST.get("back") == "sign"
    return redirect("session_sign" if signing else "session_record", session_id)


def session_sign(request, session_id):
    """Show the whole record with its findings before it is signed; a post signs it."""
    at, session = timezone.now(), _session(request, session_id)
    if not session.is_draft:
        return redirect(session)
    status = 200
    if request.method == "POST":
        try:
            sign_session(session=session, version=_version(request), at=at, by=request.user,
                         check_seen=_check_seen(request))  # fmt: skip
        except NotReady:
            status = 422
        except Conflict as refused:
            messages.warning(request, f"{refused.messages[0]} Read it again before you sign.")
            status, session = 409, _session(request, session_id)
        except ValidationError as refused:
            messages.error(request, refused.messages[0])
            status = 422
        else:
            messages.success(request, "Signed.")
            return redirect(session)
    return _review(request, session, at, status)


def _version(request) -> int:
    given = request.POST.get("version", "")
    if not given.isdecimal():
        raise BadRequest("This form is not whole.")
    return int(given[:9])


def _check_seen(request) -> int | None:
    """Return the health check that was read before signing, 0 for none, None where nobody says."""
    given = request.POST.get("check")
    if given is None:
        return None
    return int(given[:18]) if given.isdecimal() else 0


def _review(request, session, at, status):
    if request.method == "GET":
        _looked_at(request, session, at)
    record = Record(session)
    panel = Panel.of(judge(record, at=at, signing=True), gaps_in(record), signing=True)
    page = _around(request, record) | {
        "panel": panel, "ready": not panel.gaps and not panel.open, "back": "sign",
    }  # fmt: skip
    return render(request, "treatments/sessions/sign.html", page, status=status)


def session_addendum(request, session_id):
    """Add an addendum to a signed record."""
    at, session = timezone.now(), _session(request, session_id)
    form = AddendumForm(request.POST)
    if not form.is_valid():
        return _story(request, Record(session), addendum=form, status=422)
    try:
        add_addendum(session=session, at=at, by=request.user, **form.cleaned_data)
    except ValidationError as refused:
        form.add_error(None, refused)
        return _story(request, Record(session), addendum=form, status=422)
    messages.success(request, "Addendum added.")
    return redirect(session)


def session_strike(request, session_id):
    """Ask why a record is a mistake and strike it out."""
    session = _session(request, session_id)
    if request.method == "GET":
        _looked_at(request, session, timezone.now())
    form = StrikeForm(request.POST or None, cancel_url=session.get_absolute_url())
    if request.method == "POST" and form.is_valid():
        try:
            strike_session(session=session, at=timezone.now(), by=request.user, **form.cleaned_data)
        except ValidationError as refused:
            form.add_error(None, refused)
        else:
            messages.success(request, "Struck out.")
            return redirect(session)
    page = {"session": session, "patient": session.patient, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "treatments/sessions/strike.html", page, status=status)
