"""Who may open which page: one table, URL name × role × method.

Deny by default: a page that is not in the table opens for nobody, and a test walks the resolver to
find it. What a page shows of one patient is decided again where the patient is loaded
(`clinic.actions.patients.open_patient`): another clinic's row is a 404.
"""

from dataclasses import dataclass, field

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from clinic.models import Membership, Role
from clinic.signin import demo_accounts

P, D, L, A = Role.PRACTITIONER, Role.FRONT_DESK, Role.LEAD, Role.AUDITOR
CARE, TEAM, ALL = frozenset({P, L}), frozenset({P, D, L}), frozenset({P, D, L, A})
READ, WRITE, FORM = ("GET", "HEAD"), ("POST",), ("GET", "HEAD", "POST")


@dataclass(frozen=True)
class Page:
    """Roles that may use a page, by method. `public` needs no sign-in, `own` no membership."""

    roles: frozenset = frozenset()
    methods: tuple[str, ...] = READ
    public: bool = False
    own: bool = False
    narrower: dict = field(default_factory=dict)  # method -> smaller set of roles

    def allows(self, role: str | None, method: str) -> bool:
        """Say whether a role may send this method; None stands for no membership."""
        if method not in self.methods:
            return False
        return self.public or self.own or role in self.narrower.get(method, self.roles)


def page(roles, methods=READ, **narrower) -> Page:
    """Return a page for roles; keywords name a method and the fewer roles it takes."""
    return Page(frozenset(roles), tuple(methods), narrower=narrower)


PUBLIC, PUBLIC_FORM = Page(public=True), Page(public=True, methods=FORM)
OWN, OWN_FORM = Page(own=True), Page(own=True, methods=FORM)

#: Pages of libraries that stay shut: sign-up, e-mail changes, the admin's own sign-in.
CLOSED = Page()

PAGES: dict[str, Page] = {
    "healthz": PUBLIC,
    "today": page(ALL),
    "clinic_switch": Page(own=True, methods=WRITE),
    # Patients
    "patient_list": page(TEAM),
    "patient_search": page(TEAM),
    "patient_new": page(TEAM, FORM),
    "patient_duplicates": page(TEAM),
    "chart": page(TEAM),
    "patient_edit": page(TEAM, FORM),
    "patient_away": page(TEAM, FORM),
    "patient_health": page(CARE, FORM),
    # Diary
    "appointment": page(TEAM),
    "appointment_new": page(TEAM, FORM),
    "appointment_slots": page(TEAM),
    "time_keep": page(TEAM, WRITE),
    "time_let_go": page(TEAM, WRITE),
    "appointment_move": page(TEAM, FORM),
    "appointment_cancel": page(TEAM, FORM),
    "appointment_step": page(TEAM, WRITE),
    "appointment_tail": page(TEAM, FORM),
    "diary": page(TEAM),
    "diary_data": page(TEAM),
    "diary_targets": page(TEAM),
    "diary_place": page(TEAM, WRITE),
    "diary_undo": page(TEAM, WRITE),
    # Messages and calendars
    "message_list": page(TEAM),
    "message_retry": page(TEAM, WRITE),
    "message_withdraw": page(TEAM, WRITE),
    "wish_settle": page(TEAM, WRITE),
    "visit_answer": PUBLIC_FORM,  # by a signed link; rate-limited
    "calendar_feed": PUBLIC,  # by a secret address; rate-limited
    "calendar_address": page(CARE, FORM),
    # Courses
    "course": page(TEAM),
    "course_new": page(CARE, FORM),
    "course_edit": page(CARE, FORM),
    "course_stop": page(CARE, FORM),
    "course_dates": page(TEAM, FORM),
    "course_date_row": page(TEAM),
    # Board and lists
    "course_next": page(TEAM, FORM),
    "worklist": page(TEAM),
    "due_best": page(TEAM),
    "due_contact": page(TEAM, FORM),
    "due_snooze": page(TEAM, FORM),
    "waitlist": page(TEAM),
    "waitlist_add": page(TEAM, FORM),
    "waitlist_gap": page(TEAM),
    "waitlist_end": page(TEAM, WRITE),
    "waitlist_give": page(TEAM, WRITE),
    "day_sheet": page(TEAM),
    "course_card": page(TEAM),
    "unresolved": page(TEAM),
    "unresolved_settle": page(TEAM, WRITE),
    # Session records
    "session_open": page(CARE, WRITE),
    "session_record": page(CARE, FORM),
    "session_save": page(CARE, WRITE),
    "session_sign": page(CARE, FORM),
    "session_answer": page(CARE, WRITE),
    "session_addendum": page(CARE, WRITE),
    "session_strike": page(CARE, FORM),
    "session_healing": page(CARE, FORM),
    # Health checks
    "health_check": page(CARE, FORM),
    "health_check_countersign": page(CARE, WRITE),
    # Consents
    "course_consent": page(CARE, FORM),
    "consent_withdraw": page(CARE, FORM),
    "photo_permissions": page(CARE, FORM),
    "permission_withdraw": page(CARE, FORM),
    # Photos
    "photos": page(CARE),
    "photo_upload": page(CARE, WRITE),
    "photo_edit": page(CARE, WRITE),
    "photo_date": page(CARE, WRITE),
    "photo_strike": page(CARE, WRITE),
    "photo_file": page(CARE),
    "photo_compare": page(CARE),
    # Audit
    "audit_log": page({A}),
    # Sign-in (django-allauth)
    "account_login": PUBLIC_FORM,
    "account_logout": OWN_FORM,
    "account_reset_password": PUBLIC_FORM,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC_FORM,
    "account_reset_password_from_key_done": PUBLIC,
    "account_change_password": OWN_FORM,
    "account_reauthenticate": OWN_FORM,
    "mfa_authenticate": PUBLIC_FORM,
    "mfa_login_webauthn": PUBLIC_FORM,
    "mfa_index": OWN,
    "mfa_activate_totp": OWN_FORM,
    "mfa_deactivate_totp": OWN_FORM,
    "mfa_view_recovery_codes": OWN,
    "mfa_generate_recovery_codes": OWN_FORM,
    "mfa_download_recovery_codes": OWN,
    "mfa_reauthenticate": OWN_FORM,
    "mfa_list_webauthn": OWN,
    "mfa_add_webauthn": OWN_FORM,
    "mfa_edit_webauthn": OWN_FORM,
    "mfa_remove_webauthn": OWN_FORM,
    "mfa_reauthenticate_webauthn": OWN_FORM,
    # Django admin: the planning desk of the lead
    "admin:index": page({L}),
    "admin:logout": Page(own=True, methods=WRITE),
    "admin:autocomplete": page({L}),
    "admin:jsi18n": page({L}),
    "admin:app_list": page({L}),
    "admin:treatments_treatmentplan_planner": page({L}, FORM),
    "admin:treatments_treatmentplan_several": page({L}, FORM),
    "admin:treatments_treatmentplan_board": page({L}),
    "admin:treatments_treatmentplan_capacity": page({L}),
    "admin:treatments_treatmentplan_repair": page({L}, FORM),
}
for _name in (
    "account_signup", "account_inactive", "account_email", "account_email_verification_sent",
    "account_confirm_email", "account_set_password", "account_confirm_login_code", "admin:login",
    "admin:password_change", "admin:password_change_done", "admin:view_on_site",
    "admin:django.views.generic.base.RedirectView",
):  # fmt: skip
    PAGES[_name] = CLOSED
