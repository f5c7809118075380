"""Tell SQLite how its rows are spread; without that it picks indexes by the look of them.

PostgreSQL counts by itself. SQLite counts when it is asked, and forgets what it knew of a table that
a migration makes anew. At a million visits the reading of a repair took it eight times as many steps
without.
"""

from django.db import connection

#: Rows looked at of each index: a third of a second at a million visits, nine in full, and the same
#: indexes picked afterwards.
SAMPLE = 1000


def gather_statistics() -> bool:
    """Count anew where the database does not do so itself, and say whether that was needed.

    Belongs to no clinic and changes no answer, so the audit has no line of it. Waits for a deed
    under way, as any writer does.
    """
    if connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit = {SAMPLE}")
        cursor.execute("ANALYZE")
    return True
