"""Plain words in the admin: labels and helps a lead understands, in place of the names of columns."""

from django import forms
from django.contrib import admin
from django.db import models


class PlainWords(admin.options.BaseModelAdmin):
    """Fields under the words of the clinic: `words` is {field: (label, help)}; "" keeps the help.

    `plain_choices` are offered in the browser's own list: a clinic has few of them, and the admin's
    searching box needs inline styles, which no page of ours allows.
    """

    words: dict[str, tuple[str, str]] = {}
    plain_choices: tuple[str, ...] = ()
    formfield_overrides = {
        models.DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}
    }

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Return the choice, in the browser's own list where it is short."""
        if db_field.name in self.plain_choices:
            kwargs.setdefault("widget", forms.Select)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Return the form field with its words."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name in self.words:
            label, help_text = self.words[db_field.name]
            field.label = label
            field.help_text = help_text or field.help_text
        if field is not None and isinstance(self, admin.TabularInline):
            field.widget.attrs.setdefault("aria-label", str(field.label))  # heads are no labels
        return field


def column(name: str, title: str, unit: str = ""):
    """Return a column of a list: a field under a plain title, its figure with its unit."""

    @admin.display(description=title, ordering=name, empty_value="–")
    def shown(self, row):
        value = getattr(row, name)
        if value is None:
            return None
        figure = f"{value.normalize():f}" if hasattr(value, "normalize") else value
        return f"{figure} {unit}".strip()

    return shown


def between(least: str, most: str, title: str, unit: str = ""):
    """Return a column of a list that shows two figures as "28 to 42 days"."""

    @admin.display(description=title, ordering=least)
    def shown(self, row):
        ends = (getattr(row, name) for name in (least, most))
        low, high = (f"{end.normalize():f}" if hasattr(end, "normalize") else end for end in ends)
        return f"{low} to {high} {unit}".strip()

    return shown


class PlainPage(PlainWords, admin.ModelAdmin):
    """A page of the admin with words of its own: `many` over the list, `one` over a form."""

    many = one = ""

    def changelist_view(self, request, extra_context=None):
        """Show the list under its plain name."""
        title = {"title": self.many} if self.many else {}
        return super().changelist_view(request, title | (extra_context or {}))

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Show the form under its plain name."""
        new = f"New {self.one[:1].lower()}{self.one[1:]}"
        title = {"title": self.one if object_id else new} if self.one else {}
        return super().changeform_view(request, object_id, form_url, title | (extra_context or {}))
