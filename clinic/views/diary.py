"""Being written."""

from django.http import Http404


def appointment_new(request, **kwargs):
    raise Http404


def appointment_slots(request, **kwargs):
    raise Http404


def appointment(request, **kwargs):
    raise Http404


def appointment_move(request, **kwargs):
    raise Http404


def appointment_cancel(request, **kwargs):
    raise Http404


def appointment_step(request, **kwargs):
    raise Http404
