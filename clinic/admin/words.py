"""Plain words in the admin: labels and helps a lead understands, in place of the names of columns."""

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.utils.text import capfirst

#: Every catalogue has rows that are out of use.
IN_USE = {"active": "In use"}


class PlainWords(admin.options.BaseModelAdmin):
    """Fields under the words of the clinic: `words` is {field: (label, help)}; "" keeps the help.

    Choices are offered in the browser's own lists: a clinic has few of each, and the admin's
    searching boxes need inline styles, which no page of ours allows. What there are thousands of
    (patients, courses, appointments) is read here and chosen on its own pages.
    """

    words: dict[str, tuple[str, str]] = {}
    formfield_overrides = {
        models.DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")},
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
            ),
        },
    }

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        """Return several choices as ticks, all in sight."""
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Return the form field with its words."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name in self.words:
            label, help_text = self.words[db_field.name]
            field.label = label
            field.help_text = help_text or field.help_text
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget  # each kind of row has a page of its own
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
    """A page of the admin under the words of its model; `heads` names columns and filters."""

    show_facets = admin.ShowFacets.NEVER
    heads: dict[str, str] = {}

    def get_list_display(self, request):
        """Return the columns, those of `heads` under their plain names."""
        heads = IN_USE | self.heads
        names = super().get_list_display(request)
        return [_headed(self.opts, name, heads[name]) if name in heads else name for name in names]

    def get_changelist_instance(self, request):
        """Return the list, its filters under plain names, too."""
        rows, heads = super().get_changelist_instance(request), IN_USE | self.heads
        for spec in rows.filter_specs:
            spec.title = heads.get(getattr(spec, "field_path", ""), spec.title)
        return rows

    def changelist_view(self, request, extra_context=None):
        """Show the list under its plain name."""
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Show the form under its plain name."""
        one = self.opts.verbose_name
        title = {"title": capfirst(one) if object_id else f"New {one}"}
        return super().changeform_view(request, object_id, form_url, title | (extra_context or {}))


def _headed(opts, name: str, title: str):
    """Return a column that shows a field as it is, under another head."""
    words = f"get_{name}_display"
    is_yes_no = isinstance(opts.get_field(name), models.BooleanField)

    def shown(row):
        return getattr(row, words)() if hasattr(row, words) else getattr(row, name)

    shown.__name__ = name
    look = {"boolean": True} if is_yes_no else {"empty_value": "–"}
    return admin.display(shown, description=title, ordering=name, **look)
