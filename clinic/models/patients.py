"""Who comes: a person in care, with what safety needs to know about them."""

import re
import unicodedata
from datetime import date
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import Q
from django.urls import reverse

from clinic.models.constraints import all_or_none, before_or_open
from clinic.models.staff import Clinic

WHOLE_PHONE = 7  # digits; fewer at the end of a longer number are not yet somebody's number


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def plain(text: str) -> str:
    """Return text as search compares it: lower case, without accents or double spaces."""
    stripped = unicodedata.normalize("NFKD", text)
    letters = "".join(char for char in stripped if not unicodedata.combining(char))
    return re.sub(r"\s+", " ", letters).strip().casefold()


def digits(text: str) -> str:
    """Return the digits of a telephone number, for search; of +44 (0)20 without the 0."""
    return re.sub(r"\D", "", re.sub(r"^(\s*(?:\+|00)[^(]*)\(0\)", r"\1", text))


def same_phone(number: str, *, part: bool = False) -> Q:
    """Return a condition for a telephone number written with or without its country's code.

    `number`: digits as typed. 020 7946 0000 finds +44 20 7946 0000 and the other way about: one of
    the two ends in the other once a leading 0 is left out. With `part` any stretch of a number
    is found, as somebody reads it out. No table of country codes is needed.
    """
    typed = number.lstrip("0") or number
    lookup = "contains" if part else "endswith"
    ends = [typed[at:] for at in range(len(typed) - WHOLE_PHONE + 1)]
    shorter = [zero + end for end in ends for zero in ("", "0")]
    return Q(**{f"phone_digits__{lookup}": typed}) | Q(phone_digits__in=shorter)


def parts_in(text: str) -> tuple[int, int, int] | None:
    """Read year, month and day typed at the desk: 14/3/1990, 14.03.90, 1990-03-14; None if not so."""
    parts = [int(part) for part in re.findall(r"\d+", text)]
    if len(parts) != 3:
        return None
    year_first = parts[0] > 31
    year, month, day = parts if year_first else parts[::-1]
    if year < 100:
        year += 2000 if year <= date.today().year % 100 else 1900  # noqa: DTZ011 -- only the year
    return year, month, day


def day_in(text: str) -> date | None:
    """Read a date of birth typed at the desk; None if it is none."""
    parts = parts_in(text)
    try:
        return date(*parts) if parts else None
    except ValueError:
        return None


def starts_with(field: str, prefix: str) -> Q:
    """Return a condition for an indexed prefix search on either database.

    SQLite's LIKE cannot use an index under Django's ESCAPE clause, a range can; PostgreSQL's
    pattern index serves LIKE and not the range under a language collation.
    """
    if connection.vendor == "sqlite":
        return Q(**{f"{field}__gte": prefix, f"{field}__lt": prefix + "\U0010ffff"})
    return Q(**{f"{field}__startswith": prefix})


class PatientQuerySet(models.QuerySet):
    """Questions about patients."""

    def of(self, clinic):
        """Keep the patients of one clinic: the wall every page stands behind."""
        return self.filter(clinic=clinic)

    def matching(self, text: str):
        """Find by name (any order), telephone, date of birth or patient number."""
        words = plain(text).split(" ")
        number, born = digits(text), day_in(text)
        found = Q()
        if born:
            found |= Q(birth_date=born)
        if number and not re.search(r"[^\W\d_]", text):
            found |= Q(number=int(number[:9]))
            if len(number) >= 3:
                found |= same_phone(number, part=True)
        else:
            for first, second in (("search_family", "search_given"),
                                  ("search_given", "search_family")):  # fmt: skip
                named = starts_with(first, words[0])
                for word in words[1:]:
                    named &= starts_with(second, word) | starts_with(first, " ".join(words))
                found |= named
        return self.filter(found)

    def for_list(self):
        """Order for lists people read: by family name."""
        return self.order_by("search_family", "search_given", "pk")

    def like(self, *, given_name, family_name, birth_date, phone):
        """Find probable duplicates: the same birthday or telephone, or the same full name."""
        same = Q()
        if birth_date:
            near = starts_with("search_family", plain(family_name)[:3])
            near |= starts_with("search_given", plain(given_name)[:3])
            same |= Q(birth_date=birth_date) & near
        if len(digits(phone)) >= 6:
            same |= same_phone(digits(phone))
        if given_name and family_name:
            same |= Q(search_family=plain(family_name), search_given=plain(given_name))
        return self.filter(same) if same else self.none()


