"""The way back: where a person came from, as their form says it."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def came_from(request: HttpRequest) -> str:
    """Return the page a form or link names as `next`, if it is one of this site; else ""."""
    url = (request.POST if request.method == "POST" else request.GET).get("next", "")
    safe = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if safe else ""
