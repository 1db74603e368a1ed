"""Objects of a repository, each read through one long-lived child of git; nothing is ever fetched."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import selectors
import subprocess
import threading
import time
from collections import OrderedDict

from analysis import children
from analysis.facts.git_command import TIMEOUT_SECONDS
from analysis.facts.git_folders import GitRefusedError, Repository
from analysis.facts.git_stand_in import open_repository
from analysis.facts.source_tree import TOO_LARGE

MISSING = "its content is missing in the repository"
NO_ANSWER = "git did not answer in time, or could not be started"
#: Why nothing is known of the content of a file at a revision.
UNKNOWN = frozenset({MISSING, NO_ANSWER})
#: Digits of an object's name by which the two kinds of repositories differ.
_SHA1_DIGITS = 40
#: Repositories that are held open by one process: each has a child.
_MOST_OPEN = 16
_LONGEST_HEADER_BYTES = 200
_PORTION_BYTES = 1 << 20
_MOST_HELD_BYTES = 64 << 20


class _TooLargeError(Exception):
    """A blob is larger than is read; nothing of it was."""


class ObjectReader:
    """Lists trees and reads blobs of one repository; the child is started when the first blob is asked for."""

    def __init__(self, repository: Repository) -> None:
        """Open a repository; raises ``GitRefusedError`` when its objects are not read."""
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()
        self._git = self._stack.enter_context(open_repository(repository, repository.top, with_history=True))
        self._child: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._blobs: OrderedDict[str, bytes] = OrderedDict()
        self._held_bytes = 0

    def list_tree(self, commit: str, folder: str) -> bytes | None:
        """Return what ``git ls-tree -r -l -z`` prints of a folder at a commit; None when not all is there."""
        with self._lock:
            return self._git.run("ls-tree", "-r", "-l", "-z", f"{commit}:{folder}", at_top=True)

    def list_folder(self, commit: str, folder: str) -> dict[str, str] | None:
        """Return the kind (``tree``, ``blob``, ``commit``) of each entry of one folder; None when it cannot be had."""
        with self._lock:
            listed = self._git.run("ls-tree", "-z", f"{commit}:{folder}", at_top=True)
        lines = (line.partition(b"\t") for line in (listed or b"").split(b"\0") if line)
        return None if listed is None else {os.fsdecode(name): about.split()[1].decode() for about, _, name in lines}

    def read_blob(self, blob: str, *, most_bytes: int) -> bytes:
        """Return the content of a blob; ``OSError`` for a larger one, and where it is missing, damaged or misnamed."""
        with self._lock:
            known = self._blobs.get(blob)
            if known is not None and len(known) <= most_bytes:
                self._blobs.move_to_end(blob)
                return known
            content = self._read(blob, most_bytes)
        if content is None or _name_blob(content, blob) != blob:
            raise OSError(errno.EIO, MISSING, blob)
        self._hold(blob, content)
        return content

    def _read(self, blob: str, most_bytes: int) -> bytes | None:
        """Return the content of a blob; None where it is missing, or damaged: there git ends twice."""
        for _ in range(2):
            try:
                return self._ask(blob, most_bytes, time.monotonic() + TIMEOUT_SECONDS)
            except _TooLargeError:
                self._end_child()
                raise OSError(errno.EFBIG, TOO_LARGE, blob) from None
            except (EOFError, ValueError, BrokenPipeError):
                self._end_child()
            except OSError:
                self._end_child()
                raise OSError(errno.EIO, NO_ANSWER, blob) from None
        return None

    def _hold(self, blob: str, content: bytes) -> None:
        """Hold a blob in memory: at one commit after the other nearly all are the same, and several rules read one."""
        with self._lock:
            self._held_bytes += len(content) - len(self._blobs.pop(blob, b""))
            self._blobs[blob] = content
            while self._held_bytes > _MOST_HELD_BYTES:
                self._held_bytes -= len(self._blobs.popitem(last=False)[1])

    def close(self) -> None:
        """End the child, and remove what was made for it."""
        with self._lock:
            self._end_child()
            self._stack.close()

    def _ask(self, blob: str, most_bytes: int, deadline: float) -> bytes | None:
        if self._child is None:
            self._child, self._rest = self._git.start("cat-file", "--batch"), b""
        assert self._child.stdin is not None
        self._child.stdin.write(f"{blob}\n".encode("ascii"))
        while b"\n" not in self._rest:
            if len(self._rest) > _LONGEST_HEADER_BYTES:
                raise ValueError("no header of an object")
            self._rest += self._read_more(_PORTION_BYTES, deadline)
        header, _, self._rest = self._rest.partition(b"\n")
        words = header.split()
        if len(words) != 3:
            return None
        if int(words[2]) > most_bytes:
            raise _TooLargeError
        size, parts = int(words[2]) + 1, [self._rest]
        left = size - len(self._rest)
        while left > 0:
            parts.append(self._read_more(min(left, _PORTION_BYTES), deadline))
            left -= len(parts[-1])
        content = b"".join(parts)
        self._rest = content[size:]
        return content[: size - 1] if words[1] == b"blob" else None

    def _read_more(self, most: int, deadline: float) -> bytes:
        assert self._child is not None and self._child.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
        part = os.read(self._child.stdout.fileno(), most)
        if not part:
            raise EOFError
        return part

    def _end_child(self) -> None:
        if self._child is not None:
            for pipe in (self._child.stdin, self._child.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
            children.end(self._child)
        self._child, self._rest = None, b""


def _name_blob(content: bytes, name: str) -> str:
    """Return the name that a blob has: git compares it for loose objects only, and a pack may say anything."""
    data = b"blob %d\0" % len(content) + content
    if len(name) == _SHA1_DIGITS:
        return hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return hashlib.sha256(data).hexdigest()


_Key = tuple[Repository, int, int]
_READERS: OrderedDict[_Key, ObjectReader] = OrderedDict()
_LOCK = threading.Lock()
os.register_at_fork(after_in_child=_READERS.clear)  # their children belong to the process that was forked


def open_reader(repository: Repository) -> ObjectReader:
    """Return the reader of a repository, one for each process; ``GitRefusedError`` when its objects are not read."""
    try:
        about = os.stat(repository.common)
    except OSError as error:
        raise GitRefusedError(f"its git folder cannot be read ({error.strerror})") from None
    key = (repository, about.st_dev, about.st_ino)
    with _LOCK:
        reader = _READERS.get(key)
        if reader is None:
            reader = _READERS[key] = ObjectReader(repository)
        _READERS.move_to_end(key)
        while len(_READERS) > _MOST_OPEN:
            _READERS.popitem(last=False)[1].close()
        return reader
