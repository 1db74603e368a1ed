"""How the interface of a target differs between two snapshots: modules, and the names to import from them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from analysis import tables
from analysis.history.changed_findings import ComparedSnapshot
from analysis.history.changed_methods import find_changed_methods
from analysis.history.renamed_files import find_renamed_files

#: Kinds of what a module only imports from outside the target: no name of its own.
_FOREIGN = frozenset({"external"})
_ORDER = ("vanishes", "changes", "moves", "appears")
_NOT_IMPORTED = frozenset({"script", "notebook"})


class ChangedName(NamedTuple):
    """A module, a name in one, or a method of a class that appears, vanishes, moves, or means another object.

    ``change`` is ``appears``, ``vanishes``, ``moves`` or ``changes``; ``what`` is ``module``, ``name`` or ``method``. A
    name moves when it means the same class body, defined elsewhere, or the same object of a module that moved; a module
    moves when its file was renamed. ``object`` and ``object_before`` are what it means (of a module that moved, its
    names), ``kind`` and ``kind_before`` of what kind that is; ``names`` is how many names of a module come or go with
    it. ``statements`` are the import statements in the target that take it: those of before, for one that vanishes.
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
    moved = _find_moved(modules[0], modules[1], find_renamed_files(before, after))
    found = [*_compare_modules(modules[0], modules[1], names[0], names[1], moved)]
    common = modules[0].keys() & modules[1].keys()
    for import_path in sorted(names[0].keys() | names[1].keys()):
        old, new = names[0].get(import_path), names[1].get(import_path)
        known = new or old
        if known is not None and known.module in common and known.kind not in _FOREIGN:
            found += _compare_name(import_path, old, new, bodies, moved)
    by_file = tuple(_name_files(each) for each in modules)
    for each in find_changed_methods(before, after, (by_file[0], by_file[1])):
        import_path = f"{each.owner.replace(':', '.')}.{each.name}"
        kinds = ("method", "") if each.change == "appears" else ("", "method")
        found.append(ChangedName(each.change, "method", import_path, kinds[0], "", each.path, each.line, kinds[1]))
    return sorted(found, key=lambda each: (_ORDER.index(each.change), each.import_path, each.what))


def _find_moved(
    old: Mapping[str, tuple[str, str]], new: Mapping[str, tuple[str, str]], renamed: Mapping[str, str]
) -> dict[str, str]:
    """Return the new name of each module whose file was renamed; a file with several names has as many new ones."""
    gone, fresh = (
        _group({name: path for name, (path, _) in one.items() if name not in other})
        for one, other in ((old, new), (new, old))
    )
    found: dict[str, str] = {}
    for was, now in renamed.items():
        before, after = gone.get(was, []), fresh.get(now, [])
        if len(before) == len(after):
            found |= dict(zip(before, after, strict=True))
    return found


def _group(paths: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names of each file, sorted."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, path in sorted(paths.items()):
        found[path].append(name)
    return found


def _compare_modules(
    old: Mapping[str, tuple[str, str]], new: Mapping[str, tuple[str, str]], old_names: Mapping[str, _Name],
    new_names: Mapping[str, _Name], moved: Mapping[str, str],
) -> Iterator[ChangedName]:  # fmt: skip
    counted = [Counter(each.module for each in names.values()) for names in (old_names, new_names)]
    taken = Counter[str]()
    for each in old_names.values():
        taken[each.module] += each.statements
    for name in new.keys() - old.keys() - set(moved.values()):
        path, kind = new[name]
        yield ChangedName("appears", "module", name, kind, "", path, 1, names=counted[1][name])
    for name in old.keys() - new.keys():
        path, kind = new[moved[name]] if name in moved else old[name]
        if name in moved:
            yield ChangedName(
                "moves", "module", moved[name], kind, moved[name], path, 1, old[name][1], name,
                counted[1][moved[name]], taken[name],
            )  # fmt: skip
        else:
            yield ChangedName(
                "vanishes", "module", name, "", "", path, 1, kind, "", counted[0][name], taken[name]
            )  # fmt: skip


def _compare_name(
    import_path: str, old: _Name | None, new: _Name | None, bodies: Sequence[Mapping[str, str]],
    moved: Mapping[str, str],
) -> Iterator[ChangedName]:  # fmt: skip
    if old is None and new is not None:
        yield ChangedName(
            "appears", "name", import_path, new.kind, new.object, new.path, new.line, statements=new.statements
        )
    elif new is None and old is not None:
        yield ChangedName(
            "vanishes", "name", import_path, "", "", old.path, old.line, old.kind, old.object, statements=old.statements
        )
    elif old is not None and new is not None and (old.object, old.kind) != (new.object, new.kind):
        body = bodies[0].get(old.object, "")
        module, sign, name = old.object.partition(":")
        is_same = (body != "" and body == bodies[1].get(new.object, "")) or (
            module in moved and old.kind == new.kind and f"{moved[module]}{sign}{name}" == new.object
        )
        yield ChangedName(
            "moves" if is_same else "changes", "name", import_path, new.kind, new.object, new.path, new.line, old.kind,
            old.object, statements=new.statements,
        )  # fmt: skip


def _name_files(modules: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return one name of each file."""
    return {path: name for name, (path, _) in sorted(modules.items(), reverse=True)}


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
    modules = _name_files(_read_modules(snapshot))
    rows = tables.read_rows(snapshot.table("definitions"), "path", "qualname", "fingerprint")
    return {f"{modules[path]}:{qualname}": body for path, qualname, body in rows if path in modules}
