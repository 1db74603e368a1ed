"""The plan for the probe's child: modules, their order, and what to load first."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from analysis import tables
from analysis.facts import Facts
from analysis.facts.naming import PARENT, ROOT_MARK
from analysis.graph import ImportGraph
from analysis.resolve import absolute_name
from analysis.resolve.modules import ModuleIndex
from analysis.resolve.search import Finder
from analysis.runtime.options import ProbeOptions

_MOST_PRELOADED = 400
#: What fewer modules begin with is not imported early.
_LEAST_LED = 3
_STANDARD = frozenset(sys.stdlib_module_names)
_SKIPPED = re.compile(r'"importorskip",\d+\],\[\["k","([\w.]+)"\]')
_KINDS = frozenset({"module", "package"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One module to import first: its name and its file, relative to the target."""

    module: str
    path: str


def find_entries(facts: Facts, only: Sequence[str] = (), *, finder: Finder | None = None) -> list[Entry]:
    """Return the modules that an import statement can name and a pattern wants, each file once, sorted.

    A file that hides behind a module of the standard library, which comes first, is none of them.
    """
    finder = finder or Finder(ModuleIndex(facts.modules), facts.imports)
    columns = ("module", "path", "kind", "is_primary", "shadowed_by")
    rows = tables.read_rows(facts.modules, *columns)
    found = [
        Entry(module, path)
        for module, path, kind, is_primary, shadowed_by in rows
        if kind in _KINDS
        and is_primary
        and not shadowed_by
        and ROOT_MARK not in module
        and finder.is_reached_by_name(module, path)
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
    """Return the third-party modules that the target imports at module level, most imported first."""
    own = frozenset(tops)
    counts: dict[str, int] = {}
    columns = ("module", "package", "scope")
    for module, package, scope in tables.read_rows(graph.externals, *columns):
        if scope == "module" and package not in own and package not in {"__main__", "antigravity", "this"}:
            counts[module] = counts.get(module, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))[:_MOST_PRELOADED]


def find_outside(facts: Facts, graph: ImportGraph, tops: Iterable[str]) -> dict[str, list[str]]:
    """Return all third-party modules that the target imports, each with the imported names.

    Among them those without which a test module is skipped (``pytest.importorskip``).
    """
    own = frozenset(tops)
    found: dict[str, set[str]] = {}
    columns = ("module", "package", "name")
    for module, package, name in tables.read_rows(graph.externals, *columns):
        if package not in own:
            found.setdefault(module, set()).update([name] if name not in {"", "*"} else [])
    for program in tables.read_column(facts.programs, "program"):
        if '"importorskip"' in program:
            for module in _SKIPPED.findall(program):
                found.setdefault(module, set())
    return {module: sorted(names) for module, names in sorted(found.items())}


def find_leads(facts: Facts, entries: Iterable[Entry]) -> dict[str, list[tuple[str, str]]]:
    """Return what each module imports before it does anything else: pairs of module and, after ``from``, a name.

    The standard library is left out; a star ends the list.
    """
    entries = list(entries)
    programs = dict(tables.read_rows(facts.programs, "path", "program"))
    standard = _STANDARD - {entry.module.partition(".")[0] for entry in entries}
    found = {}
    for entry in entries:
        package = entry.module if entry.path.endswith("__init__.py") else entry.module.rpartition(".")[0]
        try:
            leads = _read_leads(json.loads(programs.get(entry.path, "[]")), package)
        except RecursionError:  # nested more deeply than is left of the stack here: its order is not known
            continue
        found[entry.module] = [lead for lead in leads if lead[0].partition(".")[0] not in standard]
    return {module: leads for module, leads in found.items() if leads}


def _read_leads(program: Iterable[Any], package: str) -> Iterator[tuple[str, str]]:
    for statement in program:
        if statement[0] == "import":
            yield from ((name, "") for name, _ in statement[2])
        elif statement[0] == "from":
            _, _, level, name, aliases = statement
            module = absolute_name(package, level, name)
            if not module or aliases[0][0] == "*":
                return
            yield from ((module, alias) for alias, _ in aliases)
        elif statement[0] not in {"e", "="} or not _is_constant(statement[-1]):
            return


def _is_constant(value: Sequence[Any]) -> bool:
    return value[0] == "k" or (value[0] == "l" and all(_is_constant(each) for each in value[1]))


def find_empty(facts: Facts) -> list[str]:
    """Return the packages whose ``__init__`` does nothing: when they are imported makes no difference."""
    statuses = tables.read_rows(facts.files, "path", "status")
    programs = dict(tables.read_rows(facts.programs, "path", "program"))
    idle = {path for path, status in statuses if status == "ok" and programs.get(path, "[]") == "[]"}
    rows = tables.read_rows(facts.modules, "module", "path")
    return [module for module, path in rows if path.endswith("__init__.py") and path in idle]


def find_rounds(waiting: Sequence[str], leads: Mapping[str, Sequence[tuple[str, str]]]) -> list[list[str]]:
    """Return the modules in two rounds: first what several others begin with, and the packages around it.

    >>> find_rounds(["a", "p", "p.b", "c", "d"], {name: [("p.b", "")] for name in "acd"})
    [['p', 'p.b'], ['a', 'c', 'd']]
    """
    known = set(waiting)
    needs = {name: {each for pair in leads.get(name, ()) for each in _name(*pair) if each in known} for name in waiting}
    counts = Counter(each for found in needs.values() for each in found)
    leading = {name for name, count in counts.items() if count >= _LEAST_LED}
    leading |= known & {name[:end] for name in leading for end, letter in enumerate(name) if letter == "."}
    rounds = [[name for name in waiting if name in leading], [name for name in waiting if name not in leading]]
    return [names for names in rounds if names]


def _name(module: str, attribute: str) -> tuple[str, ...]:
    return (module, f"{module}.{attribute}") if attribute else (module,)


def build_plan(
    facts: Facts,
    graph: ImportGraph,
    options: ProbeOptions,
    waiting: Sequence[str],
    ok: Sequence[str],
    unfit: Sequence[str],
    scratch: Path,
    *,
    alone: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the document for the child.

    ``waiting`` are the modules to import, ``ok`` those of which it is known that their import succeeds, ``unfit``
    what must not be loaded into a process that serves others, ``alone`` which of those waiting come first, while no
    other runs.
    """
    tops = sorted({name.partition(".")[0] for name in tables.read_column(facts.modules, "module")})
    preloaded = find_preloaded(graph, tops) if options.preload else []
    leads = find_leads(facts, find_entries(facts, options.only)) if options.share else {}
    others = [name for name in waiting if name not in set(alone)]
    return {
        "root": str(facts.root), "paths": find_search_path(facts, options), "tops": tops, "leads": leads,
        "alone": list(alone), "rounds": find_rounds(others, leads), "empty": find_empty(facts),
        "preload": [name for name in preloaded if name not in set(unfit)], "share": options.share, "ok": list(ok),
        "unfit": list(unfit), "outside": find_outside(facts, graph, tops),
        "jobs": options.jobs or 2, "timeout": options.timeout, "cpu_seconds": options.cpu_seconds,
        "memory_bytes": options.memory_bytes, "open_files": options.open_files, "file_bytes": options.file_bytes,
        "isolate": options.isolate and sys.platform == "linux", "scratch": str(scratch),
    }  # fmt: skip
