"""What was asked of the files of a target beside their facts, so that a result holds while they answer the same.

Facts are known by the hashes of their files. Rules and resolution ask more: for a line of a Makefile, whether a folder
is there, who is in it. Each question is noted with a digest of its answer, and asked again before a result is reused.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from analysis.facts.read_files import HASH_DIGITS
from analysis.facts.source_tree import FileStatus, FolderEntry, SourceTree

Answer = TypeVar("Answer")
#: Method of ``SourceTree``, path, and the limit in bytes (-1: none).
Question = tuple[str, str, int]


class AskedFiles:
    """The questions that were asked of a tree, each with a digest of its answer.

    ``known`` are the hashes of the files whose facts the result depends on anyway: to read one of these is no
    question. ``is_steady`` is False where such a file was not what its facts say: then nothing may be kept.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self.answers: dict[Question, str] = {}
        self.is_steady = True
        self._known = known

    def note(self, question: Question, answer: str) -> None:
        """Note an answer; two that differ are of a tree that changes meanwhile."""
        if self.answers.setdefault(question, answer) != answer:
            self.is_steady = False

    def note_bytes(self, path: str, limit: int, content: bytes) -> None:
        """Note what a file holds."""
        digest = hashlib.sha256(content).hexdigest()[:HASH_DIGITS]
        known = self._known.get(path)
        if known is None:
            self.note(("read_bytes", path, limit), digest)
        elif known != digest:
            self.is_steady = False


def is_unchanged(tree: SourceTree, answers: Iterable[tuple[Question, str]]) -> bool:
    """Return whether a tree answers some questions as it did."""
    asked = AskedFiles({})
    for question, answer in answers:
        asking = AskedTree(tree, asked)
        with contextlib.suppress(OSError):
            _ask(asking, question)
        if asked.answers.get(question) != answer:
            return False
    return True


def _ask(tree: AskedTree, question: Question) -> None:
    method, path, limit = question
    if method == "read_bytes":
        tree.read_bytes(path, most_bytes=None if limit < 0 else limit)
    else:
        getattr(tree, method)(path)


class AskedTree:
    """A tree whose questions and answers are noted."""

    __slots__ = ("_asked", "_tree")

    def __init__(self, tree: SourceTree, asked: AskedFiles) -> None:
        self._tree, self._asked = tree, asked

    @property
    def root(self) -> Path:
        """The folder of the target."""
        return self._tree.root

    def list_folder(self, folder: str) -> list[FolderEntry]:
        """Return the entries of a folder, in any order."""
        return self._answer("list_folder", folder, lambda: self._tree.list_folder(folder), _describe_entries)

    def has_file(self, path: str) -> bool:
        """Return whether there is a file."""
        return self._answer("has_file", path, lambda: self._tree.has_file(path), str)

    def has_folder(self, path: str) -> bool:
        """Return whether there is a folder."""
        return self._answer("has_folder", path, lambda: self._tree.has_folder(path), str)

    def find_status(self, path: str) -> FileStatus:
        """Return size and stamp of a file."""
        return self._answer("find_status", path, lambda: self._tree.find_status(path), repr)

    def find_link(self, path: str) -> str:
        """Return to which file or folder of the target a link leads."""
        return self._answer("find_link", path, lambda: self._tree.find_link(path), str)

    def count_python_files(self, folder: str) -> int:
        """Return the number of ``.py`` files below a folder."""
        return self._answer("count_python_files", folder, lambda: self._tree.count_python_files(folder), str)

    def read_bytes(self, path: str, *, most_bytes: int | None = None) -> bytes:
        """Return what a file holds."""
        limit = -1 if most_bytes is None else most_bytes
        try:
            content = self._tree.read_bytes(path, most_bytes=most_bytes)
        except OSError as error:
            self._asked.note(("read_bytes", path, limit), _describe_error(error))
            raise
        self._asked.note_bytes(path, limit, content)
        return content

    def _answer(self, method: str, path: str, ask: Callable[[], Answer], describe: Callable[[Answer], str]) -> Answer:
        try:
            answer = ask()
        except OSError as error:
            self._asked.note((method, path, -1), _describe_error(error))
            raise
        self._asked.note((method, path, -1), describe(answer))
        return answer


def _describe_entries(entries: list[FolderEntry]) -> str:
    described = sorted((each.name, each.is_dir(), each.is_symlink()) for each in entries)
    return hashlib.sha256(repr(described).encode()).hexdigest()


def _describe_error(error: OSError) -> str:
    return f"error {error.errno} {error.strerror}"
