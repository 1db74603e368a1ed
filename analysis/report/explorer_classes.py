"""The classes of a target for the explorer: where each is defined, and by which paths it is imported."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.steps import read_binding

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Classes whose paths are shown, and paths of one class.
MOST_CLASSES = 500
MOST_PATHS = 40
#: Classes of one concept.
MOST_MEMBERS = 60


class _Path(NamedTuple):
    """One import path of a class: columns of the table ``paths``."""

    import_path: str
    route: str
    statements: int
    files: int
    is_canonical: bool
    path: str
    line: int
    chain: list[str]


def build_classes(inv: Investigation) -> dict[str, list[Any]]:
    """Return the classes and the groups of them that the explorer shows.

    ``classes``: definition, place (path and line), paths (a list each of import path, route, number of statements and
    files that use it, number of non-canonical ones, whether it is the canonical path, place, and the number of the
    path from which it is imported, -1 for the definition), and hidden (number of paths left out: those that no import
    uses, and of many the least used). ``groups``: title, kind (``concept`` or ``name``), expected (number of classes
    that the policy allows, 0: no limit), and the numbers of its classes. Shown are the classes of the policy's
    concepts, then those whose file has a second name, then those with non-canonical imports, then those that share a
    name without extending each other, the most imported first.
    """
    places = _read_places(inv)
    groups = _find_groups(inv, places)
    counts = Counter(tables.read_column(inv.table("violations"), "definition"))
    violated = sorted(places.keys() & counts.keys(), key=lambda definition: (-counts[definition], definition))
    doubled = set(tables.read_column(inv.table("second_names"), "first_name"))
    twice = sorted(definition for definition in places if definition.partition(":")[0] in doubled)
    stated = [each for group in groups if group["kind"] == "concept" for each in group["members"]]
    grouped = [each for group in groups for each in group["members"]]
    shown = list(dict.fromkeys([*stated, *twice, *violated, *grouped]))[:MOST_CLASSES]
    numbers = {definition: number for number, definition in enumerate(shown)}
    paths, wrong = _read_paths(inv, shown), Counter(tables.read_column(inv.table("violations"), "import_path"))
    classes = [{"definition": each, "place": places[each], **_build_paths(paths[each], wrong)} for each in shown]
    for group in groups:
        members = group["members"]
        group["members"] = [numbers[each] for each in members if each in numbers]
        group["hidden"] = len(members) - len(group["members"])
    kept = [group for group in groups if len(group["members"]) > (group["kind"] == "name")]
    return {"classes": classes, "groups": kept}


def _find_groups(inv: Investigation, known: Collection[str]) -> list[dict[str, Any]]:
    """Return the policy's concepts and the class names with several definitions, each with its members."""
    groups = [
        {
            "title": concept.name,
            "kind": "concept",
            "expected": concept.max_classes,
            "members": [each.definition for each in concept.members if each.definition in known][:MOST_MEMBERS],
        }
        for concept in inv.find_concepts()
        if concept.is_policy
    ]
    return [*groups, *_find_rivals(inv, known)]


def _find_rivals(inv: Investigation, known: Collection[str]) -> list[dict[str, Any]]:
    """Return the class names with several definitions that do not extend each other, the most imported first."""
    rows = tables.read_rows(inv.table("conflicts"), "name", "kind", "definitions", "is_related", "statements")
    rivals = [
        (-statements, name, [each for each in definitions if each in known])
        for name, kind, definitions, is_related, statements in rows
        if kind == "same-name" and not is_related
    ]
    return [
        {"title": name, "kind": "name", "expected": 0, "members": members[:MOST_MEMBERS]}
        for _, name, members in sorted(rivals)
        if len(members) > 1
    ]


def _read_places(inv: Investigation) -> dict[str, str]:
    """Return file and line of each class that a module of the tree defines, by definition."""
    paths = inv.table("paths")
    is_class = pc.is_in(paths["kind"].cast(pa.string()), pa.array(tables.CLASS_KINDS))
    known = paths.filter(pc.and_(is_class, pc.not_equal(paths["route"].cast(pa.string()), "none")))
    rows = tables.read_rows(known, "definition", "definition_path", "definition_line")
    return {definition: f"{path}:{line}" for definition, path, line in rows}


def _read_paths(inv: Investigation, definitions: Sequence[str]) -> dict[str, list[_Path]]:
    """Return the import paths of some classes: the canonical one first, then by use."""
    paths = inv.table("paths")
    is_wanted = pc.is_in(paths["definition"], pa.array(definitions, pa.string()))
    wanted = paths.filter(pc.and_(is_wanted, pc.not_equal(paths["route"].cast(pa.string()), "none")))
    found: dict[str, list[_Path]] = defaultdict(list)
    for definition, *columns in tables.read_rows(wanted, "definition", *_Path._fields):
        found[definition].append(_Path(*columns))
    for rows in found.values():
        rows.sort(key=lambda row: (not row.is_canonical, -row.statements, row.import_path))
    return found


def _build_paths(rows: Sequence[_Path], violations: Mapping[str, int]) -> dict[str, Any]:
    used = [row for row in rows if row.statements or row.is_canonical or row.route == "definition"]
    shown = used[:MOST_PATHS]
    numbers = {row.import_path: number for number, row in enumerate(shown)}
    paths = [
        [
            row.import_path, row.route, row.statements, row.files, violations.get(row.import_path, 0),
            row.is_canonical, row.path, row.line, _find_source(row, numbers),
        ]
        for row in shown
    ]  # fmt: skip
    return {"paths": paths, "hidden": len(rows) - len(shown)}


def _find_source(row: _Path, numbers: Mapping[str, int]) -> int:
    """Return the number of the path from which a path is imported; -1 for the definition."""
    steps = [read_binding(step).import_path for step in row.chain]
    return next((numbers[step] for step in steps[1:] if step in numbers and step != row.import_path), -1)
