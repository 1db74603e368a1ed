"""How the interface of a target differs between two snapshots: modules, and the names to import from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from analysis import tables
from analysis.history.changed_findings import ComparedSnapshot

#: Kinds of what a module only imports from outside the target: no name of its own.
_FOREIGN = frozenset({"external"})
_ORDER = ("vanishes", "changes", "moves", "appears")
_NOT_IMPORTED = frozenset({"script", "notebook"})


class ChangedName(NamedTuple):
    """A module or a name in one that appears, vanishes, or means another object.

    ``change`` is ``appears``, ``vanishes``, ``moves`` (the same class body, defined elsewhere) or ``changes``; ``what``
    is ``module`` or ``name``. ``object`` and ``object_before`` are what it means, ``kind`` and ``kind_before`` of what
    kind that is; ``names`` is how many names of a module come or go with it. ``statements`` are the import statements
    in the target that take it: those of before, for one that vanishes.
    """

    change: str
    what: str
    import_path: str
    kind: str
    object: str
    path: str
    line: int
    kind_before: str = ""
    object_before: str = ""
    names: int = 0
    statements: int = 0


class _Name(NamedTuple):
    module: str
    kind: str
    object: str
    path: str
    line: int
    statements: int


def find_changed_names(before: ComparedSnapshot, after: ComparedSnapshot) -> list[ChangedName]:
    """Return what an importer of the target notices, what breaks one first, also where nobody in the target does.

    The names of a module that appears or vanishes as a whole are counted in its row.
    """
    modules = [_read_modules(each) for each in (before, after)]
    names = [_read_names(each) for each in (before, after)]
    bodies = [_read_bodies(each) for each in (before, after)]
    found = [*_compare_modules(modules[0], modules[1], names[0], names[1])]
    common = modules[0].keys() & modules[1].keys()
    for import_path in sorted(names[0].keys() | names[1].keys()):
        old, new = names[0].get(import_path), names[1].get(import_path)
        known = new or old
        if known is not None and known.module in common and known.kind not in _FOREIGN:
            found += _compare_name(import_path, old, new, bodies[0], bodies[1])
    return sorted(found, key=lambda each: (_ORDER.index(each.change), each.import_path, each.what))


def _compare_modules(
    old: dict[str, tuple[str, str]], new: dict[str, tuple[str, str]], old_names: dict[str, _Name],
    new_names: dict[str, _Name],
) -> Iterator[ChangedName]:  # fmt: skip
    counted = [Counter(each.module for each in names.values()) for names in (old_names, new_names)]
    taken = Counter[str]()
    for each in old_names.values():
        taken[each.module] += each.statements
    for name in new.keys() - old.keys():
        path, kind = new[name]
        yield ChangedName("appears", "module", name, kind, "", path, 1, names=counted[1][name])
    for name in old.keys() - new.keys():
        path, kind = old[name]
        yield ChangedName(
            "vanishes",
            "module",
            name,
            "",
            "",
            path,
            1,
            kind_before=kind,
            names=counted[0][name],
            statements=taken[name],
        )


def _compare_name(
    import_path: str, old: _Name | None, new: _Name | None, old_bodies: dict[str, str], new_bodies: dict[str, str]
) -> Iterator[ChangedName]:
    if old is None and new is not None:
        yield ChangedName(
            "appears", "name", import_path, new.kind, new.object, new.path, new.line, statements=new.statements
        )
    elif new is None and old is not None:
        yield ChangedName(
            "vanishes", "name", import_path, "", "", old.path, old.line, old.kind, old.object, statements=old.statements
        )
    elif old is not None and new is not None and (old.object, old.kind) != (new.object, new.kind):
        body = old_bodies.get(old.object, "")
        is_same = bool(body) and body == new_bodies.get(new.object, "")
        yield ChangedName(
            "moves" if is_same else "changes", "name", import_path, new.kind, new.object, new.path, new.line, old.kind,
            old.object, statements=new.statements,
        )  # fmt: skip


def _read_modules(snapshot: ComparedSnapshot) -> dict[str, tuple[str, str]]:
    """Return file and kind of each name by which a module can be imported."""
    rows = tables.read_rows(snapshot.table("modules"), "module", "path", "kind", "shadowed_by")
    return {
        name: (path, kind) for name, path, kind, shadow in rows if not shadow and kind not in {"script", "notebook"}
    }


def _read_names(snapshot: ComparedSnapshot) -> dict[str, _Name]:
    columns = ("import_path", "module", "kind", "definition", "path", "line", "statements")
    return {import_path: _Name(*rest) for import_path, *rest in tables.read_rows(snapshot.table("paths"), *columns)}


def _read_bodies(snapshot: ComparedSnapshot) -> dict[str, str]:
    """Return the hash of the body of each class by its definition."""
    modules = {path: name for name, (path, _) in sorted(_read_modules(snapshot).items(), reverse=True)}
    rows = tables.read_rows(snapshot.table("definitions"), "path", "qualname", "fingerprint")
    return {f"{modules[path]}:{qualname}": body for path, qualname, body in rows if path in modules}
