"""A practitioner's calendar for their own calendar program, and the page that makes its address."""

import hashlib
from datetime import timedelta

from allauth.core.ratelimit import consume_or_429
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response

from clinic.actions.feeds import feed_of, make_feed, revoke_feed
from clinic.exports import ics
from clinic.models import Appointment, CalendarFeed

RATE = {"calendar_feed": "60/m/ip"}
READ_EVERY = timedelta(minutes=10)


def calendar_feed(request, secret):
    """Answer a calendar program: the person's visits, without any patient's name."""
    if refused := consume_or_429(request, action="calendar_feed", config=RATE, limit_get=True):
        return refused
    feed = feed_of(secret)
    if feed is None:
        raise Http404
    now = timezone.now()
    known_read = feed.read_at and feed.read_at > now - READ_EVERY
    if not known_read:
        CalendarFeed.objects.filter(pk=feed.pk).update(read_at=now)
    visits = Appointment.objects.for_feed(feed.user, now - ics.FEED_BACK, now + ics.FEED_AHEAD)
    body = ics.feed(visits, name=f"Needlepoint, {feed.user}")
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache",
               "Content-Disposition": 'inline; filename="needlepoint.ics"'}  # fmt: skip
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)
    return get_conditional_response(request, etag=etag, response=answer)


def calendar_address(request):
    """Make a person's calendar address, show it once, or shut it."""
    facts = {"user": request.user, "clinic": request.clinic, "at": timezone.now()}
    if request.method == "POST":
        if request.POST.get("do") == "revoke":
            revoke_feed(**facts)
            messages.success(request, "The calendar address no longer works.")
        else:
            request.session["calendar_token"] = make_feed(**facts)
        return redirect("calendar_address")
    token = request.session.pop("calendar_token", "")
    address = request.build_absolute_uri(reverse("calendar_feed", args=[token])) if token else ""
    return render(request, "clinic/messages/calendar.html", {
        "feed": CalendarFeed.objects.filter(user=request.user).first(), "address": address,
        "has_list": request.user.resources.filter(active=True).exists(),
    })  # fmt: skip
