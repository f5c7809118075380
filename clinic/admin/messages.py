"""The words of a clinic's messages, as its lead writes them."""

from django.contrib import admin
from django.utils.html import format_html, format_html_join

from clinic.admin.audited import SettingAdmin
from clinic.admin.words import PlainPage
from clinic.models import MessageTemplate
from clinic.models.messages import PLACEHOLDERS

LETTER_LINES = 20


@admin.register(MessageTemplate)
class MessageTemplateAdmin(PlainPage, SettingAdmin):
    """One text for each kind of message and channel."""

    words = {
        "active": ("In use", "Off: this message is not sent."),
        "body": ("Text", ""),
    }
    empty_value_display = "–"
    list_display = ["kind", "channel", "subject", "active"]
    list_filter = ["channel", "active"]
    list_select_related = ["clinic"]
    search_fields = ["subject", "body"]
    ordering = ["clinic", "kind", "channel"]
    fieldsets = [
        (None, {"fields": ["clinic", ("kind", "channel"), "active", "subject", "body"]}),
        ("What may stand in the text", {
            "fields": [],
            "description": format_html("<ul class=\"placeholders\">{}</ul>", format_html_join(
                "", "<li><code>{{{}}}</code> {}</li>", PLACEHOLDERS.items()
            )),
        }),
    ]  # fmt: skip

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Return the form field; the text's is as high as a letter."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "body":
            field.widget.attrs["rows"] = LETTER_LINES
        return field

    def get_readonly_fields(self, request, obj=None):
        """Keep a text for the kind and channel it was written for."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "kind", "channel"] if obj else fixed
