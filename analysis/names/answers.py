"""Answers from the tables of a snapshot: which path should I use, who uses which, what only looks like a class."""

from __future__ import annotations

from difflib import get_close_matches

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.errors import UnknownNameError

PATH_COLUMNS = (
    "definition", "import_path", "route", "is_canonical", "statements", "files", "violations", "kind", "certainty",
    "path", "line", "chain",
)  # fmt: skip
CLASS_COLUMNS = (
    "definition", "name", "kind", "place", "canonical", "paths", "import_paths", "facades", "shims", "accidental",
    "statements", "violations", "violating_files",
)  # fmt: skip
_NEAREST = 3


def find_paths(paths: pa.Table, violations: pa.Table, asked: str) -> pd.DataFrame:
    """Return every import path of what a name, an import path or a definition means: which one should I use?

    ``asked`` is a bare name (``Engine``: everything of that name), an import path (``pkg.mod.Engine``) or a
    definition (``pkg.mod:Engine``). Columns: definition, import_path, route, is_canonical, statements and files
    (that import by this path), violations (statements that should not), kind, certainty, path and line (of the
    statement that binds the name), chain. Sorted by definition, the canonical path first, then by use.
    Raises ``UnknownNameError`` with the nearest names.
    """
    definitions = _find_definitions(paths, asked)
    if not definitions:
        raise UnknownNameError(f"no class or function {asked!r}", remedy=_suggest(paths, asked))
    wanted = paths.filter(pc.is_in(paths["definition"], pa.array(sorted(definitions), type=pa.string())))
    frame = wanted.to_pandas()
    counts = violations.select(["import_path"]).to_pandas()["import_path"].value_counts()
    frame["violations"] = frame["import_path"].map(counts).fillna(0).astype("int64")
    frame["chain"] = [list(chain) for chain in frame["chain"]]
    order = ["definition", "is_canonical", "statements", "import_path"]
    frame = frame.sort_values(order, ascending=[True, False, False, True], ignore_index=True)
    for column in ("route", "kind", "certainty", "path"):
        frame[column] = frame[column].astype(str)
    answer: pd.DataFrame = frame[list(PATH_COLUMNS)]
    return answer


def _find_definitions(paths: pa.Table, asked: str) -> set[str]:
    """Return the definitions in the tree that are meant."""
    column = "definition" if ":" in asked else "import_path" if "." in asked else "name"
    found = paths.filter(
        pc.and_(pc.equal(paths[column], asked), pc.not_equal(paths["route"].cast(pa.string()), "none"))
    )
    return set(found["definition"].to_pylist()) - {""}


def _suggest(paths: pa.Table, asked: str) -> str:
    last = asked.replace(":", ".").rpartition(".")[2]
    kinds = pa.array([*tables.CLASS_KINDS, "function", "instance"])
    known = paths.filter(pc.is_in(paths["kind"].cast(pa.string()), kinds))
    names = pc.unique(known["name"]).to_pylist()
    lowered = {name.lower(): name for name in sorted(names, reverse=True)}
    close = [lowered[name] for name in get_close_matches(last.lower(), lowered, n=_NEAREST, cutoff=0.6)]
    if not close:
        return "Ask for a class name, pkg.mod.Name or pkg.mod:Name"
    best = known.filter(pc.and_(pc.is_in(known["name"], pa.array(close)), known["is_canonical"]))
    shown = sorted(best["import_path"].to_pylist(), key=lambda path: (path.rpartition(".")[2] != close[0], path))
    return f"Did you mean {', '.join(shown[:_NEAREST] or close)}?"


def build_class_frame(paths: pa.Table, violations: pa.Table) -> pd.DataFrame:
    """Return one row per class that a module of the tree defines, with all its import paths.

    Columns: definition, name, kind, place (``path:line``), canonical (import path), paths (their number),
    import_paths (list), facades, shims, accidental (number of paths by route), statements (that import it),
    violations (those by a wrong path), violating_files. Most violations first, then by definition.
    """
    is_class = pc.is_in(paths["kind"].cast(pa.string()), pa.array(tables.CLASS_KINDS))
    frame = paths.filter(pc.and_(is_class, pc.not_equal(paths["route"].cast(pa.string()), "none"))).to_pandas()
    if frame.empty:
        return pd.DataFrame(columns=list(CLASS_COLUMNS))
    frame["route"] = frame["route"].astype(str)
    frame["place"] = frame["definition_path"].astype(str) + ":" + frame["definition_line"].astype(str)
    frame["canonical"] = frame["import_path"].where(frame["is_canonical"])
    for column, route in (("facades", "facade"), ("shims", "shim"), ("accidental", "accidental")):
        frame[column] = (frame["route"] == route).astype("int64")
    grouped = frame.groupby("definition", sort=True)
    classes = grouped.agg(
        kind=("kind", "first"), place=("place", "first"), canonical=("canonical", "first"),
        paths=("import_path", "size"), import_paths=("import_path", list), facades=("facades", "sum"),
        shims=("shims", "sum"), accidental=("accidental", "sum"), statements=("statements", "sum"),
    ).reset_index()  # fmt: skip
    classes["kind"] = classes["kind"].astype(str)
    classes["name"] = classes["definition"].str.rpartition(":")[2].str.rpartition(".")[2]
    taken = violations.select(["definition", "path"]).to_pandas().astype(str).groupby("definition")["path"]
    classes["violations"] = classes["definition"].map(taken.size()).fillna(0).astype("int64")
    classes["violating_files"] = classes["definition"].map(taken.nunique()).fillna(0).astype("int64")
    ordered = classes.sort_values(["violations", "definition"], ascending=[False, True], ignore_index=True)
    answer: pd.DataFrame = ordered[list(CLASS_COLUMNS)]
    return answer


def count_violations(violations: pa.Table) -> tuple[int, int]:
    """Return the number of statements that take a class by a wrong path, and of the files they stand in."""
    places = set(zip(tables.read_column(violations, "path"), tables.read_column(violations, "line"), strict=True))
    return len(places), len({path for path, _ in places})


def find_class_identities(paths: pa.Table, name: str) -> list[str]:
    """Return the definitions of the classes that modules have under a name, sorted: one class id each."""
    is_class = pc.is_in(paths["kind"].cast(pa.string()), pa.array(tables.CLASS_KINDS))
    found = paths.filter(pc.and_(pc.equal(paths["name"], name), is_class))
    return sorted(set(found["definition"].to_pylist()))


def find_instances_like_classes(paths: pa.Table) -> pd.DataFrame:
    """Return the module-level objects whose name is that of a class: CapWords.

    Columns: import_path, made_by (the class), path, line; sorted by import path.
    """
    wanted = pc.and_(
        pc.and_(
            pc.equal(paths["kind"].cast(pa.string()), "instance"),
            pc.equal(paths["route"].cast(pa.string()), "definition"),
        ),
        pc.match_substring_regex(paths["name"], r"^_*[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*$"),
    )
    frame = paths.filter(wanted).select(["import_path", "made_by", "path", "line"]).to_pandas()
    frame["path"] = frame["path"].astype(str)
    answer: pd.DataFrame = frame.sort_values("import_path", ignore_index=True)
    return answer
