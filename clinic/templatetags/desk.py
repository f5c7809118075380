"""Presentation filters of the planning desk and the admin's pages. No queries, no clock."""

from itertools import pairwise

from django import template

register = template.Library()


@register.filter
def hours(minutes: int) -> str:
    """Return minutes as hours, in halves where there are any: "24", "7.5"."""
    halves = round(minutes / 30)
    return str(halves // 2) if halves % 2 == 0 else f"{halves / 2:.1f}"


#: The admin's home: groups in the order of use; of each model its name, icon and what it is for.
GROUPS = (
    ("Plan", "kanban", (
        ("TreatmentPlan", "list-check", "Courses", "Where each one stands; plan and book them"),
        ("Appointment", "calendar2-week", "Appointments", "Look up who came and who will come"),
        ("Patient", "people", "Patients", "Look up who comes"),
    )),
    ("Practice", "building", (
        ("HoursException", "calendar-x", "Absences and extra hours", "Leave, illness, holidays"),
        ("Resource", "person-workspace", "People, rooms and devices", "Who and what can be booked, and when"),
        ("Service", "clock-history", "Services", "What can be booked and the phases it is made of"),
        ("MessageTemplate", "envelope-paper", "Words of messages", "What patients are told, and how"),
        ("Clinic", "geo-alt", "Clinic", "Name, address, telephone"),
    )),
    ("Catalogue", "journal-medical", (
        ("Protocol", "clipboard2-pulse", "Protocols", "Sessions, intervals and depths of an indication"),
        ("Zone", "bounding-box", "Zones", "Parts of the body with their depths"),
        ("Product", "droplet", "Products", "Creams, serums, needles and their limits"),
        ("Lot", "upc-scan", "Lots", "What stands on the shelf"),
        ("DeviceModel", "cpu", "Device models", "What a device can be set to"),
        ("Device", "tools", "Devices", "The devices of the practice by serial number"),
        ("Threshold", "speedometer2", "Limits of the house", "Figures the safety checks go by"),
        ("View", "camera", "Photo views", "How photos are taken"),
        ("QuestionSet", "clipboard2-check", "Health checks", "What patients are asked before a session"),
        ("AftercareSheet", "file-earmark-text", "Aftercare sheets", "What patients take home"),
        ("ConsentText", "file-earmark-check", "Consent texts", "What patients agree to"),
    )),
    ("Staff", "person-badge", (
        ("User", "person-plus", "Accounts", "Invite somebody, change a name"),
        ("Membership", "key", "Roles", "Who may do what, and where"),
    )),
)  # fmt: skip


@register.filter
def by_use(apps) -> list[dict]:
    """Return the admin's models grouped as a lead thinks of them; unknown ones in the last group."""
    models = {model["object_name"]: model for app in apps or () for model in app["models"]}
    groups = []
    for title, icon, rows in GROUPS:
        cards = [
            {"icon": mark, "title": name, "about": about, **_addresses(models.pop(key))}
            for key, mark, name, about in rows if key in models
        ]  # fmt: skip
        if cards:
            groups.append({"title": title, "icon": icon, "cards": cards})
    rest = [{"icon": "circle", "title": model["name"], "about": "", **_addresses(model)}
            for model in models.values()]  # fmt: skip
    return [*groups, {"title": "More", "icon": "three-dots", "cards": rest}] if rest else groups


@register.filter
def group_of(name: str) -> dict:
    """Return title and number of the group of the admin's home a model stands in, by its name."""
    for number, (title, _, rows) in enumerate(GROUPS, 1):
        if any(key == name for key, *_ in rows):
            return {"title": title, "number": number}
    return {"title": "More", "number": len(GROUPS) + 1}


def _addresses(model) -> dict:
    return {"url": model.get("admin_url"), "add": model.get("add_url"),
            "key": model["object_name"].lower()}  # fmt: skip


@register.filter
def week_strip(hours, today) -> list[dict]:
    """Return Monday to Sunday of weekly hours as of today: the day's letter, its clock times, bars.

    A bar is (start, length) in percent of the day from 06:00 to 22:00.
    """
    days = []
    for weekday, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")):
        rows = [row for row in hours if row.weekday == weekday and _holds(row, today)]
        spans = sorted((row.from_min, row.to_min) for row in rows)
        days.append({
            "name": name, "bars": [_bar(*span) for span in spans],
            "words": ", ".join(f"{clock(a)} to {clock(b)}" for a, b in spans) or "closed",
            "short": " ".join(f"{clock(a)}–{clock(b)}" for a, b in spans) or "–",
        })  # fmt: skip
    return days


def visit_strip(phases) -> dict:
    """Return a visit as bars on one line: phases, gaps between them, and when a person is needed.

    Bars are (start, length) in percent of the visit; `ticks` are the minutes where something begins.
    """
    phases = sorted(phases, key=lambda row: row.offset_min)
    total = max(row.offset_min + row.minutes for row in phases)

    def bar(start: int, minutes: int) -> tuple[str, str]:
        return f"{100 * start / total:.1f}%", f"{100 * minutes / total:.1f}%"

    gaps = [
        (a.offset_min + a.minutes, b.offset_min - a.offset_min - a.minutes)
        for a, b in pairwise(phases)
    ]
    return {
        "phases": [
            {"kind": row.kind, "words": str(row), "bar": bar(row.offset_min, row.minutes),
             "person": bar(row.offset_min, row.practitioner_min) if row.practitioner_min else None}
            for row in phases
        ],
        "gaps": [bar(*gap) for gap in gaps if gap[1] > 0],
        "total": total, "person_min": sum(row.practitioner_min for row in phases),
    }  # fmt: skip


def _holds(row, today) -> bool:
    return (row.valid_from or today) <= today <= (row.valid_to or today)


def clock(minute: int) -> str:
    """Return minutes since midnight as wall time, 24 h."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _bar(start: int, end: int) -> tuple[str, str]:
    first, last = 6 * 60, 22 * 60
    start, end = min(max(start, first), last), min(max(end, first), last)
    span = last - first
    return f"{100 * (start - first) / span:.1f}%", f"{100 * (end - start) / span:.1f}%"
