"""The manifest of a snapshot: what was analysed, when, how, and what is missing.

Its fields are the keys of ``manifest.json``. Reading is tolerant: what an older version did not write has its default,
and what a newer one writes beside it is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from analysis.targets import Target, describe_place, read_target

#: Where a policy comes from, when not from a file that the caller names.
OWN_POLICY, GIVEN_POLICY = "own", "given"


@dataclass(frozen=True, slots=True)
class FileChange:
    """Files of the target that changed while modules were imported: the first names, how many, and by which modules."""

    changed: tuple[str, ...] = ()
    files: int = 0
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbeRun:
    """How the target's modules were imported: by which interpreter, how isolated, how many, and with what losses."""

    python: str = ""
    version: str = "unknown"
    network: str = "unknown"
    target: str = "unknown"
    processes: str = "unknown"
    preloaded: int = 0
    modules: int = 0
    lost: int = 0
    restarts: int = 0
    changed: tuple[FileChange, ...] = ()
    taken_over: int = 0
    seconds: float = 0.0
    timeout: float = 0.0

    @property
    def plain_version(self) -> str:
        """The version of the interpreter without what it was built with."""
        return self.version.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class BaselineTrend:
    """How the findings compare with the target's own baseline; ``problem`` says why it could not be read."""

    problem: str = ""
    revision: str = ""
    score: float = 0.0
    known: int = 0
    new: int = 0
    worse: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class GoldenSource:
    """The measurement of the golden path that a snapshot holds; ``change`` says how it differs from the one before."""

    revision: str = "an unknown revision"
    created: str = ""
    command: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    parallel: int = 1
    seed: int | None = None
    stopped: bool = False
    change: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself.

    ``commit`` is the full name of the commit that was read from git, empty for the files on the disk: a target at a
    commit is one of its own (``shop@012345678``). ``changed`` are files that hold something else here than on the disk
    or at the commit: with any, the snapshot is about a tree that is nowhere.
    ``created`` is ISO in UTC; ``named``: the policy gives the target its name; ``policy_source``: the file that the
    caller named for it, ``own`` for the target's or none, ``given`` for one that was no file. ``counts`` are rows by
    table, ``statuses`` files by status, ``left_out`` files by reason, ``timings`` seconds by step. ``probe``,
    ``baseline`` and ``golden`` are None where there was none.
    """

    target: str
    root: str = ""
    revision: str = ""
    created: str = ""
    named: bool = False
    tool_version: str = ""
    python: str = ""
    git_problem: str = ""
    notice: str = ""
    not_simulated: int = 0
    files_read: int = 0
    policy: Mapping[str, Any] = field(default_factory=dict)
    policy_source: str = OWN_POLICY
    commit: str = ""
    changed: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    statuses: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    probe: ProbeRun | None = None
    baseline: BaselineTrend | None = None
    golden: GoldenSource | None = None

    @property
    def as_target(self) -> Target:
        """The target that the snapshot is of."""
        root = describe_place(self.root, self.commit)
        return Target(self.target, root, is_named=self.named or not self.root)


_Part = TypeVar("_Part", ProbeRun, BaselineTrend, GoldenSource)
_PARTS = ("probe", "baseline", "golden")


@cache
def _find_reader() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def write_manifest(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest as the values of a JSON document; a part that is not there is an empty object."""
    return {key: {} if key in _PARTS and value is None else value for key, value in asdict(manifest).items()}


def read_manifest(document: Mapping[str, Any]) -> Manifest:
    """Return the manifest of a JSON document, of this or an older version; ``ValueError`` when it is none."""
    if not isinstance(document.get("target"), str):
        raise ValueError("a manifest names its target")
    try:
        named = read_target(document).is_named and bool(document.get("root"))
        parts = {key: document.get(key) or None for key in _PARTS}
        return _find_reader().validate_python({**document, "named": named, **parts})
    except (ValidationError, AttributeError) as error:
        raise ValueError(str(error).splitlines()[0]) from None


def build_part(kind: type[_Part], values: Mapping[str, Any]) -> _Part | None:
    """Return a part of a manifest from values by name, without those that it does not know; None without values."""
    return TypeAdapter(kind).validate_python(dict(values)) if values else None
