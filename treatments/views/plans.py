"""Being written."""

from django.http import Http404


def course_new(request, **kwargs):
    raise Http404


def course(request, **kwargs):
    raise Http404


def course_edit(request, **kwargs):
    raise Http404


def course_stop(request, **kwargs):
    raise Http404


def course_dates(request, **kwargs):
    raise Http404


def course_date_row(request, **kwargs):
    raise Http404
