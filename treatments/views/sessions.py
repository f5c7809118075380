"""Being written."""

from django.http import Http404


def session_open(request, **kwargs):
    raise Http404


def session_record(request, **kwargs):
    raise Http404


def session_save(request, **kwargs):
    raise Http404


def session_sign(request, **kwargs):
    raise Http404


def session_answer(request, **kwargs):
    raise Http404


def session_addendum(request, **kwargs):
    raise Http404


def session_strike(request, **kwargs):
    raise Http404
