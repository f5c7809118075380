"""Being written."""

from django.http import Http404


def audit_log(request, **kwargs):
    raise Http404
