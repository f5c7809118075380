"""The auditor's page: who did what and saw whom, without a word of any record."""

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.shortcuts import render

from clinic.forms.audit import LogFilter
from clinic.models import AuditEvent

PAGE_LINES = 50


def audit_log(request):
    """Show one clinic's log, newest first, narrowed by what the auditor looks for."""
    form = LogFilter(request.GET, clinic=request.clinic)
    lines = AuditEvent.objects.for_log(request.clinic.pk)
    if form.is_valid():
        lines = lines.narrowed(request.clinic, **form.narrowing)
    page = Paginator(lines, PAGE_LINES).get_page(_page_number(request))
    facts = {"form": form, "page": page, "query": urlencode(form.asked)}
    return render(request, "clinic/audit/log.html", facts, status=200 if form.is_valid() else 422)


def _page_number(request) -> str:
    """Return the page asked for; absurdly long numbers mean the first."""
    asked = request.GET.get("page", "")
    return asked if len(asked) <= 9 else "1"