class Patient(models.Model):
    """A person in care, known to one clinic."""

    class Phototype(models.IntegerChoices):
        I = 1, "I"  # noqa: E741 -- the field's own name
        II = 2, "II"
        III = 3, "III"
        IV = 4, "IV"
        V = 5, "V"
        VI = 6, "VI"

    class PhototypeMethod(models.TextChoices):
        QUESTIONNAIRE = "questionnaire", "Questionnaire"
        OBSERVER = "observer", "Seen by a practitioner"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="patients")
    number = models.PositiveIntegerField(help_text="Counted per clinic.")
    given_name = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    birth_date = models.DateField()
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    address = models.TextField(blank=True)
    search_given = models.CharField(max_length=80, db_index=True, editable=False)
    search_family = models.CharField(max_length=80, db_index=True, editable=False)
    phone_digits = models.CharField(max_length=40, db_index=True, blank=True, editable=False)

    preferred_weekdays = models.JSONField(default=list, blank=True)  # 0 = Monday … 6 = Sunday
    preferred_from_min = models.PositiveSmallIntegerField(null=True, blank=True)
    preferred_to_min = models.PositiveSmallIntegerField(null=True, blank=True)
    preferred_practitioner = models.ForeignKey(
        "clinic.Resource", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    short_notice_ok = models.BooleanField("Would come at short notice", default=False)
    desk_note = models.TextField(blank=True, help_text="For the front desk; nothing clinical.")

    skin_phototype = models.PositiveSmallIntegerField(choices=Phototype, null=True, blank=True)
    skin_phototype_on = models.DateField(null=True, blank=True)
    skin_phototype_method = models.CharField(max_length=16, choices=PhototypeMethod, blank=True)

    allergies_asked_on = models.DateField(
        null=True, blank=True, help_text="Without this, no allergies on file means nothing."
    )
    created_at = models.DateTimeField()
    request_key = models.UUIDField(
        null=True, blank=True, unique=True, editable=False,
        help_text="One per form shown: a double tap makes one patient.",
    )  # fmt: skip
    version = models.PositiveIntegerField(default=1)

    objects = PatientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "number"], name="patient_one_number"),
            models.CheckConstraint(
                condition=all_or_none(
                    "skin_phototype", "skin_phototype_on", blank=("skin_phototype_method",)
                ),
                name="patient_phototype_with_date_and_method",
                violation_error_message="A skin type needs its date and how it was found.",
            ),
            models.CheckConstraint(
                condition=Q(skin_phototype__isnull=True) | Q(skin_phototype__range=(1, 6)),
                name="patient_phototype_1_to_6",
            ),
            models.CheckConstraint(
                condition=all_or_none("preferred_from_min", "preferred_to_min")
                & (
                    Q(preferred_from_min__isnull=True)
                    | Q(preferred_from_min__lt=models.F("preferred_to_min"))
                ),
                name="patient_preferred_hours_in_order",
                violation_error_message="Preferred hours need a start before their end.",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "birth_date"], name="patient_birth_date"),
            # Lists and the quick search walk one clinic's names in order and stop at a page.
            models.Index(fields=["clinic", "search_family", "search_given", "id"],
                         name="patient_by_name"),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.family_name}, {self.given_name}"

    def get_absolute_url(self):
        """Return the patient's chart."""
        return reverse("chart", args=[self.pk])

    @property
    def full_name(self) -> str:
        """Return the name as it is spoken."""
        return f"{self.given_name} {self.family_name}"

    @property
    def initials(self) -> str:
        """Return the initials, for places where a name is too much."""
        return f"{self.given_name[:1]}{self.family_name[:1]}".upper()

    @property
    def dialled(self) -> str:
        """Return the telephone number as a telephone takes it: its digits, + before a country."""
        return ("+" if self.phone.lstrip().startswith("+") else "") + self.phone_digits

    @property
    def suits(self) -> str:
        """Return when it suits the patient, in words; "" without a preference."""
        who = self.preferred_practitioner
        parts = [", ".join(WEEKDAYS[day] for day in self.preferred_weekdays)]
        if self.preferred_from_min is not None:
            hours = (self.preferred_from_min, self.preferred_to_min)
            parts.append(" to ".join(f"{value // 60:02d}:{value % 60:02d}" for value in hours))
        parts.append(f"with {who}" if who else "")
        parts.append("short notice is fine" if self.short_notice_ok else "")
        return "; ".join(part for part in parts if part)

    def age_on(self, day: date) -> int:
        """Return completed years on a day."""
        had_birthday = (day.month, day.day) >= (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - (not had_birthday)


class BodyMeasure(models.Model):
    """Height and weight on one day: what area and dose sums are made from."""

    patient = models.ForeignKey(Patient, models.CASCADE, related_name="measures")
    measured_on = models.DateField()
    height_cm = models.DecimalField(
        max_digits=4, decimal_places=1, null=True, blank=True,
        validators=[MinValueValidator(Decimal(50)), MaxValueValidator(Decimal(250))],
    )  # fmt: skip
    weight_kg = models.DecimalField(
        max_digits=4, decimal_places=1, null=True, blank=True,
        validators=[MinValueValidator(Decimal(10)), MaxValueValidator(Decimal(400))],
    )  # fmt: skip

    class Meta:
        ordering = ["-measured_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(height_cm__isnull=False) | Q(weight_kg__isnull=False),
                name="bodymeasure_says_something",
            ),
            models.CheckConstraint(
                condition=(Q(height_cm__isnull=True) | Q(height_cm__range=(50, 250)))
                & (Q(weight_kg__isnull=True) | Q(weight_kg__range=(10, 400))),
                name="bodymeasure_of_a_person",
                violation_error_message="Height is 50 to 250 cm and weight 10 to 400 kg.",
            ),
        ]

    def __str__(self):
        return f"{self.height_cm or '?'} cm, {self.weight_kg or '?'} kg on {self.measured_on}"


