"""Which SQLite library may carry a write-ahead log.

Versions 3.7.0 to 3.51.2 can corrupt a WAL database when two connections write and checkpoint at the
same moment (the "WAL-reset bug"); 3.51.3 mends it and 3.50.7 and 3.44.6 carry the mend back. 3.52.0
was withdrawn. Source: sqlite.org/wal.html#walresetbug.
"""

import sqlite3
import sys


def is_sound(version: tuple[int, int, int]) -> bool:
    """Say whether this SQLite version carries the mend for the WAL-reset bug."""
    if version[:2] == (3, 52):
        return False
    back_ported = (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return version >= (3, 51, 3) or back_ported


def prefer_sound_library() -> None:
    """Put pysqlite3 in the place of the standard library's sqlite3 where that one is too old.

    Must run before Django's SQLite backend is imported. Leaves things as they are when pysqlite3 is
    not installed; the settings then refuse to start.
    """
    if is_sound(sqlite3.sqlite_version_info):
        return
    try:
        import pysqlite3
        from pysqlite3 import dbapi2
    except ImportError:
        return
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = dbapi2


def library_version() -> tuple[int, int, int]:
    """Return the version of the SQLite library that Django will use in this process."""
    return sys.modules["sqlite3"].sqlite_version_info
