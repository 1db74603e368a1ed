"""The classes of a target for the explorer: where each is defined, and by which paths it is imported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from analysis import tables
from analysis.steps import read_binding

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Classes whose paths are shown, and paths of one class.
MOST_CLASSES = 500
MOST_PATHS = 40
#: Classes of one concept.
MOST_MEMBERS = 60


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
    frame = inv.classes()
    rows = {str(row["definition"]): row for row in frame.to_dict("records")}
    groups = _find_groups(inv, rows)
    violated = [str(name) for name in frame.loc[frame["violations"] > 0, "definition"]]
    doubled = set(tables.read_column(inv.table("second_names"), "first_name"))
    twice = [name for name in rows if name.partition(":")[0] in doubled]
    stated = [each for group in groups if group["kind"] == "concept" for each in group["members"]]
    grouped = [each for group in groups for each in group["members"]]
    wanted = dict.fromkeys([*stated, *sorted(twice), *violated, *grouped])
    shown = [definition for definition in wanted if definition in rows][:MOST_CLASSES]
    numbers = {definition: number for number, definition in enumerate(shown)}
    paths = _read_paths(inv, shown)
    classes = [
        {"definition": each, "place": rows[each]["place"], **_build_paths(paths.get(each, []))} for each in shown
    ]
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


def _read_paths(inv: Investigation, definitions: Iterable[str]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the import paths of some classes: the canonical one first, then by use."""
    wanted = set(definitions)
    frame = inv.frame("paths")
    frame = frame[frame["definition"].isin(wanted) & (frame["route"].astype(str) != "none")]
    counts = inv.violations["import_path"].value_counts()
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in frame.to_dict("records"):
        found[str(row["definition"])].append(
            {**{str(name): value for name, value in row.items()}, "violations": int(counts.get(row["import_path"], 0))}
        )
    for rows in found.values():
        rows.sort(key=lambda row: (not row["is_canonical"], -row["statements"], str(row["import_path"])))
    return found


def _build_paths(rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    used = [row for row in rows if row["statements"] or row["is_canonical"] or row["route"] == "definition"]
    shown = used[:MOST_PATHS]
    numbers = {str(row["import_path"]): number for number, row in enumerate(shown)}
    paths = [
        [
            str(row["import_path"]), str(row["route"]), int(row["statements"]), int(row["files"]), row["violations"],
            bool(row["is_canonical"]), str(row["path"]), int(row["line"]), _find_source(row, numbers),
        ]
        for row in shown
    ]  # fmt: skip
    return {"paths": paths, "hidden": len(rows) - len(shown)}


def _find_source(row: Mapping[str, Any], numbers: Mapping[str, int]) -> int:
    """Return the number of the path from which a path is imported; -1 for the definition."""
    own = str(row["import_path"])
    steps = [read_binding(str(step)).import_path for step in row["chain"]]
    return next((numbers[step] for step in steps[1:] if step in numbers and step != own), -1)
