"""Forms of the admin for people and their roles."""

from django import forms
from django.core.exceptions import ValidationError

from clinic.actions.staff import LAST_LEAD, is_last_lead
from clinic.models import Clinic, Membership, Role, User


class InvitationForm(forms.ModelForm):
    """A new person and the role they begin with."""

    clinic = forms.ModelChoiceField(queryset=Clinic.objects.none())
    role = forms.ChoiceField(choices=Role.choices)
    email = forms.EmailField(help_text="The link to choose a password goes here.")

    class Meta:
        model = User
        fields = ["first_name", "last_name", "username", "email"]

    def clean_username(self):
        """Refuse a username that differs from another by capitals alone."""
        username = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError("This username is taken.")
        return username

    def clean_email(self):
        """Refuse an address somebody signs in with."""
        email = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError("Somebody with this address already has an account.")
        return email


class PersonForm(forms.ModelForm):
    """A person's name and address."""

    def clean_email(self):
        """Refuse an address somebody else signs in with."""
        email = self.cleaned_data["email"]
        others = User.objects.exclude(pk=self.instance.pk)
        if email and others.filter(email__iexact=email).exists():
            raise ValidationError("Somebody with this address already has an account.")
        return email


class MembershipForm(forms.ModelForm):
    """The role of a person in a clinic."""

    def clean_role(self):
        """Keep a lead in every clinic."""
        role = self.cleaned_data["role"]
        if self.instance.pk and role != Role.LEAD:
            stands = Membership.objects.get(pk=self.instance.pk)
            if is_last_lead(stands):
                raise ValidationError(LAST_LEAD)
        return role
