"""Which files of a tree are used, beginning with some that are: by import in any scope, or by naming in a text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from analysis.rules.context import RuleContext
from analysis.rules.named_in_files import find_named
from analysis.tables import read_rows


@dataclass(frozen=True, slots=True)
class Uses:
    """What each file imports: ``files`` by path, and the last two parts of the names as ``written``."""

    files: Mapping[str, set[str]]
    written: Mapping[str, set[str]]


def read_uses(case: RuleContext) -> Uses:
    """Return the imports of all files, whatever their scope; of a module also the packages that run before it."""
    index = case.target_resolver.index
    paths: dict[str, set[str]] = defaultdict(set)
    for module in index.all:
        paths[module.name].update([module.path, module.source, *(each.path for each in index.find_around(module))])
    files: dict[str, set[str]] = defaultdict(set)
    for path, name in set(read_rows(case.graph.edges, "path", "imported")):
        files[path] |= paths[name]
    for module in index.all:
        files[module.path].update(each.path for each in index.find_around(module))
    written: dict[str, set[str]] = defaultdict(set)
    for path, level, module_name, name in set(read_rows(case.facts.imports, "path", "level", "module", "name")):
        if not level or module_name:
            whole = f"{module_name}.{name}" if name else module_name
            written[path].update((_shorten(module_name), _shorten(whole)))
    return Uses(files, written)


def _shorten(name: str) -> str:
    return ".".join(name.split(".")[-2:])


def find_reached(
    case: RuleContext, uses: Uses, first: Iterable[str], judged: Mapping[str, str], texts: Iterable[str],
    *, searched: Collection[str] = frozenset(),
) -> set[str]:  # fmt: skip
    """Return the files that are used if ``first`` are; ``judged`` are dotted names by path of those that may not be.

    A file uses what it imports, and the modules that it names; so do the ``texts``, files that are no Python. Those
    that were ``searched`` before name none of them.
    """
    reached: set[str] = set()
    fresh, unread = set(first), sorted(texts)
    while fresh or unread:
        waiting = list(fresh - reached)
        while waiting:
            path = waiting.pop()
            reached.add(path)
            fresh.add(path)
            waiting += uses.files.get(path, set()) - reached
        left = {path: name for path, name in judged.items() if path not in reached}
        reading = [*unread, *sorted(fresh.difference(searched))]
        written = {name for path in fresh for name in uses.written.get(path, ())}
        fresh, unread = {path for path, name in left.items() if _shorten(name) in written}, []
        fresh |= find_named(case.facts.tree, {path: name for path, name in left.items() if path not in fresh}, reading)
    return reached
