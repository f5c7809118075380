"""The words of a clinic's messages, as its lead writes them."""

from django.contrib import admin

from clinic.admin.audited import SettingAdmin
from clinic.admin.words import PlainPage
from clinic.models import MessageTemplate
from clinic.models.messages import PLACEHOLDERS


@admin.register(MessageTemplate)
class MessageTemplateAdmin(PlainPage, SettingAdmin):
    """One text for each kind of message and channel."""

    list_display = ["kind", "channel", "subject", "clinic", "active"]
    list_filter = ["channel", "active"]
    list_select_related = ["clinic"]
    search_fields = ["subject", "body"]
    ordering = ["clinic", "kind", "channel"]
    fieldsets = [
        (None, {"fields": ["clinic", ("kind", "channel"), "active", "subject", "body"]}),
        ("What may stand in the text", {
            "fields": [],
            "description": "; ".join(f"{{{name}}}: {what}" for name, what in PLACEHOLDERS.items()),
        }),
    ]  # fmt: skip

    def get_readonly_fields(self, request, obj=None):
        """Keep a text for the kind and channel it was written for."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "kind", "channel"] if obj else fixed
