"""The files of photos: random names, written whole or not at all, never inside the web root.

A name says which clinic a file belongs to and nothing else: no person, no day, no view.
"""

import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages

PART = ".part"  # a file that is still being written


def new_name(clinic_id: int, extension: str) -> str:
    """Return a name nobody can guess: `c<clinic>/<two hex digits>/<uuid>.<extension>`."""
    token = uuid.uuid4()
    return f"c{clinic_id}/{token.hex[:2]}/{token}.{extension}"


def keep(name: str, data: bytes) -> None:
    """Write a file under exactly this name, so that it is there whole or not there at all.

    On a disk: a part beside it, flushed to the platter, renamed, and the folders flushed too. An
    object store does the same by itself. Raises what the storage raises.
    """
    storage = storages["photos"]
    if isinstance(storage, FileSystemStorage):
        _write_whole(storage, name, data)
        return
    if storage.exists(name):
        storage.delete(name)
    written = storage.save(name, ContentFile(data))
    if written != name:
        storage.delete(written)
        raise FileExistsError(name)


def _write_whole(storage: FileSystemStorage, name: str, data: bytes) -> None:
    path = Path(storage.path(name))
    made = _folders(path.parent, Path(storage.location), storage.directory_permissions_mode)
    part = path.with_name(f"{path.stem}-{uuid.uuid4().hex}{PART}")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if storage.file_permissions_mode is not None:
            part.chmod(storage.file_permissions_mode)
        part.replace(path)
    except Exception:
        part.unlink(missing_ok=True)
        raise
    for folder in (path.parent, *made):
        _flush_folder(folder)


def _folders(folder: Path, root: Path, mode: int | None) -> list[Path]:
    """Make a folder and those above it; return the parents that got a new entry."""
    grown = []
    for step in (*reversed(folder.relative_to(root).parents), folder.relative_to(root)):
        place = root / step
        if not place.is_dir():
            place.mkdir(parents=place == root, exist_ok=True)
            if mode is not None:
                place.chmod(mode)
            grown.append(place.parent)
    return grown


def _flush_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system lets a folder be opened."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def kept(name: str) -> bytes:
    """Return a file's bytes; raises FileNotFoundError or what the storage raises."""
    with storages["photos"].open(name) as file:
        return file.read()


def is_kept(name: str) -> bool:
    """Say whether a file is there."""
    return storages["photos"].exists(name)


def discard(name: str) -> None:
    """Delete a file; one that is not there is fine."""
    storages["photos"].delete(name)


def folders() -> Iterator[str]:
    """Yield every folder that holds files of photos, as `c<clinic>/<two hex digits>`."""
    storage = storages["photos"]
    try:
        tops, _ = storage.listdir("")
    except FileNotFoundError:
        return
    for top in sorted(tops):
        if top[:1] == "c" and top[1:].isdecimal():
            for inner in sorted(storage.listdir(top)[0]):
                yield f"{top}/{inner}"


def names_in(folder: str) -> list[str]:
    """Return the names of the files of one folder; none for a folder that is not there."""
    try:
        return [f"{folder}/{name}" for name in sorted(storages["photos"].listdir(folder)[1])]
    except FileNotFoundError:
        return []


def changed_at(name: str) -> datetime:
    """Return the instant a file was last written."""
    return storages["photos"].get_modified_time(name)
