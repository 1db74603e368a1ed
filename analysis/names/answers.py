"""Answers from the tables of a snapshot: which path should I use, who uses which, what only looks like a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.names.import_paths import PATH_COLUMNS, find_path_rows
from analysis.tables.frames import build_frame

CLASS_COLUMNS = (
    "definition", "name", "kind", "place", "canonical", "paths", "import_paths", "facades", "shims", "accidental",
    "statements", "violations", "violating_files",
)  # fmt: skip

if TYPE_CHECKING:
    import pandas as pd


def find_paths(paths: pa.Table, violations: pa.Table, asked: str) -> pd.DataFrame:
    """Return the rows of ``analysis.names.import_paths.find_path_rows`` as a frame: every import path of an object."""
    return build_frame(find_path_rows(paths, violations, asked), PATH_COLUMNS)


def build_class_frame(paths: pa.Table, violations: pa.Table) -> pd.DataFrame:
    """Return one row per class that a module of the tree defines, with all its import paths.

    Columns: definition, name, kind, place (``path:line``), canonical (import path), paths (their number),
    import_paths (list), facades, shims, accidental (number of paths by route), statements (that import it),
    violations (those by a wrong path), violating_files. Most violations first, then by definition.
    """
    is_class = pc.is_in(paths["kind"].cast(pa.string()), pa.array(tables.CLASS_KINDS))
    frame = paths.filter(pc.and_(is_class, pc.not_equal(paths["route"].cast(pa.string()), "none"))).to_pandas()
    if frame.empty:
        return build_frame([], CLASS_COLUMNS)
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
