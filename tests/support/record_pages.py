"""A session record's page as a browser posts it."""

import re


def posted(session, **changes):
    """Return what the page of a draft without creams and products posts."""
    data = {"version": session.version}
    for name in ("zones", "numbing", "products"):
        count = getattr(session, name).count()
        data |= {f"{name}-TOTAL_FORMS": count, f"{name}-INITIAL_FORMS": count}
    for n, row in enumerate(session.zones.all()):
        data |= {f"zones-{n}-zone": row.zone_id, f"zones-{n}-depth_mm": row.depth_mm,
                 f"zones-{n}-passes": row.passes}  # fmt: skip
    return data | changes


def save(client, session, **changes):
    """Post a draft's page to be saved."""
    return client.post(f"/sessions/{session.pk}/save/", posted(session, **changes))


def text(response):
    """Return a page's words without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))
