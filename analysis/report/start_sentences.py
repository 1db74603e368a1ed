"""How the program is started, where its imports look, and which files have two names, as sentences and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.report.displays import Fragment, Prose, build_table
from analysis.wording import choose_form, format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

_MOST_ROWS = 15
_UNKNOWN = "loads-not-known"


def format_starts(inv: Investigation) -> Prose:
    """Say in how many ways the program is started, and how many folders its imports search."""
    starts, folders = inv.table("starts"), inv.table("search_paths")
    searched = len(set(folders.column("folder").to_pylist()))
    return Prose(
        f"{format_count(starts.num_rows, 'way')} to start it {choose_form(starts.num_rows, 'is', 'are')} known, and "
        f"{format_count(searched, 'folder')} from which imports find modules."
    )


def list_starts(inv: Investigation, most_rows: int = _MOST_ROWS) -> Fragment:
    """Return the ways in which the program is started, each with its evidence."""
    rows = [
        (row["kind"], row["module"] or row["path"], row["folder"], _write_evidence(row))
        for row in inv.table("starts").to_pylist()
    ]
    frame = pd.DataFrame(rows, columns=["kind", "started", "first folder", "evidence"])
    return build_table(frame, caption="Starts", most_rows=most_rows, names=("started", "first folder", "evidence"))


def list_search_paths(inv: Investigation, most_rows: int = _MOST_ROWS) -> Fragment:
    """Return the folders of the target that are searched, each with what puts it on the path."""
    rows = [
        (row["folder"], row["kind"], row["start"], _write_evidence(row))
        for row in inv.table("search_paths").to_pylist()
    ]
    frame = pd.DataFrame(rows, columns=["folder", "kind", "for", "evidence"])
    return build_table(frame, caption="Search paths", most_rows=most_rows, names=("folder", "for", "evidence"))


def format_second_names(inv: Investigation) -> Prose:
    """Count the files with two names; that there is none is only said where everything that may add one is known."""
    values = {row["metric"]: int(row["value"]) for row in inv.table("metrics").to_pylist()}
    if "files-with-two-names" not in values:
        return Prose("Whether a file is loaded under two names was not measured.")
    count, unknown = values["files-with-two-names"], values.get(_UNKNOWN)
    found = f"{format_count(count, 'file')} {choose_form(count, 'is', 'are')} loaded under two names"
    if unknown is None:
        return Prose(f"{found}; statements that load what is computed were not counted.")
    if not unknown:
        return Prose(f"{found}." if count else "No file is loaded under two names.")
    said = found if count else "No file is known to be loaded under two names"
    what = choose_form(unknown, "what it names is", "what they name is")
    return Prose(f"{said}. {format_count(unknown, 'statement').capitalize()} may add some: {what} computed.")


def list_second_names(inv: Investigation, most_rows: int = _MOST_ROWS) -> Fragment:
    """Return the files that are loaded under two names, those of tests last."""
    found = sorted(inv.table("second_names").to_pylist(), key=lambda row: row["is_test"])
    rows = [
        (
            row["path"], row["kind"], row["first_name"], row["second_name"],
            _write_place(row["first_path"], row["first_line"]),
            _write_place(row["second_path"] or row["evidence_path"], row["second_line"] or row["evidence_line"]),
        )
        for row in found
    ]  # fmt: skip
    columns = ["file", "kind", "name", "second name", "says the name", "gives the second"]
    frame = pd.DataFrame(rows, columns=columns)
    names = tuple(name for name in columns if name != "kind")
    return build_table(frame, caption="Files with two names", most_rows=most_rows, names=names)


def list_unknown_loads(inv: Investigation, most_rows: int = _MOST_ROWS) -> Fragment:
    """Return the statements that may give a file a second name, and what of each is not known; those of tests last."""
    found = sorted(inv.table("unknown_loads").to_pylist(), key=lambda row: row["is_test"])
    rows = [(_write_place(row["path"], row["line"]), row["kind"], row["reason"]) for row in found]
    frame = pd.DataFrame(rows, columns=["place", "kind", "reason"])
    return build_table(frame, caption="Not known", most_rows=most_rows, names=("place",))


def _write_evidence(row: Mapping[str, Any]) -> str:
    return _write_place(row["evidence_path"], row["evidence_line"])


def _write_place(path: str, line: int) -> str:
    return f"{path}:{line}" if line else path