for _model in (
    "account_emailaddress", "mfa_authenticator", "django_tasks_database_dbtaskresult", "auth_group",
):  # fmt: skip
    for _verb in ("changelist", "add", "change", "delete", "history"):
        PAGES[f"admin:{_model}_{_verb}"] = CLOSED

#: Admin models and what the lead does with each. KEEP: add and change, never delete; AMEND: change.
LOOK, EDIT, KEEP, AMEND = "look", "edit", "keep", "amend"
VERBS = {LOOK: {"view"}, AMEND: {"view", "change"}, KEEP: {"view", "add", "change"},
         EDIT: {"view", "add", "change", "delete"}}  # fmt: skip
ADMIN_MODELS: dict[str, str] = {
    "clinic_clinic": AMEND,
    "clinic_user": KEEP,
    "clinic_membership": KEEP,
    "clinic_resource": KEEP,
    "clinic_service": KEEP,
    "clinic_hoursexception": EDIT,
    "clinic_messagetemplate": KEEP,
    "clinic_patient": LOOK,
    "clinic_appointment": LOOK,
    "treatments_zone": KEEP,
    "treatments_view": KEEP,
    "treatments_protocol": KEEP,
    "treatments_threshold": KEEP,
    "treatments_aftercaresheet": KEEP,
    "treatments_questionset": KEEP,
    "treatments_consenttext": KEEP,
    "treatments_devicemodel": KEEP,
    "treatments_device": KEEP,
    "treatments_product": KEEP,
    "treatments_lot": KEEP,
    "treatments_treatmentplan": AMEND,
}
#: Rows edited inside the page of the row they belong to.
ADMIN_PARTS = frozenset({
    "clinic_weeklyhours", "clinic_servicephase", "clinic_competence", "treatments_active",
    "treatments_doselimit", "treatments_areadose", "treatments_planzone",
    "treatments_plannedsession", "treatments_question",
})  # fmt: skip
for _model, _verdict in ADMIN_MODELS.items():
    _verbs = VERBS[_verdict]
    _methods = FORM if "change" in _verbs else READ
    PAGES[f"admin:{_model}_changelist"] = page({L}, _methods)
    PAGES[f"admin:{_model}_change"] = page({L}, _methods)
    PAGES[f"admin:{_model}_add"] = page({L} if "add" in _verbs else (), _methods)
    PAGES[f"admin:{_model}_delete"] = page({L} if "delete" in _verbs else (), _methods)
    PAGES[f"admin:{_model}_history"] = page({L})


