"""Crispy layout objects for fingers: every control at least 44 px, usable without a script.

helper.layout = Layout(
    Section("Device and needles", Segmented("device"), Stepper("depth_mm", unit="mm")),
    Fold("More", "notes"),
    Actions("Save draft"),
)
"""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import TEMPLATE_PACK, Field, Layout, LayoutObject
from django.template.loader import render_to_string


class Segmented(Field):
    """One choice of a few, all visible: for a field with a `RadioSelect`.

    `keys`: the figures 1, 2, 3 … choose (static/js/keys.js); `blank`: no choice is one of them, in
    the field's own words.
    """

    template = "crispy/segmented.html"

    def __init__(self, *fields, keys=False, blank=False, **kwargs):
        super().__init__(*fields, **kwargs)
        self.keys, self.blank = keys, blank

    def render(self, form, context, template_pack=TEMPLATE_PACK, extra_context=None, **kwargs):
        """Render, with a key on each choice where wished."""
        extra = {**(extra_context or {}), "keys": self.keys, "blank": self.blank}
        return super().render(form, context, template_pack, extra_context=extra, **kwargs)


class Scale(Field):
    """One figure of a short scale, 0 to 10 say, as a row of buttons with words at both ends."""

    template = "crispy/scale.html"

    def __init__(self, *fields, low="", high="", **kwargs):
        super().__init__(*fields, **kwargs)
        self.ends = {"low": low, "high": high}

    def render(self, form, context, template_pack=TEMPLATE_PACK, extra_context=None, **kwargs):
        """Render with the words of both ends."""
        extra = {**(extra_context or {}), **self.ends}
        return super().render(form, context, template_pack, extra_context=extra, **kwargs)


class TouchChoice(Field):
    """Several choices as chips that stay pressed: for a `CheckboxSelectMultiple`."""

    template = "crispy/touch_choice.html"


class Stepper(Field):
    """A number between − and +. `unit` is shown beside it; `step`, `min`, `max` go to the input.

    `start` is the value the first tap gives an empty field.
    """

    template = "crispy/stepper.html"

    def __init__(self, *fields, unit="", start=None, **kwargs):
        if start is not None:
            kwargs["data_start"] = start
        super().__init__(*fields, inputmode=kwargs.pop("inputmode", "decimal"), **kwargs)
        self.unit = unit

    def render(self, form, context, template_pack=TEMPLATE_PACK, extra_context=None, **kwargs):
        """Render with the unit."""
        extra = {**(extra_context or {}), "unit": self.unit}
        return super().render(form, context, template_pack, extra_context=extra, **kwargs)


class Measure(Stepper):
    """A number with its unit, typed rather than stepped: grams, centimetres."""

    template = "crispy/measure.html"


class Moment(Field):
    """A time or date-time input with a "Now" button that fills in the clinic's wall time."""

    template = "crispy/moment.html"


class Switch(Field):
    """One yes or no as a switch: for a checkbox."""

    template = "crispy/switch.html"


class Box(LayoutObject):
    """A titled box around fields; the subclass's `template` says which."""

    template = ""

    def __init__(self, title, *fields, hint="", css_id="", is_open=False):
        self.title, self.fields = title, list(fields)
        self.hint, self.css_id, self.is_open = hint, css_id, is_open

    def render(self, form, context, template_pack=TEMPLATE_PACK, **kwargs):
        """Render the fields, then the box; it opens by itself when an error inside must be seen."""
        fields = self.get_rendered_fields(form, context, template_pack, **kwargs)
        failed = {pointer.name for pointer in self.get_field_names()} & set(form.errors)
        parts = {"box": self, "fields": fields, "is_open": self.is_open or bool(failed)}
        return render_to_string(self.template, parts)


class Section(Box):
    """A part of a form in its own panel, with a legend and an optional hint below it."""

    template = "crispy/section.html"


class Fold(Box):
    """What is seldom needed, folded away until it is asked for, `is_open`, or wrong."""

    template = "crispy/fold.html"


class Actions:
    """The buttons at the foot of a form.

    `label` names the submit button; `cancel_url` adds a way out, `cancel_label` its words; `sticky` keeps the bar in reach on
    long forms; `name` and `value` say which button was pressed; `extra` is [(label, name, value)];
    `key` is the key that presses it (static/js/keys.js).
    """

    def __init__(
        self, label, *, cancel_url="", cancel_label="Cancel", sticky=False, name="", value="",
        icon="", extra=(), key="",
    ):  # fmt: skip
        self.label, self.sticky = label, sticky
        self.cancel_url, self.cancel_label = cancel_url, cancel_label
        self.name, self.value, self.icon, self.extra = name, value, icon, extra
        self.key = key

    def render(self, form, context, template_pack=TEMPLATE_PACK, **kwargs):
        """Render the bar; crispy calls it as it calls every layout object."""
        return render_to_string("crispy/actions.html", {"actions": self})


def touch_helper(*layout, form_tag=True, **attrs) -> FormHelper:
    """Return a `FormHelper` with the house's defaults; `attrs` go to the form tag (`hx_post=…`)."""
    helper = FormHelper()
    helper.form_tag = form_tag
    helper.form_method = "post"
    helper.html5_required = True
    helper.attrs = {"novalidate": "", **{key.replace("_", "-"): val for key, val in attrs.items()}}
    if layout:
        helper.layout = Layout(*layout)
    return helper
