"""Class identity in sentences, tables and a network: which path leads to which class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.names.answers import count_violations
from analysis.report.displays import Fragment, Prose, build_table
from analysis.report.escaping import code
from analysis.report.explorer_links import name_class_view
from analysis.report.networks import Link, Network, Node, format_hidden
from analysis.report.packages import shorten
from analysis.steps import read_binding
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

MOST_PATHS = 40
_KIND_OF_ROUTE = {"definition": "focus", "facade": "plain", "shim": "other", "accidental": "other"}


def format_identity(inv: Investigation) -> Prose:
    """Count the importable classes, those with several paths, and the non-canonical imports."""
    classes = inv.classes()
    several = int((classes["paths"] > 1).sum())
    statements, files = count_violations(inv.table("violations"))
    text = (
        f"{format_count(len(classes), 'class', 'classes').capitalize()} can be imported, {several:,} of them by more "
        f"than one path. {format_count(statements, 'import statement').capitalize()} in {format_count(files, 'file')} "
        f"{'takes' if statements == 1 else 'take'} a class from a module that neither defines it nor is a parent "
        "package of the definition."
    )
    return Prose(text)


def list_classes(inv: Investigation, most_rows: int = 15) -> Fragment:
    """Return the classes with the most non-canonical imports: their canonical path and the number of other paths."""
    columns = ["definition", "canonical", "paths", "facades", "shims", "accidental", "statements", "violations"]
    caption = "Classes, most non-canonical imports first"
    return build_table(inv.classes()[columns], caption=caption, most_rows=most_rows, names=("definition", "canonical"))


def find_busiest_class(inv: Investigation) -> str:
    """Return the definition of the class with the most non-canonical imports; empty without classes."""
    classes = inv.classes()
    return "" if classes.empty else str(classes.iloc[0]["definition"])


def format_paths(inv: Investigation, name: str = "") -> Prose:
    """State which path of a class should be used, and how many statements use another one.

    The default is the class with the most non-canonical imports.
    """
    name = name or find_busiest_class(inv)
    if not name:
        return Prose("This code base has no class.")
    found = inv.paths(name)
    sentences = []
    for definition, rows in found.groupby("definition", sort=True):
        right = rows[rows["is_canonical"]]
        wrong = int(rows["violations"].sum())
        if len(right):
            path = f"should be imported as {code(str(right.iloc[0]['import_path']))}"
        else:
            path = "has no canonical path"
        uses = "uses" if wrong == 1 else "use"
        sentences.append(f"{code(str(definition))} {path}; {format_count(wrong, 'statement')} {uses} another path.")
    return Prose("\n\n".join(sentences))


def list_paths(inv: Investigation, name: str = "", most_rows: int = 25) -> Fragment:
    """Return every import path of a class: its route, its users, and its place in the source."""
    name = name or find_busiest_class(inv)
    columns = ["import_path", "route", "is_canonical", "statements", "files", "violations", "place"]
    if not name:
        return build_table(pd.DataFrame(columns=columns), caption="Import paths")
    found = inv.paths(name)
    found["place"] = found["path"] + ":" + found["line"].astype(str)
    shown = found[columns].rename(columns={"is_canonical": "use this", "place": "bound at"})
    names = ("import_path", "bound at")
    return build_table(shown, caption=f"Import paths of {name}", most_rows=most_rows, names=names)


def draw_paths(inv: Investigation, name: str = "", most_paths: int = MOST_PATHS) -> Network:
    """Return a network of one class: its definition, and its used paths, each linked to the path it imports from."""
    name = name or find_busiest_class(inv)
    found = inv.paths(name) if name else pd.DataFrame()
    taken = found[(found["statements"] > 0) | found["is_canonical"]] if name else found
    shown = taken.head(most_paths).to_dict("records")
    paths = {str(row["import_path"]): row for row in shown}
    labels = shorten(list(paths))
    nodes = [_draw_path(path, labels[path], row) for path, row in paths.items()]
    links = []
    for path, row in paths.items():
        steps = [read_binding(str(step)).import_path for step in row["chain"]]
        source = next((step for step in steps[1:] if step in paths and step != path), "")
        if source:
            kind = "cut" if row["violations"] else "plain"
            links.append(Link(path, source, f"{path} imports it from {source}", 1.4, kind))
    hidden = format_hidden("path", len(found) - len(shown), "those with the fewest imports")
    colours = "Red: the definition; blue: a parent package; grey: other paths."
    legend = f"{colours} Dashed lines start at paths with non-canonical imports."
    return Network(
        f"Import paths of {name}",
        tuple(nodes),
        tuple(links),
        f"{name}: {format_count(len(found), 'import path')}",
        f"{legend} {hidden}".strip(),
        view=name_class_view(str(found["definition"].iloc[0])) if len(found) else "",
    )


def _draw_path(path: str, label: str, row: Mapping[Any, Any]) -> Node:
    title = f"{path}\n{row['route']}, {format_count(row['statements'], 'statement')}"
    size = 11 + min(20, row["statements"] ** 0.5)
    return Node(path, label, title, size, _KIND_OF_ROUTE.get(str(row["route"]), "other"))


def list_violations(inv: Investigation, most_rows: int = 15) -> Fragment:
    """Return the files with the most non-canonical imports."""
    frame = inv.violations
    places = frame.assign(path=frame["path"].astype(str)).drop_duplicates(["path", "line"])
    counted = places.groupby("path").agg(
        statements=("line", "size"), first=("line", "min"), example=("import_path", "first")
    )
    ordered = counted.reset_index().sort_values(["statements", "path"], ascending=[False, True], ignore_index=True)
    ordered["place"] = ordered["path"] + ":" + ordered["first"].astype(str)
    caption = "Files with non-canonical imports"
    return build_table(
        ordered[["place", "statements", "example"]], caption=caption, most_rows=most_rows, names=("place", "example")
    )


def list_violations_of(inv: Investigation, name: str, most_rows: int = 15) -> Fragment:
    """Return the imports that take a class by a non-canonical path: where, by which path, and which one to use."""
    frame = inv.violations
    definitions = set(inv.paths(name)["definition"]) if name else set()
    found = frame[frame["definition"].isin(definitions)]
    places = found.assign(place=found["path"].astype(str) + ":" + found["line"].astype(str))
    shown = places[["place", "import_path", "canonical"]].rename(columns={"canonical": "should be"})
    ordered = shown.sort_values(["place", "import_path"], ignore_index=True)
    caption = f"Non-canonical imports of {name}"
    return build_table(ordered, caption=caption, most_rows=most_rows, names=("place", "import_path", "should be"))


def list_conflicts(inv: Investigation, most_rows: int = 15) -> Fragment:
    """Return the names that mean different objects in different modules, the most used first."""
    frame = inv.conflicts.assign(kind=inv.conflicts["kind"].astype(str))
    rivals = frame[frame["kind"].isin(["same-name", "renamed", "instance"]) & ~frame["is_related"]]
    ordered = rivals.sort_values(["statements", "name"], ascending=[False, True], ignore_index=True)
    caption = "Names with different objects"
    return build_table(
        ordered[["name", "kind", "definitions", "statements"]], caption=caption, most_rows=most_rows,
        names=("name", "definitions"),
    )  # fmt: skip


def list_phantom_names(inv: Investigation, most_rows: int = 15) -> Fragment:
    """Return the imports of names that their module does not have, with the place where the name is defined."""
    frame = inv.phantom_names
    frame = frame.assign(
        place=frame["path"].astype(str) + ":" + frame["line"].astype(str), reason=frame["reason"].astype(str)
    )
    columns = ["module", "name", "place", "reason", "nearest", "defined_in"]
    shown = frame[columns].rename(columns={"defined_in": "defined in"})
    caption = "Imports of names that their module does not have"
    return build_table(
        shown, caption=caption, most_rows=most_rows, names=("module", "name", "place", "nearest", "defined in")
    )


def list_instances(inv: Investigation, most_rows: int = 15) -> Fragment:
    """Return the objects that are named like classes: their ids are not class ids."""
    found = inv.instances_like_classes()
    found["place"] = found["path"] + ":" + found["line"].astype(str)
    shown = found[["import_path", "made_by", "place"]].rename(columns={"import_path": "object", "made_by": "made by"})
    return build_table(
        shown, caption="Objects named like classes", most_rows=most_rows, names=("object", "made by", "place")
    )