def may(role: str | None, url_name: str, method: str = "GET") -> bool:
    """Say whether a role may open a page with a method; unknown pages open for nobody."""
    declared = PAGES.get(url_name)
    return bool(declared and declared.allows(role, method))


class PermissionMiddleware:
    """Find the person's membership in the clinic at hand and hold the table against the request."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.member = None
        request.clinic = None
        with timezone.override(None):  # what a request activates ends with it
            return self.get_response(request)

    def process_view(self, request, view_func, view_args, view_kwargs):
        """Refuse what the table does not allow, before the view reads anything."""
        name = request.resolver_match.view_name
        declared = PAGES.get(name)
        if declared is None:
            raise PermissionDenied
        if request.user.is_authenticated:
            attach_member(request)
        if declared.public:
            return self._method(declared, request)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if self._needs_second_factor(request, declared):
            return redirect("mfa_index")
        role = request.member.role if request.member else None
        if request.method not in declared.methods:
            return HttpResponseNotAllowed(declared.methods)
        if not declared.allows(role, request.method):
            raise PermissionDenied
        return None

    def _method(self, declared, request):
        if request.method in declared.methods:
            return None
        return HttpResponseNotAllowed(declared.methods)

    def _needs_second_factor(self, request, declared):
        """Say whether this person must enrol a second factor before anything else."""
        if declared.own or not settings.MFA_REQUIRED:
            return False
        return not request.user.authenticator_set.exists()


def attach_member(request) -> None:
    """Put the membership in the chosen clinic on the request; the first one if none is chosen.

    From here on the request prints that clinic's wall time.
    """
    rows = list(Membership.objects.for_frame(request.user))
    request.user.is_lead = any(row.role == Role.LEAD for row in rows)  # the admin asks it again
    chosen = request.session.get("clinic_id")
    request.memberships = rows
    request.user.is_lead = any(row.role == L for row in rows)  # known now: not asked again
    request.member = next(
        (row for row in rows if row.clinic_id == chosen), rows[0] if rows else None
    )
    request.clinic = request.member.clinic if request.member else None
    if request.clinic:
        timezone.activate(request.clinic.zone)  # pages and forms speak the clinic's wall time


#: The main navigation: URL name, label, icon.
NAVIGATION = [
    ("today", "Today", "calendar2-day"),
    ("diary", "Diary", "calendar3"),
    ("patient_list", "Patients", "people"),
    ("appointment_new", "Book", "calendar2-plus"),
    ("worklist", "Worklist", "telephone"),
    ("waitlist", "Waitlist", "hourglass"),
    ("message_list", "Messages", "envelope"),
    ("admin:treatments_treatmentplan_changelist", "Planning", "kanban"),
    ("audit_log", "Audit log", "journal-check"),
]
#: The single key that opens a page of the navigation (static/js/keys.js).
NAVIGATION_KEYS = {
    "today": "t",
    "diary": "d",
    "patient_list": "p",
    "appointment_new": "n",
    "worklist": "w",
    "waitlist": "e",
    "message_list": "j",
}


def frame(request) -> dict:
    """Give every page its frame: navigation by role, the membership and the other clinics."""
    member = getattr(request, "member", None)
    current = request.resolver_match.view_name if request.resolver_match else ""
    if member is None:
        nameless = {"nav": [], "member": None, "clinics": []}
        if settings.DEMO and current == "account_login":
            nameless["demo_accounts"] = demo_accounts()
        return nameless
    nav = [
        {
            "label": label,
            "url": reverse(name),
            "icon": icon,
            "active": name == current,
            "key": NAVIGATION_KEYS.get(name, ""),
        }
        for name, label, icon in NAVIGATION
        if may(member.role, name) and not (name == "today" and member.role == A)
    ]
    others = [row for row in request.memberships if row.pk != member.pk]
    try:
        search_url = reverse("patient_search") if may(member.role, "patient_search") else ""
    except NoReverseMatch:
        search_url = ""
    return {"nav": nav, "member": member, "clinics": others, "search_url": search_url,
            "clinical": member.role in CARE}  # fmt: skip


class RoleBackend:
    """Answers the Django admin's permission questions from the table: leads look and edit."""

    def authenticate(self, request, **credentials):
        """Leave signing in to allauth."""
        return

    def get_user(self, user_id):
        """Leave loading people to allauth's backend."""
        return

    def has_perm(self, user, permission, obj=None) -> bool:
        """Say whether a lead may view, add, change or delete rows of this model in the admin."""
        app, _, code = permission.partition(".")
        verb, _, model = code.partition("_")
        name = f"{app}_{model}"
        verdict = EDIT if name in ADMIN_PARTS else ADMIN_MODELS.get(name)
        return verb in VERBS.get(verdict, ()) and self._leads(user)

    def has_module_perms(self, user, app_label) -> bool:
        """Say whether a lead sees this app in the admin."""
        return app_label in {"clinic", "treatments"} and self._leads(user)

    def _leads(self, user) -> bool:
        return user.is_active and not user.is_anonymous and user.is_lead
