"""The lead's planning desk: every course of the clinic at hand and where it stands."""

from datetime import date, timedelta
from functools import partial

from django.contrib import admin
from django.db.models import Count, DateField, Value
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone

from clinic.admin.walls import ClinicWall, leads_several
from clinic.models import Patient
from clinic.scheduling.reasons import day_words
from clinic.scheduling.weeks import monday_of
from clinic.templatetags.needlepoint import look
from treatments.admin.board import board
from treatments.admin.capacity import capacity
from treatments.admin.course import CoursePage
from treatments.admin.listed import CourseList
from treatments.admin.planner import planner, planner_url
from treatments.admin.repair import repair_desk
from treatments.admin.several import propose_and_book, several
from treatments.models import PlanState, TreatmentPlan
from treatments.models.standing import LAPSE_AFTER_DAYS

PARTS = "admin/treatments/treatmentplan"
#: The states a running course can be in, the most urgent first.
RUNNING = [state for state in PlanState if state not in {PlanState.DONE, PlanState.STOPPED}]


def day_of_desk(request):
    """Return today on the calendar of the clinic at hand."""
    return request.clinic.local_date(timezone.now())


class StateFilter(admin.SimpleListFilter):
    """Courses by where they stand today; running ones unless asked for others."""

    title = "state"
    parameter_name = "state"
    template = f"{PARTS}/_states.html"

    def lookups(self, request, model_admin):
        """Offer every state, the most urgent first, and all of them."""
        return [*PlanState.choices, ("all", "All")]

    def queryset(self, request, queryset):
        """Keep courses of the chosen state, compared in the database."""
        if self.value() in PlanState.values:
            return queryset.filter(state=self.value())
        return queryset if self.value() == "all" else queryset.open()

    def choices(self, changelist):
        """Yield each choice with its word, icon, tone and, for running courses, how many."""
        rows = changelist.root_queryset.open().order_by()
        found = rows.values_list("state").annotate(n=Count("pk"))
        counts = dict(found)
        counts |= {"running": sum(counts.values())}
        options = list(super().choices(changelist))
        options[0]["display"] = "Running"
        for key, option in zip(["running", *PlanState.values, "all"], options, strict=True):
            is_counted = key == "running" or key in RUNNING
            looked = look(key, "course") if key in PlanState.values else None
            yield option | {"look": looked, "count": counts.get(key, 0) if is_counted else None}


class MenuFilter(admin.RelatedFieldListFilter):
    """A filter that stays a closed menu until it is asked for."""

    template = f"{PARTS}/_choices.html"


class OwnPractitionerFilter(MenuFilter):
    """Courses by practitioner, of the clinic at hand alone."""

    def field_choices(self, field, request, model_admin):
        """Offer the practitioners of this clinic."""
        own = {"clinic": request.clinic, "kind": "practitioner"}
        return field.get_choices(include_blank=False, limit_choices_to=own)


class PlaceFilter(admin.SimpleListFilter):
    """Courses whose next session still needs a place in one week: where the capacity page leads."""

    title = "week"
    parameter_name = "place"
    template = f"{PARTS}/_choices.html"

    def lookups(self, request, model_admin):
        """Offer the week that was asked for, and nothing where none was."""
        self.today = day_of_desk(request)
        monday = self._monday()
        return [(self.value(), f"Place needed from {day_words(monday)}")] if monday else []

    def queryset(self, request, queryset):
        """Keep courses that may have their next session in that week and hold no time."""
        monday = self._monday()
        last = monday + timedelta(days=6)
        since = (
            self.today - timedelta(days=LAPSE_AFTER_DAYS)
            if monday <= self.today <= last
            else monday
        )
        return queryset.without_place(self.today).due_between(since, last)

    def _monday(self):
        try:
            return monday_of(date.fromisoformat(self.value() or ""))
        except ValueError:
            return None


