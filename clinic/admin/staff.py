"""People, their roles and the clinic itself: every change is a deed of clinic/actions/staff.py."""

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.utils import timezone

from clinic.actions.staff import edit_person, end_membership, give_role, invite_staff
from clinic.admin.audited import SettingAdmin
from clinic.admin.walls import ClinicWall, SeveralClinics, led_by
from clinic.admin.words import PlainPage
from clinic.forms.staff import InvitationForm, MembershipForm, PersonForm
from clinic.models import Clinic, Membership, User


class NeverDeleted(admin.ModelAdmin):
    """Rows that sign what others read: closed, never removed."""

    def has_delete_permission(self, request, obj=None):
        """Say no: end a membership instead."""
        return False


@admin.register(User)
class UserAdmin(PlainPage, NeverDeleted, ClinicWall):
    """People of the lead's clinics; adding one sends an invitation."""

    heads = {"is_active": "Can sign in", "last_login": "Last seen"}
    clinic_path = "memberships__clinic"
    list_display = ["username", "first_name", "last_name", "email", "is_active", "last_login"]
    list_filter = ["is_active"]
    list_select_related = False
    search_fields = ["username", "first_name", "last_name", "email"]
    ordering = ["last_name", "first_name", "pk"]

    def get_queryset(self, request):
        """Return each person of the lead's clinics once."""
        return super().get_queryset(request).distinct()

    def get_form(self, request, obj=None, **kwargs):
        """Invite somebody new, or edit a name."""
        form = PersonForm if obj else InvitationForm
        form = super().get_form(request, obj, form=form, **kwargs)
        if obj is None:
            own = form.base_fields["clinic"]
            own.queryset = Clinic.objects.filter(pk__in=led_by(request.user))
            own.initial, own.empty_label = request.clinic.pk, None
        return form

    def get_fields(self, request, obj=None):
        """Show what a lead may see of an account."""
        names = ["first_name", "last_name", "username", "email"]
        return [*names, "is_active", "last_login"] if obj else [*names, "clinic", "role"]

    def get_readonly_fields(self, request, obj=None):
        """Fix the username; fix the address, too, of somebody who also works for other leads."""
        if obj is None:
            return []
        elsewhere = obj.memberships.exclude(clinic__in=led_by(request.user)).exists()
        guarded = ["email"] if elsewhere or obj.is_superuser else []
        return ["username", "is_active", "last_login", *guarded]

    def save_model(self, request, obj, form, change):
        """Invite or edit through the deeds, which write the audit."""
        given, at = form.cleaned_data, timezone.now()
        names = {
            name: given[name] for name in ("first_name", "last_name", "email") if name in given
        }
        if change:
            stands = User.objects.get(pk=obj.pk)
            edit_person(user=stands, clinic=request.clinic, facts=names, at=at, by=request.user)
            return
        invitation = invite_staff(
            clinic=given["clinic"], role=given["role"], username=given["username"], at=at,
            site=request.build_absolute_uri("/"), by=request.user, **names,
        )  # fmt: skip
        obj.pk = invitation.user.pk
        messages.info(request, f"The link to choose a password went to {invitation.user.email}.")


@admin.register(Membership)
class MembershipAdmin(PlainPage, NeverDeleted, SeveralClinics):
    """Who has which role where."""

    heads = {"user": "Person", "ended_at": "Ended"}
    words = {
        "user": ("Person", "Somebody new is invited under Accounts."),
        "role": ("Role", "What they may see and do in this clinic."),
    }
    form = MembershipForm
    list_display = ["user", "role", "ended_at"]
    list_filter = ["role"]
    list_select_related = ["user", "clinic"]
    search_fields = ["user__first_name", "user__last_name", "user__username"]
    ordering = ["user__last_name", "user__first_name", "pk"]
    actions = ["end"]

    def get_fields(self, request, obj=None):
        """Show when it ended once it stands."""
        return ["user", "clinic", "role", *(["ended_at"] if obj else [])]

    def get_readonly_fields(self, request, obj=None):
        """Fix who and where once it stands; an end is a deed of its own."""
        return ["user", "clinic", "ended_at"] if obj else []

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Offer the people of the lead's own clinics."""
        if db_field.name == "user":
            mine = User.objects.filter(memberships__clinic__in=led_by(request.user)).distinct()
            kwargs["queryset"] = mine
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request, obj, form, change):
        """Give the role through the deed, which writes the audit."""
        given = give_role(clinic=obj.clinic, user=obj.user, role=obj.role, at=timezone.now(),
                          by=request.user)  # fmt: skip
        obj.pk = given.pk

    @admin.action(description="End these memberships", permissions=["change"])
    def end(self, request, queryset):
        """End each chosen membership; a clinic keeps its last lead."""
        for member in queryset:
            try:
                end_membership(membership=member, at=timezone.now(), by=request.user)
            except ValidationError as error:
                self.message_user(request, f"{member}: {error.messages[0]}", messages.ERROR)
            else:
                self.message_user(request, f"{member}: ended.", messages.SUCCESS)


@admin.register(Clinic)
class ClinicAdmin(PlainPage, SettingAdmin):
    """The clinic's own facts."""

    words = {
        "slug": ("Short name", "Part of addresses; stays as it is."),
        "time_zone": ("Time zone", "Every time on every page; fixed once visits are promised."),
        "jurisdiction": ("Law of", ""),
        "phone": ("Telephone", "Patients are told to call it."),
    }
    clinic_path = "pk"
    list_display = ["name", "time_zone", "jurisdiction", "phone"]
    list_select_related = False
    search_fields = ["name"]
    fields = ["name", "slug", "time_zone", "jurisdiction", "phone", "email", "address"]

    def has_add_permission(self, request):
        """Say no: `manage.py open_clinic` founds a clinic with its lead."""
        return False

    def get_readonly_fields(self, request, obj=None):
        """Fix the time zone once visits are promised in it."""
        promised = obj is not None and obj.appointments.exists()
        return ["slug", "time_zone"] if promised else ["slug"]
