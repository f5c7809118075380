"""The planner of the lead."""

from django.http import Http404


def planner(model_admin, request):
    """Lay out a course."""
    raise Http404
