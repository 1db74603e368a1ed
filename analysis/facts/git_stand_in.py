"""A stand-in of a target's git folder, made for one question, with what is data in it and nothing that acts.

It has our own configuration, and of the target only ``HEAD``, the index, references, ``info/exclude`` and, for its
history, objects. No configuration, hook, attribute, remote, replacement, graft or alternate of the target is in it.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from analysis.children import scratch_folder
from analysis.facts.git_command import TIMEOUT_SECONDS, Git
from analysis.facts.git_folders import (
    GitRefusedError,
    Repository,
    find_repository,
    read_regular,
    refuse_links,
)

_LARGEST_FILE_BYTES = 512 << 20
_LARGEST_CONFIG_BYTES = 4 << 20
#: Of the target's own configuration: what its files would be misread without.
_WORDS = re.compile(rb"worktree|objectformat|refstorage|ignorecase", re.IGNORECASE)
_FORMATS = {"extensions.objectformat": ("sha1", "sha256"), "extensions.refstorage": ("files", "reftable")}
_UPSTREAM = re.compile(r"branch\..+\.(?:remote|merge)|remote\..+\.fetch", re.DOTALL)
_HEADS = ("ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD")


@contextlib.contextmanager
def open_git(
    folder: str | os.PathLike[str], *, with_history: bool = False, timeout_seconds: float = TIMEOUT_SECONDS
) -> Iterator[Git | None]:
    """Yield git on the repository around a folder; None without one. Objects can be read ``with_history`` only.

    After ``timeout_seconds`` one command is ended, and git is asked no more.

    Raises ``GitRefusedError`` when answering would read from outside the repository.
    """
    repository = find_repository(folder)
    if repository is None:
        yield None
        return
    with open_repository(repository, folder, with_history=with_history, timeout_seconds=timeout_seconds) as git:
        yield git


@contextlib.contextmanager
def open_repository(
    repository: Repository, folder: str | os.PathLike[str], *, with_history: bool = False,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Iterator[Git]:  # fmt: skip
    """Yield git on a repository, asked about a folder in it; the rest is as of ``open_git``."""
    with contextlib.ExitStack() as stack:
        try:
            name = stack.enter_context(scratch_folder("ssot-git-"))
            place = os.path.realpath(name)
            git = Git(os.path.realpath(folder), repository, place, timeout_seconds=timeout_seconds)
            _fill(git, name, with_history=with_history)
        except OSError as error:
            raise GitRefusedError(f"its git folder cannot be read or copied ({error.strerror})") from None
        yield git


def _fill(git: Git, place: Path, *, with_history: bool) -> None:
    (place / "objects").mkdir()
    (place / "info").mkdir()
    _write_configuration(git, place, with_history=with_history)
    _copy_data(git.repository, place)
    git.has_read_exclude = _copy_exclude(git.repository, place)
    if with_history:
        _link_history(git.repository, place)


def has_alternates(repository: Repository) -> bool:
    """Return whether a repository takes objects from another one; such objects are never read."""
    return os.path.lexists(os.path.join(repository.common, "objects", "info", "alternates"))


def _write_configuration(git: Git, place: Path, *, with_history: bool) -> None:
    """Write our configuration, with what the target's own says of its formats and, for its history, of upstreams."""
    known = _read_configuration(git, place, with_history=with_history)
    lines = ["[core]", "bare = false"]
    formats = {key: value for key, value in known.items() if key in _FORMATS}
    if any(value not in _FORMATS[key] for key, value in formats.items()):
        raise GitRefusedError("its configuration has an unknown repository format")
    lines.append(f"repositoryformatversion = {1 if formats else 0}")
    if known.get("core.ignorecase", "").lower() in {"true", "yes", "on", "1"}:
        lines.append("ignorecase = true")
    if formats:
        lines += ["[extensions]", *(f"{key.partition('.')[2]} = {value}" for key, value in formats.items())]
    for key, value in known.items():
        section, _, rest = key.partition(".")
        subsection, _, name = rest.rpartition(".")
        if _UPSTREAM.fullmatch(key):
            lines += [f"[{section} {_quote(subsection)}]", f"{name} = {_quote(value)}"]
    (place / "config").write_text("\n".join([*lines, ""]), encoding="utf-8", errors="surrogateescape")


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _read_configuration(git: Git, place: Path, *, with_history: bool) -> dict[str, str]:
    """Return the target's own configuration, without what it includes; where it is needed only."""
    repository = git.repository
    raw = read_regular(repository.common, "config", most_bytes=_LARGEST_CONFIG_BYTES) or b""
    if not with_history and not _WORDS.search(raw):
        return {}
    (place / "theirs").write_bytes(raw)
    listed = git.run("config", "--file", str(place / "theirs"), "--no-includes", "--null", "--list")
    if listed is None:
        raise GitRefusedError("its configuration cannot be read")
    pairs = (entry.partition("\n") for entry in os.fsdecode(listed).split("\0") if entry)
    known = {key: value for key, _, value in pairs}
    tree = known.get("core.worktree", "")
    is_own = repository.folder == repository.common  # a linked work tree has its own pointers
    if tree and is_own and os.path.realpath(os.path.join(repository.folder, tree)) != repository.top:
        raise GitRefusedError("its core.worktree names another folder")
    return known


