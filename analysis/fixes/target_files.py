"""The files of a target, written: each whole or not at all, never through a link, never outside the target."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
NEW_MODE = 0o644


@dataclass(frozen=True, slots=True)
class FoundFile:
    """What a file holds, and its mode and owners."""

    content: bytes
    mode: int = NEW_MODE
    user: int = -1
    group: int = -1


@contextlib.contextmanager
def open_folder(root: Path, folder: str, *, makes: bool = False) -> Iterator[int]:
    """Yield a handle of a folder of the target; ``OSError`` where a link is on the way to it.

    With ``makes`` folders that are not there are made.
    """
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in folder.split("/") if folder else ():
            if name in {"", ".", ".."}:
                raise OSError(errno.EINVAL, "no path below the target", folder)
            if makes:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, dir_fd=handle)
            inner = os.open(name, _FOLDER, dir_fd=handle)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


def read_file(root: Path, path: str) -> FoundFile | None:
    """Return a file of the target; None when there is none. ``OSError`` for a link, and for what is no file."""
    folder, _, name = path.rpartition("/")
    try:
        with open_folder(root, folder) as place, os.fdopen(os.open(name, _READING, dir_fd=place), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise OSError(errno.EINVAL, "not a regular file", path)
            return FoundFile(file.read(), stat.S_IMODE(about.st_mode), about.st_uid, about.st_gid)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise OSError(error.errno, "a link, or something that is no folder, is on the way", path) from None
        raise


def write_beside(root: Path, path: str, temporary: str, found: FoundFile) -> None:
    """Write a file of another name into the folder of a file, with a mode and owners, and wait until it is stored."""
    folder = path.rpartition("/")[0]
    with open_folder(root, folder, makes=True) as place:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=place)
        with os.fdopen(os.open(temporary, _NEW, 0o600, dir_fd=place), "wb") as file:
            file.write(found.content)
            if found.user >= 0:
                with contextlib.suppress(PermissionError):
                    os.fchown(file.fileno(), found.user, found.group)
            os.fchmod(file.fileno(), found.mode)
            file.flush()
            os.fsync(file.fileno())


def put_in_place(root: Path, path: str, temporary: str) -> None:
    """Give a file that was written beside another one the name of that, in one step."""
    folder, _, name = path.rpartition("/")
    with open_folder(root, folder) as place:
        os.replace(temporary, name, src_dir_fd=place, dst_dir_fd=place)
        os.fsync(place)


def remove_file(root: Path, path: str) -> None:
    """Remove a file; none is removed where none is there."""
    folder, _, name = path.rpartition("/")
    with contextlib.suppress(FileNotFoundError), open_folder(root, folder) as place:
        os.unlink(name, dir_fd=place)
        os.fsync(place)


def list_missing_folders(root: Path, path: str) -> list[str]:
    """Return the folders above a path that are not there, the innermost first."""
    missing = []
    folder = path.rpartition("/")[0]
    while folder and not os.path.lexists(root / folder):
        missing.append(folder)
        folder = folder.rpartition("/")[0]
    return missing


def remove_empty_folder(root: Path, folder: str) -> None:
    """Remove a folder if nothing is in it."""
    above, _, name = folder.rpartition("/")
    with contextlib.suppress(OSError), open_folder(root, above) as place:
        os.rmdir(name, dir_fd=place)
