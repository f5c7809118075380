"""What the catalogue keeps as lists, as a lead ticks and types it."""

from django import forms

from treatments.models import DeviceModel, Product

SLOWEST, FASTEST = 1, 99_999


class ProductForm(forms.ModelForm):
    """A product; what it contains is ticked. A group no rule reads is kept and says so."""

    contains = forms.MultipleChoiceField(
        label="Contains", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="What is ticked here is warned of, or stopped, where the product goes on open "
        "channels.",
    )  # fmt: skip

    class Meta:
        """The fields are the admin page's."""

        model, fields = Product, "__all__"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        known = Product.Contains.choices
        other = [name for name in self.instance.contains if name not in Product.Contains.values]
        self.fields["contains"].choices = [
            *known, *((name, f"{name} (no rule reads it)") for name in other)
        ]  # fmt: skip


class SpeedsField(forms.CharField):
    """Speeds a device offers, as "3000, 5000"; whole numbers, in the order they were typed."""

    def prepare_value(self, value):
        """Return the speeds as they are typed."""
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value) -> list[int]:
        """Return the speeds; a sentence for what is no whole number."""
        words = [word for word in super().to_python(value).replace(",", " ").split() if word]
        if not all(word.isascii() and word.isdecimal() and len(word) < 6 for word in words):
            raise forms.ValidationError("Write whole numbers with commas between them.")
        found = list(dict.fromkeys(map(int, words)))
        if any(not SLOWEST <= speed <= FASTEST for speed in found):
            raise forms.ValidationError("A speed is at least 1.")
        return found

    def has_changed(self, initial, data) -> bool:
        """Say whether the speeds differ, however they were spaced."""
        try:
            return (initial or []) != self.to_python(data)
        except forms.ValidationError:
            return True


class DeviceModelForm(forms.ModelForm):
    """A kind of device; its speeds are typed with commas."""

    speeds = SpeedsField(
        label="Speeds", required=False, help_text="With commas between them: 3000, 5000, 7000."
    )

    class Meta:
        """The fields are the admin page's."""

        model, fields = DeviceModel, "__all__"
