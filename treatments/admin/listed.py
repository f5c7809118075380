"""The rows of the lead's list of courses: one template for the whole page, only columns it prints."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.views.main import ChangeList
from django.urls import reverse

from clinic.templatetags.needlepoint import Look, look
from treatments.models import TreatmentPlan

#: What a row prints; everything else stays in the database.
PRINTED = (
    "status", "sessions_planned", "sessions_done", "last_session_on", "next_ideal_on",
    "next_booked_on", "next_latest_on", "event_on", "start_by_on",
    "patient__family_name", "patient__given_name", "protocol__name", "practitioner__name",
)  # fmt: skip


@dataclass(frozen=True)
class CourseRow:
    """One course as the list prints it: `late` says how its booked day is too late, "" if it is not.

    `planner_url` is empty where it does not run any more.
    """

    plan: TreatmentPlan
    look: Look
    planner_url: str
    late: str


class CourseList(ChangeList):
    """The list of courses, drawn as a whole: Django's own loads a template for every cell."""

    def get_results(self, request):
        """Fetch the page's rows with the printed columns alone."""
        super().get_results(request)
        self.result_list = self.result_list.only(*PRINTED)

    @property
    def heads(self) -> list[dict]:
        """Return the heads of the columns, with the addresses that sort by them."""
        return list(result_headers(self))

    def rows(self) -> Iterator[CourseRow]:
        """Yield the rows of the page."""
        planner = reverse("admin:treatments_treatmentplan_planner")
        for plan in self.result_list:
            runs = plan.status == TreatmentPlan.Status.OPEN
            url = f"{planner}?plan={plan.pk}" if runs else ""
            late = plan.lateness_on(plan.today)
            yield CourseRow(plan, look(plan.state, "course"), url, late)
