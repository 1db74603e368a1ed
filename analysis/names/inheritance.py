"""Which class extends which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from analysis import tables
from analysis.names.paths import Resolution
from analysis.resolve.values import choose


class Inheritance:
    """The bases of each class statement, as definitions: ``pkg.mod:Qual``, or ``package:name`` outside the tree."""

    def __init__(self, bases: Mapping[str, Sequence[str]]) -> None:
        self.bases = bases
        self._ancestors: dict[str, frozenset[str]] = {}

    def build_table(self) -> pa.Table:
        """Return ``tables.BASES``, sorted by definition; the bases of a class in their order."""
        rows = ((definition, base) for definition, bases in sorted(self.bases.items()) for base in bases)
        return tables.BASES.from_rows(rows)

    def find_ancestors(self, definition: str) -> frozenset[str]:
        """Return all classes that a class extends, directly or not."""
        known = self._ancestors.get(definition)
        if known is None:
            found: set[str] = set()
            waiting = list(self.bases.get(definition, ()))
            while waiting:
                base = waiting.pop()
                if base not in found and base != definition:
                    found.add(base)
                    waiting.extend(self.bases.get(base, ()))
            known = self._ancestors[definition] = frozenset(found)
        return known

    def are_related(self, definitions: Iterable[str]) -> bool:
        """Return whether each class of a group extends another of it or is extended by one."""
        group = set(definitions)
        related: set[str] = set()
        for definition in group:
            above = self.find_ancestors(definition) & group
            if above:
                related |= above | {definition}
        return bool(group) and related == group


def find_inheritance(definitions: pa.Table, resolution: Resolution) -> Inheritance:
    """Resolve the bases of each class statement that a program can have by an import."""
    found: dict[str, tuple[str, ...]] = {}
    columns = ("path", "qualname", "scope", "position", "bases")
    for path, qualname, scope, position, bases in zip(
        *(tables.read_column(definitions, name) for name in columns), strict=True
    ):
        module = resolution.index.find_file(path)
        if module is None or not resolution.index.is_importable(module) or scope in {"function", "type_checking"}:
            continue
        targets = []
        for written in bases:
            dotted = written.partition("[")[0]
            if dotted.replace(".", "").isidentifier():
                value = choose(resolution.resolver.resolve_dotted(module, dotted, position)).value
                if value.target:
                    targets.append(value.target)
        found.setdefault(f"{module.name}:{qualname}", tuple(targets))
    return Inheritance(found)


def read_inheritance(bases: pa.Table) -> Inheritance:
    """Return what a table of bases says."""
    found: dict[str, list[str]] = defaultdict(list)
    for definition, base in tables.read_rows(bases, *tables.BASES.names):
        found[definition].append(base)
    return Inheritance(dict(found))