@admin.register(TreatmentPlan)
class TreatmentPlanAdmin(CoursePage, ClinicWall):
    """Courses with progress, last session, next due and state, sorted and filtered in one query."""

    change_list_template = f"{PARTS}/change_list.html"
    list_display = ["patient_name", "progress", "state_chip", "last_on", "due_on", "next_on",
                    "plan_it"]  # fmt: skip
    list_display_links = None
    list_filter = [StateFilter, ("protocol", MenuFilter), ("practitioner", OwnPractitionerFilter),
                   PlaceFilter]  # fmt: skip
    actions = ["propose_and_book"]
    list_select_related = ["patient", "protocol", "practitioner"]
    list_per_page = 25
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    view_on_site = False
    search_fields = ["patient__search_family"]  # shows the box; `get_search_results` answers it
    search_help_text = "Name, phone, date of birth or patient number"

    def get_urls(self):
        """Put the pages of the planning desk before the addresses of single rows."""
        pages = {"planner": planner, "several": several, "board": board, "capacity": capacity,
                 "repair": repair_desk}  # fmt: skip
        shown = [
            path(f"{word}/", self.admin_site.admin_view(partial(page, self)),
                 name=f"treatments_treatmentplan_{word}")
            for word, page in pages.items()
        ]  # fmt: skip
        return [*shown, *super().get_urls()]

    @admin.action(description="Propose and book", permissions=["change"])
    def propose_and_book(self, request, queryset):
        """Plan and book the ticked courses together, see `treatments.admin.several`."""
        return propose_and_book(self, request, queryset)

    def get_queryset(self, request):
        """Return the clinic's courses with their state as of today, the most urgent first."""
        today = day_of_desk(request)
        rows = super().get_queryset(request).of(request.clinic).with_state(today)
        rows = rows.annotate(today=Value(today, output_field=DateField()))
        return rows.by_state(today)

    def get_changelist(self, request, **kwargs):
        """Return the list that draws its rows itself."""
        return CourseList

    def get_search_results(self, request, queryset, search_term):
        """Find courses by their patient, as every search of the house does."""
        text = search_term.replace("\0", "").strip()[:120]
        if not text:
            return queryset, False
        patients = Patient.objects.of(request.clinic).matching(text)
        return queryset.filter(patient__in=patients), False

    def changelist_view(self, request, extra_context=None):
        """Show the list under the name the clinic gives it; whose it is to who leads several."""
        title = f"Courses, {request.clinic}" if leads_several(request) else "Courses"
        return super().changelist_view(request, (extra_context or {}) | {"title": title})

    def save_model(self, request, obj, form, change):
        """Write nothing: a course changes by its own deeds, in the planner or on its page."""

    def has_add_permission(self, request):
        """Say no: a course is agreed in the planner or on the chart."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Say no: a course is stopped with its reason."""
        return False

    @admin.display(description="patient and course", ordering="patient__search_family")
    def patient_name(self, plan):
        """Return family name first, as lists are read."""
        return plan.patient

    @admin.display(description="progress", ordering="sessions_done")
    def progress(self, plan):
        """Return sessions done of planned."""
        count = {"done": plan.sessions_done, "total": plan.sessions_planned}
        return render_to_string("components/progress.html", count)

    @admin.display(description="last session", ordering="last_session_on")
    def last_on(self, plan):
        """Return the day of the last session."""
        return self._day(plan.last_session_on, plan, "None yet")

    @admin.display(description="next due", ordering="next_ideal_on")
    def due_on(self, plan):
        """Return the ideal day of the next session."""
        return self._day(plan.next_ideal_on, plan, "Nothing due")

    @admin.display(description="next booked", ordering="next_booked_on")
    def next_on(self, plan):
        """Return the day the next session is booked for, and whether that is too late."""
        return self._day(plan.next_booked_on, plan, "Not booked", late=plan.lateness_on(plan.today))

    def _day(self, day, plan, missing, *, late=""):
        shown = {"day": day, "today": plan.today, "missing": missing, "late": late}
        return render_to_string(f"{PARTS}/_day.html", shown)

    @admin.display(description="state", ordering="urgency")
    def state_chip(self, plan):
        """Return the state as a word with an icon and a tone."""
        return render_to_string(
            "components/status_chip.html", {"kind": "course", "state": plan.state}
        )

    @admin.display(description="Planner")
    def plan_it(self, plan):
        """Return the way into the planner."""
        return planner_url(plan)
