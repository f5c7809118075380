"""Being written."""

from django.http import Http404


def photos(request, **kwargs):
    raise Http404


def photo_upload(request, **kwargs):
    raise Http404


def photo_compare(request, **kwargs):
    raise Http404


def photo_edit(request, **kwargs):
    raise Http404


def photo_strike(request, **kwargs):
    raise Http404


def photo_file(request, **kwargs):
    raise Http404
