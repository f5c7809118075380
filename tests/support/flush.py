"""Let Django empty a SQLite test database between tests: guards of kept rows step aside meanwhile.

PostgreSQL empties by TRUNCATE, which row triggers do not see.
"""

from django.db.backends.sqlite3.operations import DatabaseOperations

_flush = DatabaseOperations.execute_sql_flush


def past_guards(operations, sql_list):
    """Drop every trigger, empty the tables, put the triggers back."""
    connection = operations.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
    try:
        _flush(operations, sql_list)
    finally:
        with connection.cursor() as cursor:
            for _, sql in triggers:
                cursor.execute(sql)
