"""What the probe's child is told: which modules, in which order, what to load before."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from analysis import tables
from analysis.facts import Facts
from analysis.facts.naming import PARENT, ROOT_MARK
from analysis.graph import ImportGraph
from analysis.runtime.options import ProbeOptions

_MOST_PRELOADED = 400
_SKIPPED = re.compile(r'"importorskip",\d+\],\[\["k","([\w.]+)"\]')
_KINDS = frozenset({"module", "package"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One module to import first: its name and its file, relative to the target."""

    module: str
    path: str


def find_entries(facts: Facts, only: Sequence[str] = ()) -> list[Entry]:
    """Return the modules that an import statement can name and a pattern wants, each file once, sorted."""
    columns = ("module", "path", "kind", "is_primary", "shadowed_by")
    rows = zip(*(tables.read_column(facts.modules, name) for name in columns), strict=True)
    found = [
        Entry(module, path)
        for module, path, kind, is_primary, shadowed_by in rows
        if kind in _KINDS
        and is_primary
        and not shadowed_by
        and ROOT_MARK not in module
        and (not only or any(fnmatchcase(module, pattern) for pattern in only))
    ]
    return sorted(found, key=lambda entry: entry.module)


def find_search_path(facts: Facts, options: ProbeOptions) -> list[str]:
    """Return the folders to import from: the target's roots, those with most modules first, then those asked for."""
    counts: dict[str, int] = {}
    for root in tables.read_column(facts.modules, "root"):
        counts[root] = counts.get(root, 0) + 1
    ordered = sorted(counts, key=lambda root: (-counts[root], root))
    folders = [facts.root.parent if root == PARENT else facts.root / root for root in ordered]
    return [str(folder) for folder in folders] + [str(Path(folder).absolute()) for folder in options.pythonpath]


def find_preloaded(graph: ImportGraph, tops: Iterable[str]) -> list[str]:
    """Return the modules of others that the target imports at module level, the most wanted first."""
    own = frozenset(tops)
    counts: dict[str, int] = {}
    columns = ("module", "package", "scope")
    for module, package, scope in zip(*(tables.read_column(graph.externals, name) for name in columns), strict=True):
        if scope == "module" and package not in own and package not in {"__main__", "antigravity", "this"}:
            counts[module] = counts.get(module, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))[:_MOST_PRELOADED]


def find_outside(facts: Facts, graph: ImportGraph, tops: Iterable[str]) -> dict[str, list[str]]:
    """Return the modules of others that the target imports anywhere, each with the names that it takes from it.

    Among them those without which a test module is skipped (``pytest.importorskip``).
    """
    own = frozenset(tops)
    found: dict[str, set[str]] = {}
    columns = ("module", "package", "name")
    for module, package, name in zip(*(tables.read_column(graph.externals, each) for each in columns), strict=True):
        if package not in own:
            found.setdefault(module, set()).update([name] if name not in {"", "*"} else [])
    for program in tables.read_column(facts.programs, "program"):
        if '"importorskip"' in program:
            for module in _SKIPPED.findall(program):
                found.setdefault(module, set())
    return {module: sorted(names) for module, names in sorted(found.items())}


def build_plan(
    facts: Facts,
    graph: ImportGraph,
    options: ProbeOptions,
    waiting: Sequence[str],
    ok: Sequence[str],
    unfit: Sequence[str],
    scratch: Path,
) -> dict[str, Any]:
    """Return the document for the child.

    ``waiting`` are the modules to import, ``ok`` those of which it is known that their import succeeds, ``unfit``
    what must not be loaded into a process that serves others.
    """
    tops = sorted({name.partition(".")[0] for name in tables.read_column(facts.modules, "module")})
    preloaded = find_preloaded(graph, tops) if options.preload else []
    return {
        "root": str(facts.root), "paths": find_search_path(facts, options), "tops": tops, "modules": list(waiting),
        "preload": [name for name in preloaded if name not in set(unfit)], "share": options.share, "ok": list(ok),
        "unfit": list(unfit), "outside": find_outside(facts, graph, tops),
        "jobs": options.jobs or 2, "timeout": options.timeout, "cpu_seconds": options.cpu_seconds,
        "memory_bytes": options.memory_bytes, "open_files": options.open_files, "file_bytes": options.file_bytes,
        "isolate": options.isolate and sys.platform == "linux", "scratch": str(scratch),
    }  # fmt: skip
