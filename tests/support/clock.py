"""The instant pages are tested at."""

from datetime import datetime
from zoneinfo import ZoneInfo

#: Monday 23 November 2026, noon in London.
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("Europe/London"))
