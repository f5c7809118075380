"""Being written."""

from django.http import Http404


def today(request, **kwargs):
    raise Http404


def clinic_switch(request, **kwargs):
    raise Http404