class Allergy(models.Model):
    """An allergy: coded where a safety rule reads it, free text beside it."""

    class Code(models.TextChoices):
        AMIDE = "amide", "Amide anaesthetics (lidocaine, prilocaine)"
        ESTER = "ester", "Ester anaesthetics (tetracaine, benzocaine)"
        PABA = "paba", "PABA"
        METAL = "metal", "Metals (stainless steel, nickel)"
        LATEX = "latex", "Latex"
        ADHESIVE = "adhesive", "Dressings and adhesives"
        ANTISEPTIC = "antiseptic", "Antiseptics"
        OTHER = "other", "Other"

    patient = models.ForeignKey(Patient, models.CASCADE, related_name="allergies")
    code = models.CharField(max_length=12, choices=Code)
    text = models.CharField(max_length=200, blank=True)
    noted_on = models.DateField()
    noted_by = models.ForeignKey("clinic.User", models.PROTECT, related_name="+")
    ended_on = models.DateField(null=True, blank=True)
    ended_because = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "allergies"
        ordering = ["code", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=all_or_none("ended_on", blank=("ended_because",)),
                name="allergy_end_with_reason",
                violation_error_message="Say why this allergy no longer holds.",
            ),
            models.CheckConstraint(
                condition=~Q(code="other") | ~Q(text=""),
                name="allergy_other_is_named",
                violation_error_message="Name the allergy.",
            ),
        ]

    def __str__(self):
        return self.text if self.code == self.Code.OTHER else self.get_code_display()


class Medicine(models.Model):
    """Something the patient takes."""

    patient = models.ForeignKey(Patient, models.CASCADE, related_name="medicines")
    name = models.CharField(max_length=120)
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(since__isnull=True) | before_or_open("since", "until"),
                name="medicine_ends_after_start",
                violation_error_message="A medicine cannot end before it begins.",
            )
        ]

    def __str__(self):
        return self.name


class BlackoutQuerySet(models.QuerySet):
    """Questions about days away."""

    def ahead(self, today: date) -> "BlackoutQuerySet":
        """Return those that reach to `today` or beyond, the soonest first."""
        return self.filter(to_day__gte=today).order_by("from_day", "pk")


class Blackout(models.Model):
    """Days a patient cannot be treated: away, in the sun, unwell, or said no to when asked."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", "Away"
        SUN = "sun", "Sun exposure"
        MEDICAL = "medical", "Medical"
        REFUSED = "refused", "Said no"

    patient = models.ForeignKey(Patient, models.CASCADE, related_name="blackouts")
    kind = models.CharField(max_length=8, choices=Kind)
    from_day = models.DateField()
    to_day = models.DateField()
    margin_before_days = models.PositiveSmallIntegerField(default=0)
    margin_after_days = models.PositiveSmallIntegerField(default=0)

    objects = BlackoutQuerySet.as_manager()

    class Meta:
        ordering = ["from_day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_day__gte=models.F("from_day")), name="blackout_days_in_order",
                violation_error_message="The last day cannot come before the first.",
            )
        ]  # fmt: skip
        indexes = [models.Index(fields=["kind", "to_day"], name="blackout_kind_end")]

    def __str__(self):
        return f"{self.get_kind_display()} {self.from_day} to {self.to_day}"
