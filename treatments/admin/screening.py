"""Health checks: versions of the questions; what patients may have answered is read, not written."""

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.utils import timezone

from clinic.admin.words import PlainWords
from treatments.actions.screening import new_version, publish
from treatments.admin.protocols import KNOWN, CatalogueAdmin
from treatments.models import Question, QuestionSet


def _is_frozen(row: QuestionSet | None) -> bool:
    return row is not None and row.status == QuestionSet.Status.PUBLISHED


class QuestionInline(PlainWords, admin.StackedInline):
    """The questions of one version."""

    model = Question
    extra = 0
    verbose_name, verbose_name_plural = "question", "Questions"
    words = {
        "code": ("Short name", "Kept from version to version, so that answers can be compared."),
        "order": ("Place in the list", "Lower comes first."),
        "group": ("Under which heading", ""),
        "text": ("Question", "As the patient reads it; yes is what matters."),
        "term": ("In the findings", "The clinician's words for it."),
        "kind": ("What a yes means", ""),
        "level": ("What a yes raises", "A stop needs a lead, a warning a reason."),
        "wait_days": ("Wait (days)", "For a wait only."),
        "date_label": ("Words at the date", "For a wait only: “Last used on”."),
        "advice": ("What to do", "Shown with the finding."),
        "applies_to": ("When it is asked or counts", ""),
        "region": ("Only for this part of the body", "Empty: everywhere."),
        "drugs": ("Only with these actives", "Names or classes; empty: any cream."),
        "source": ("Source", "Where it comes from."),
        "effective_from": ("Holds from", ""),
    }
    fieldsets = [
        (None, {"fields": [("code", "group", "order"), "text", "term", ("kind", "level"),
                           ("wait_days", "date_label"), "advice",
                           ("applies_to", "region", "drugs"), ("source", "effective_from")]}),
    ]  # fmt: skip

    def has_add_permission(self, request, obj=None):
        """Say no once the version is in use."""
        return not _is_frozen(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request, obj=None):
        """Say no once the version is in use: it is read then."""
        return not _is_frozen(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        """Say no once the version is in use."""
        return not _is_frozen(obj) and super().has_delete_permission(request, obj)


class QuestionSetForm(ModelForm):
    """One version; it is put into use with its questions, never before them."""

    def clean(self):
        """Refuse a version in use that has no questions."""
        given = super().clean()
        if given.get("status") == QuestionSet.Status.PUBLISHED and (
            self.instance.pk is None or not self.instance.questions.exists()
        ):
            raise ValidationError("Save the draft with its questions first, then put it into use.")
        return given


@admin.register(QuestionSet)
class QuestionSetAdmin(CatalogueAdmin):
    """Versions of the health check; one in use stays as it is and a new version replaces it."""

    form = QuestionSetForm
    inlines = [QuestionInline]
    actions = ["begin_new_version"]
    words = KNOWN | {
        "version": ("Version", "One more than the one it replaces."),
        "title": ("Name", ""),
        "status": ("State", "In use: from its day on it is asked, and can never be changed again."),
        "answer_within_days": ("Answered at the earliest (days before)", "Earlier answers are asked again."),
    }  # fmt: skip
    heads = {"status": "State", "effective_from": "Holds from"}
    list_display = ["title", "version", "status", "effective_from", "answer_within_days"]
    list_filter = ["status"]
    search_fields = ["title"]
    fieldsets = [
        (None, {"fields": [("title", "version"), "status", "answer_within_days"]}),
        ("Where it comes from", {"fields": ["source", "effective_from"]}),
    ]

    def get_readonly_fields(self, request, obj=None):
        """Freeze what patients may already have answered."""
        frozen = ["version", "title", "status", "answer_within_days", "source", "effective_from"]
        return frozen if _is_frozen(obj) else []

    def save_model(self, request, obj, form, change):
        """Save as a draft first: questions of a version in use are refused by the database."""
        obj.status = QuestionSet.Status.DRAFT
        super().save_model(request, obj, form, change)

    def save_related(self, request, form, formsets, change):
        """Save the questions, then put the version into use where the lead said so."""
        super().save_related(request, form, formsets, change)
        if form.cleaned_data.get("status") == QuestionSet.Status.PUBLISHED:
            publish(question_set=form.instance, at=timezone.now(), by=request.user)

    @admin.action(description="Begin a new version from the one chosen", permissions=["add"])
    def begin_new_version(self, request, queryset):
        """Copy a version with its questions into a draft with the next number."""
        if queryset.count() != 1:
            self.message_user(request, "Choose one version to begin from.", messages.WARNING)
            return
        row = new_version(question_set=queryset.get(), at=timezone.now(), by=request.user)
        self.message_user(request, f"{row} is a draft now: edit it, then put it into use.")
