"""What a run leaves while it is under way, so that the next one can name a run that did not end.

Each run has one small file beside the reports of its target, which it holds locked. It is removed when the run ends
well. A run that fails writes the reason into it: the file has the room from the start, so that this works on a full
disk too. The file of a killed run is no longer locked, and has no reason.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from analysis.errors import AnalysisError, StorageError
from analysis.scheduled.locks import try_lock
from analysis.wording import make_harmless

FOLDER = ".begun"
#: Bytes of a record: room for the reason of a failure.
_SIZE = 1024


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that began and did not end well: when it began (ISO 8601, UTC), and why it failed; empty if not known."""

    began: str
    why: str = ""

    def __str__(self) -> str:
        return f"the run that began {self.began} {f'failed: {self.why}' if self.why else 'was interrupted'}"


class Beginning:
    """The record of a run under way, and the runs before it that did not end."""

    def __init__(self, place: Path, handle: int, unfinished: Sequence[Unfinished], older: Sequence[Path]) -> None:
        self.unfinished = tuple(unfinished)
        self._place, self._handle, self._older = place, handle, tuple(older)

    def end(self) -> None:
        """Remove the record, and those of the runs that this one has named."""
        for place in (self._place, *self._older):
            place.unlink(missing_ok=True)

    def note(self, began: str, why: str) -> None:
        """Write why the run fails into its record."""
        with contextlib.suppress(OSError):
            os.pwrite(self._handle, _format_record(began, why), 0)


@contextlib.contextmanager
def beginning(parent: Path) -> Iterator[Beginning]:
    """Record that a run begins, for as long as the block runs; what fails in it is noted and raised again.

    ``parent`` is the folder of a target's reports. Raises ``StorageError`` when nothing can be written there.
    """
    began = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    folder = parent / FOLDER
    unfinished, older = find_unfinished(parent)
    place = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{os.getpid()}.json"
    handle = _create(folder, place, began)
    begun = Beginning(place, handle, unfinished, older)
    try:
        yield begun
    except BaseException as error:
        begun.note(began, explain(error))
        raise
    else:
        begun.end()
    finally:
        os.close(handle)


def find_unfinished(parent: Path) -> tuple[list[Unfinished], list[Path]]:
    """Return the runs that began and did not end, the oldest first, and their records."""
    found, places = [], []
    for place in sorted((parent / FOLDER).glob("[0-9]*.json")):
        with contextlib.suppress(OSError, StorageError):
            handle = os.open(place, os.O_RDWR)
            try:
                if try_lock(handle):
                    found.append(_read_record(os.read(handle, _SIZE)))
                    places.append(place)
            finally:
                os.close(handle)
    return found, places


def _create(folder: Path, place: Path, began: str) -> int:
    """Create a record that is locked before anybody can see it, and return the open file."""
    hidden = folder / f".{place.name}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        with contextlib.suppress(StorageError):  # without locks no run is named: each could still be under way
            try_lock(handle)
        os.pwrite(handle, _format_record(began, ""), 0)
        hidden.rename(place)
    except OSError as error:
        with contextlib.suppress(OSError):
            hidden.unlink()
        raise StorageError(
            f"cannot write below {folder}: {error.strerror}", remedy="Free some space, or name another --out"
        ) from None
    return handle


def _format_record(began: str, why: str) -> bytes:
    written = json.dumps({"began": began, "why": why}).encode()
    return written.ljust(_SIZE) if len(written) <= _SIZE else _format_record(began, why[: len(why) * 3 // 4])


def _read_record(content: bytes) -> Unfinished:
    """Return what a record says; of a damaged one only that there was a run."""
    try:
        document = json.loads(content)
        return Unfinished(make_harmless(str(document["began"])), make_harmless(str(document["why"])))
    except (ValueError, KeyError, TypeError):
        return Unfinished("at an unknown time")


def explain(error: BaseException) -> str:
    """Return why a run failed, in a few words."""
    if isinstance(error, AnalysisError):
        return make_harmless(error.what)
    if isinstance(error, KeyboardInterrupt):
        return "a signal ended it"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return type(error).__name__