def _copy_data(repository: Repository, place: Path) -> None:
    """Copy what the target's git folder says of the work tree; references are linked once they are known as plain."""
    (place / "HEAD").write_bytes(_read_head(repository.folder))
    shared = [name for name in sorted(os.listdir(repository.folder)) if name.startswith("sharedindex.")]
    own = [(repository.folder, name) for name in ("index", *shared[:8], *_HEADS)]
    common = [(repository.common, name) for name in ("packed-refs", "shallow")]
    for folder, name in [*own, *common]:
        data = read_regular(folder, name, most_bytes=_LARGEST_FILE_BYTES)
        if data is not None:
            (place / name).write_bytes(data)
            about = os.lstat(os.path.join(folder, name))  # git compares the time of the index with those of files
            os.utime(place / name, ns=(about.st_atime_ns, about.st_mtime_ns))
    for name in ("refs", "reftable"):
        if os.path.lexists(os.path.join(repository.common, name)):
            _link(repository, place, name)


def _copy_exclude(repository: Repository, place: Path) -> bool:
    """Copy the patterns that the clone keeps for itself; return False for a link or no file, which people do have."""
    try:
        data = read_regular(repository.common, "info/exclude", most_bytes=_LARGEST_CONFIG_BYTES)
    except GitRefusedError:
        return False
    if data is not None:
        (place / "info" / "exclude").write_bytes(data)
    return True


def _read_head(folder: str) -> bytes:
    path = os.path.join(folder, "HEAD")
    named = os.readlink(path) if os.path.islink(path) else ""
    if named.startswith("refs/"):  # as git wrote it long ago
        return os.fsencode(f"ref: {named}\n")
    return read_regular(folder, "HEAD", most_bytes=_LARGEST_CONFIG_BYTES) or b""


def _link_history(repository: Repository, place: Path) -> None:
    """Link the objects that lie in the repository itself, and what its references were before.

    The list of other repositories to take objects from (alternates) is not among them: those are never opened.
    """
    objects = os.path.join(repository.common, "objects")
    for name in ("pack", *(f"{number:02x}" for number in range(256))):
        if os.path.lexists(os.path.join(objects, name)):
            _link(repository, place, f"objects/{name}")
        else:  # a later commit may make it, while a long-lived child of git reads
            (place / "objects" / name).symlink_to(os.path.join(objects, name))
    (place / "logs").mkdir()
    head = read_regular(repository.folder, "logs/HEAD", most_bytes=_LARGEST_FILE_BYTES)
    if head is not None:
        (place / "logs" / "HEAD").write_bytes(head)
    if os.path.lexists(os.path.join(repository.common, "logs", "refs")):
        _link(repository, place, "logs/refs")


def _link(repository: Repository, place: Path, name: str) -> None:
    refuse_links(repository.common, name)
    (place / name).symlink_to(os.path.join(repository.common, name))
