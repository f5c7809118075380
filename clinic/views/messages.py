"""The desk's page of messages: what was sent, what waits, what failed, and who asks to move."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.actions.messages import retry_message, settle_wish, withdraw_message
from clinic.forms.messages import MessageFilter
from clinic.models import MoveWish, OutboxMessage
from clinic.views.back import came_from

PAGE_ROWS = 25
State = OutboxMessage.Status
#: What may need somebody: counted, and listed however old.
TO_WATCH = (State.QUEUED, State.FAILED)


def message_list(request):
    """List a clinic's messages, newest first; patients who ask for another time above them."""
    form = MessageFilter(request.GET)
    mine = OutboxMessage.objects.of(request.clinic)
    to_watch = mine.filter(status__in=TO_WATCH).values_list("status")
    counts = dict(to_watch.annotate(n=Count("pk")))
    rows = mine.filter(**form.asked).for_list()
    if form.asked.get("status") not in TO_WATCH:
        rows = rows.lately(timezone.now())
    elif form.asked["status"] == State.QUEUED:
        rows = rows.order_by("next_try_at", "pk")  # what leaves next
    asked = request.GET.get("page", "")
    page = Paginator(rows, PAGE_ROWS).get_page(asked if len(asked) <= 9 else "1")
    return render(request, "clinic/messages/list.html", {
        "form": form, "page": page, "tabs": _tabs(form.asked, counts),
        "query": urlencode(form.asked), "states": State,
        "wishes": MoveWish.objects.unanswered(request.clinic), "here": request.get_full_path(),
    })  # fmt: skip


def message_retry(request, message_id):
    """Send a message at the next round."""
    return _deed(request, message_id, retry_message, "It will be sent at the next round.")


def message_withdraw(request, message_id):
    """Take back a message that has not left."""
    return _deed(request, message_id, withdraw_message, "Withdrawn: it will not be sent.")


def wish_settle(request, wish_id):
    """Keep that a patient who asked for another time has been answered."""
    wish = get_object_or_404(MoveWish, pk=wish_id, appointment__clinic=request.clinic)
    settle_wish(wish=wish, at=timezone.now(), by=request.user)
    messages.success(request, "Done.")
    return redirect(came_from(request) or "message_list")


def _deed(request, message_id, deed, words):
    row = get_object_or_404(OutboxMessage.objects.of(request.clinic), pk=message_id)
    try:
        deed(message=row, at=timezone.now(), by=request.user)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, words)
    if came_from(request):
        return redirect(came_from(request))
    asked = MessageFilter(request.POST).asked
    return redirect(f"{reverse('message_list')}{'?' if asked else ''}{urlencode(asked)}")


def _tabs(asked: dict[str, str], counts: dict[str, int]) -> list[dict]:
    """Return the states as tabs; those that may need somebody say how many there are."""
    kind = {"kind": asked["kind"]} if "kind" in asked else {}
    states = ((s, s.label, counts.get(s, 0) if s in TO_WATCH else None) for s in State)
    choices = [("", "Last 90 days", None), *((s.value, label, n) for s, label, n in states)]
    return [
        {"label": label, "count": count, "active": asked.get("status", "") == value,
         "url": f"?{urlencode(({'status': value} if value else {}) | kind)}"}
        for value, label, count in choices
    ]  # fmt: skip
