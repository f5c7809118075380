"""What tests of the lead's planner share: its address, what a browser sends, what it reads."""

import re

from django.urls import reverse

from clinic.scheduling.minutes import minute_of

URL = reverse("admin:treatments_treatmentplan_planner")
LIST = reverse("admin:treatments_treatmentplan_changelist")
LIVE = {"HX-Request": "true"}
SLOT = re.compile(r'name="slot_(\d+)" value="([\d.]+)"')


def text(answer):
    """Return the words of an answer on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def slots(answer):
    """Return the times in the rows by session: {"slot_1": "29384756.1"}."""
    return {f"slot_{n}": word for n, word in SLOT.findall(answer.content.decode())}


def word(clinic, day, minute=600, who=0):
    """Return what the button of a time sends."""
    return f"{minute_of(day, minute, clinic.zone)}.{clinic.resources.practitioners()[who].pk}"


def days(plan):
    """Return the days the sessions of a course are booked for."""
    found = plan.sessions.order_by("number").values_list("appointment__local_date", flat=True)
    return list(found)
