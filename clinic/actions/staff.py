"""Deeds on staff: found a clinic, invite people, give and end roles."""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import slugify

from clinic.actions.audit import record
from clinic.actions.letters import seed_templates
from clinic.actions.locks import deed
from clinic.models import Clinic, Membership, Role, User

LAST_LEAD = "A clinic needs a lead. Make somebody else a lead first."


@dataclass(frozen=True)
class Invitation:
    """A new account and the single-use link that lets its owner choose a password.

    The link holds for 72 hours (`PASSWORD_RESET_TIMEOUT`) and until a password is chosen.
    """

    user: User
    link: str


@deed
def found_clinic(
    *, name: str, time_zone: str, lead: dict, site: str, at: datetime, by=None
) -> tuple[Clinic, Invitation]:
    """Open the first clinic of an empty installation and invite its first lead.

    `lead` has first_name, last_name, username and email. Raises ValidationError where a clinic
    already stands or a fact is not valid.
    """
    if Clinic.objects.exists():
        raise ValidationError("A clinic already stands here; its lead invites people.")
    clinic = Clinic(name=name, slug=slugify(name)[:50] or "clinic", time_zone=time_zone)
    clinic.full_clean()
    clinic.save(force_insert=True)
    seed_templates(clinic)
    record("clinic.founded", clinic, clinic=clinic, at=at, by=by)
    invitation = invite_staff(clinic=clinic, role=Role.LEAD, site=site, at=at, by=by, **lead)
    return clinic, invitation


@deed
def invite_staff(
    *, clinic: Clinic, role: str, first_name: str, last_name: str, username: str, email: str,
    site: str, at: datetime, by,
) -> Invitation:  # fmt: skip
    """Make an account without a password, give it a role and send its owner the link.

    `site` is the address people open, such as "https://clinic.example/". The letter leaves when the
    deed is committed. Raises ValidationError, by field, where the account cannot be made.
    """
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError({"username": "This username is taken."})
    if User.objects.filter(email__iexact=email).exists():
        raise ValidationError({"email": "Somebody with this address already has an account."})
    user = User(username=username, first_name=first_name, last_name=last_name, email=email,
                is_staff=role == Role.LEAD)  # fmt: skip
    user.set_unusable_password()
    user.full_clean()
    user.save(force_insert=True)
    give_role(clinic=clinic, user=user, role=role, at=at, by=by)
    invitation = Invitation(user, invitation_link(user, site=site))
    transaction.on_commit(lambda: _send(invitation, clinic))
    return invitation


def invitation_link(user: User, *, site: str) -> str:
    """Return the address where this person chooses a password, once."""
    parts = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return site.rstrip("/") + reverse("account_reset_password_from_key", kwargs=parts)


@deed
def edit_person(*, user: User, clinic: Clinic, facts: dict, at: datetime, by) -> User:
    """Change a person's name or address; `facts` has first_name, last_name or email."""
    changed = {name: value for name, value in facts.items() if getattr(user, name) != value}
    if not changed:
        return user
    for name, value in changed.items():
        setattr(user, name, value)
    user.full_clean()
    user.save(update_fields=list(changed))
    record("person.edited", user, clinic=clinic, at=at, by=by,
           details={"fields": sorted(changed)})  # fmt: skip
    return user


@deed
def give_role(*, clinic: Clinic, user: User, role: str, at: datetime, by) -> Membership:
    """Give a person a role in a clinic, change the one they have, or bring an ended one back."""
    member = Membership.objects.select_for_update().filter(clinic=clinic, user=user).first()
    if member is None:
        member = Membership(clinic=clinic, user=user)
    elif member.ended_at is None and member.role == role:
        return member
    elif member.role == Role.LEAD:
        _refuse_last_lead(member)
    member.role, member.ended_at = role, None
    member.full_clean()
    member.save()
    _keep_admin_door(user)
    record("membership.given", member, at=at, by=by, details={"user": user.pk, "role": role})
    return member


@deed
def end_membership(*, membership: Membership, at: datetime, by) -> Membership:
    """Close a clinic's doors to a person from now on; what they wrote stays theirs.

    Raises ValidationError for a clinic's last lead.
    """
    member = Membership.objects.select_for_update().get(pk=membership.pk)
    if member.ended_at:
        return member
    _refuse_last_lead(member)
    member.ended_at = at
    member.save(update_fields=["ended_at"])
    _keep_admin_door(member.user)
    record("membership.ended", member, at=at, by=by,
           details={"user": member.user_id, "role": member.role})  # fmt: skip
    return member


def is_last_lead(member: Membership) -> bool:
    """Say whether a clinic would have no lead without this membership."""
    if member.role != Role.LEAD or member.ended_at:
        return False
    leads = Membership.objects.active().filter(clinic=member.clinic_id, role=Role.LEAD)
    return not leads.exclude(pk=member.pk).exists()


def _refuse_last_lead(member: Membership) -> None:
    """Refuse to leave a clinic without a lead; the clinic's row is held until commit."""
    Clinic.objects.select_for_update(no_key=True).get(pk=member.clinic_id)
    if is_last_lead(member):
        raise ValidationError(LAST_LEAD)


def _keep_admin_door(user: User) -> None:
    """Open Django's admin for leads of any clinic and for nobody else."""
    leads = Membership.objects.active().filter(user=user, role=Role.LEAD).exists()
    User.objects.filter(pk=user.pk).update(is_staff=leads)
    user.is_staff = leads


def _send(invitation: Invitation, clinic: Clinic) -> None:
    """Send the letter with the link."""
    words = {"user": invitation.user, "clinic": clinic, "link": invitation.link}
    send_mail(
        f"Your account at {' '.join(clinic.name.split())}",
        render_to_string("clinic/staff/invitation.txt", words),
        None,
        [invitation.user.email],
    )
