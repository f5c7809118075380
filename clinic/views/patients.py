"""Being written."""

from django.http import Http404


def patient_list(request, **kwargs):
    raise Http404


def patient_search(request, **kwargs):
    raise Http404


def patient_new(request, **kwargs):
    raise Http404


def patient_duplicates(request, **kwargs):
    raise Http404


def chart(request, **kwargs):
    raise Http404


def patient_edit(request, **kwargs):
    raise Http404


def patient_health(request, **kwargs):
    raise Http404
