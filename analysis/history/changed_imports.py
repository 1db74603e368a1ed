"""How the import graph of a target differs between two snapshots: edges, and cycles with the edges that closed them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from analysis import tables
from analysis.history.changed_findings import ComparedSnapshot

#: When an import runs, the earliest first; a cycle of a kind is made of edges of that kind and of those before it.
_SCOPES = {"module": 0, "class": 0, "function": 1, "type_checking": 2}
_WORDS = ("import-time", "deferred", "typing")


class ChangedEdge(NamedTuple):
    """One module that imports another: ``change`` is ``new``, ``gone``, ``earlier`` or ``later``.

    ``kind`` is when the import runs (import-time, deferred, typing); ``kind_before`` what it was. ``path`` and ``line``
    are its statement, of one that is gone as it was.
    """

    change: str
    importer: str
    imported: str
    kind: str
    path: str
    line: int
    kind_before: str = ""


class ChangedCycle(NamedTuple):
    """One cycle: ``change`` is ``new``, ``larger``, ``smaller``, ``other`` (members differ both ways) or ``gone``.

    With the same members it runs ``earlier`` or ``later``: it has another kind. ``edges`` are those inside it that are
    new or run earlier now and so closed it, as ``importer -> imported (file:line)``; of a cycle that is smaller, later
    or gone, those that went or run later. ``is_through_packages``: it exists only because the import of a module runs
    its parent packages too.
    """

    change: str
    kind: str
    size: int
    size_before: int
    modules: tuple[str, ...]
    edges: tuple[str, ...]
    is_through_packages: bool = False


class _Edge(NamedTuple):
    rank: int
    path: str
    line: int


class _Cycle(NamedTuple):
    kind: str
    members: frozenset[str]


_Pair = tuple[str, str]
_BETTER = frozenset({"gone", "smaller", "later"})


def find_changed_edges(before: ComparedSnapshot, after: ComparedSnapshot) -> list[ChangedEdge]:
    """Return the pairs of modules whose import came, went, or runs earlier or later, sorted by importer.

    A statement counts, not what it runs besides: that ``import a.b`` also runs ``a`` is no edge of its own.
    """
    old, new = _read_edges(before), _read_edges(after)
    return sorted(_compare(old, new), key=lambda each: (each.importer, each.imported))


def _compare(old: Mapping[_Pair, _Edge], new: Mapping[_Pair, _Edge]) -> Iterator[ChangedEdge]:
    for pair in old.keys() | new.keys():
        was, now = old.get(pair), new.get(pair)
        if was is None and now is not None:
            yield ChangedEdge("new", *pair, _WORDS[now.rank], now.path, now.line)
        elif now is None and was is not None:
            yield ChangedEdge("gone", *pair, "", was.path, was.line, _WORDS[was.rank])
        elif was is not None and now is not None and was.rank != now.rank:
            change = "earlier" if now.rank < was.rank else "later"
            yield ChangedEdge(change, *pair, _WORDS[now.rank], now.path, now.line, _WORDS[was.rank])


def find_changed_cycles(before: ComparedSnapshot, after: ComparedSnapshot) -> list[ChangedCycle]:
    """Return the cycles that came, grew, shrank, run at another time or went; that which runs first comes first.

    After them come those through parent packages, except where they have the same members as one of the others.
    """
    plain, through = (_find_cycles(before, after, with_ancestors=each) for each in (False, True))
    known = {(each.kind, each.modules) for each in plain}
    wider = [each._replace(is_through_packages=True) for each in through if (each.kind, each.modules) not in known]
    return [*plain, *wider]


def _find_cycles(
    before: ComparedSnapshot, after: ComparedSnapshot, *, with_ancestors: bool
) -> list[ChangedCycle]:  # fmt: skip
    edges = list(_compare(*(_read_edges(each, with_ancestors=with_ancestors) for each in (before, after))))
    old, new = (_read_cycles(each, with_ancestors=with_ancestors) for each in (before, after))
    found = _compare_cycles(old, new, edges)
    return sorted(found, key=lambda each: (_WORDS.index(each.kind), -each.size, each.modules))


def _compare_cycles(old: set[_Cycle], new: set[_Cycle], edges: Iterable[ChangedEdge]) -> Iterator[ChangedCycle]:
    left, came = old - new, new - old
    for now in came:
        was = max(left, key=partial(_rank_likeness, now), default=_Cycle("", frozenset()))
        if len(was.members & now.members) < 2:
            was = _Cycle("", frozenset())
        change = _name(was, now)
        chosen = _choose(edges, now.kind, was.members | now.members if change in _BETTER else now.members, change)
        yield ChangedCycle(change, now.kind, len(now.members), len(was.members), tuple(sorted(now.members)), chosen)
    for was in left:
        if not any(len(was.members & each.members) > 1 for each in came):
            chosen = _choose(edges, was.kind, was.members, "gone")
            yield ChangedCycle("gone", was.kind, 0, len(was.members), tuple(sorted(was.members)), chosen)


def _rank_likeness(now: _Cycle, was: _Cycle) -> tuple[int, bool, list[str]]:
    return len(was.members & now.members), was.kind == now.kind, sorted(was.members)


def _name(was: _Cycle, now: _Cycle) -> str:
    if not was.members:
        return "new"
    if was.members == now.members:
        return "earlier" if _WORDS.index(now.kind) < _WORDS.index(was.kind) else "later"
    return "larger" if was.members < now.members else "smaller" if now.members < was.members else "other"


def _choose(edges: Iterable[ChangedEdge], kind: str, members: frozenset[str], change: str) -> tuple[str, ...]:
    """Return the edges between members that explain a change, as texts."""
    wanted = {"gone", "later"} if change in _BETTER else {"new", "earlier"}
    rank = _WORDS.index(kind)
    found = []
    for edge in edges:
        ranks = [_WORDS.index(each) for each in (edge.kind, edge.kind_before) if each]
        if (
            edge.change in wanted
            and {edge.importer, edge.imported} <= members
            and (change in _BETTER or min(ranks) <= rank)
        ):
            found.append(f"{edge.importer} -> {edge.imported} ({edge.path}:{edge.line})")
    return tuple(sorted(found))


def _read_edges(snapshot: ComparedSnapshot, *, with_ancestors: bool = False) -> dict[_Pair, _Edge]:
    """Return for each pair of modules the import that runs first, also those of parent packages where asked."""
    columns = ("importer", "imported", "scope", "path", "line", "is_ancestor")
    found: dict[_Pair, _Edge] = {}
    for importer, imported, scope, path, line, is_ancestor in tables.read_rows(snapshot.table("edges"), *columns):
        edge = _Edge(_SCOPES[scope], path, line)
        is_meant = with_ancestors or not is_ancestor
        if is_meant and importer != imported and edge < found.get((importer, imported), _Edge(9, "", 0)):
            found[importer, imported] = edge
    return found


def _read_cycles(snapshot: ComparedSnapshot, *, with_ancestors: bool) -> set[_Cycle]:
    """Return the cycles without, or with the edges to ancestor packages."""
    rows = tables.read_rows(snapshot.table("cycles"), "kind", "with_ancestors", "modules")
    return {_Cycle(kind, frozenset(modules)) for kind, is_wider, modules in rows if is_wider == with_ancestors}
