"""Concepts and near duplicates in sentences and tables: families of classes that should be one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from analysis.facts.lines import normalise_line_ends
from analysis.facts.opening import open_tree
from analysis.facts.source import LARGEST_FILE_BYTES
from analysis.names.side_by_side import build_side_by_side
from analysis.quantities import write_share
from analysis.report.displays import Fragment, Prose, build_table
from analysis.report.escaping import code
from analysis.report.packages import group_modules
from analysis.report.views import MOST_PACKAGES
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Columns of the table that compares methods.
MOST_CLASSES = 8


def format_concepts(inv: Investigation) -> Prose:
    """State which concepts of the policy have too many classes."""
    concepts = inv.find_concepts()
    stated = [concept for concept in concepts if concept.is_policy]
    over = [concept for concept in stated if concept.max_classes and concept.classes > concept.max_classes]
    if not stated:
        text = "The policy names no concept. The families below are proposed by the last word of the class names."
    elif not over:
        text = f"The policy limits {format_count(len(stated), 'concept')}; none has more classes than allowed."
    else:
        listed = "; ".join(
            f"{code(concept.name)} has {format_count(concept.classes, 'class', 'classes')} (at most "
            f"{concept.max_classes:,} allowed)"
            for concept in over
        )
        verb = "exceeds its limit" if len(over) == 1 else "exceed their limits"
        text = f"Of {format_count(len(stated), 'concept')} in the policy, {len(over):,} {verb}: {listed}."
    return Prose(text)


def list_concepts(inv: Investigation, most_rows: int = 15) -> Fragment:
    """Return the families of classes: those of the policy, then the largest proposed ones."""
    frame = inv.concepts()
    frame["allowed"] = [str(limit) if limit else "" for limit in frame["max_classes"]]
    frame["from"] = ["policy" if is_policy else "proposed" for is_policy in frame["is_policy"]]
    shown = frame[["concept", "classes", "allowed", "definitions", "names", "from"]]
    return build_table(shown, caption="Families of classes", most_rows=most_rows, names=("concept", "names"))


def list_members(inv: Investigation, name: str = "", most_rows: int = 25) -> Fragment:
    """Return the classes of a concept: role, base classes, wrapped class, users and place of each."""
    members = inv.members(name)
    labels = _label(members["definition"], members["name"])
    shown = pd.DataFrame(
        {
            "class": members["definition"],
            "role": members["role"],
            "extends": [", ".join(labels[above] for above in row) for row in members["extends"]],
            "wraps": [
                f"{labels.get(wrapped, wrapped)} ({kind})" if kind else ""
                for wrapped, kind in zip(members["wraps"], members["delegates"], strict=True)
            ],
            "methods": members["methods"],
            "lines": members["lines"],
            "statements": members["statements"],
            "defined at": members["place"],
        }
    )
    names = ("class", "extends", "wraps", "defined at")
    return build_table(shown, caption=f"Classes of {_find_name(inv, name)}", most_rows=most_rows, names=names)


def _label(definitions: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Return a short name for each class: its plain name if it is unique."""
    pairs = list(zip(definitions, names, strict=True))
    counts = Counter(name for _, name in pairs)
    return {definition: name if counts[name] == 1 else definition for definition, name in pairs}


def _find_name(inv: Investigation, name: str) -> str:
    concept = inv.find_concept(name)
    return concept.name if concept else "a concept"


def format_rivals(inv: Investigation, name: str = "") -> Prose:
    """State how many classes of a concept compete, and how many extend or wrap another of them."""
    members = inv.members(name)
    counted = members[members["role"] == "implementation"]
    extending = int((counted["extends"].map(len) > 0).sum())
    wrapping = int((counted["delegates"] != "").sum())
    apart = len(members) - len(counted)
    sentences = [
        (
            f"{format_count(len(counted), 'class', 'classes').capitalize()} of {code(_find_name(inv, name))} "
            f"{'counts' if len(counted) <= 1 else 'count'} as "
            f"{'an implementation' if len(counted) <= 1 else 'implementations'}."
        ),
        (
            f"Of these, {extending or 'none'} {'extend' if extending > 1 else 'extends'} another of the family, "
            f"and {wrapping or 'none'} only {'delegate' if wrapping > 1 else 'delegates'} to another object."
        ),
    ]
    if apart:
        sentences.append(
            f"{format_count(apart, 'more class does', 'more classes do')} not count: abstract, a protocol, a "
            "fallback, or allowed by the policy."
        )
    return Prose(" ".join(sentences))


def list_users(inv: Investigation, name: str = "", most_rows: int = 15) -> Fragment:
    """Return which package uses which class of a concept, most statements first."""
    users = inv.users(name)
    labels = _label(*(inv.members(name)[column] for column in ("definition", "name")))
    groups = group_modules([str(importer) for importer in users["importer"].unique()], MOST_PACKAGES)
    rows = pd.DataFrame(
        {
            "package": users["importer"].map(groups),
            "class": users["definition"].map(labels),
            "path": users["path"].astype(str),
        }
    )
    counted = rows.groupby(["package", "class"], as_index=False).agg(
        statements=("path", "size"), files=("path", "nunique")
    )
    order = ["statements", "package", "class"]
    ordered = counted.sort_values(order, ascending=[False, True, True], ignore_index=True)
    caption = f"Packages that use classes of {_find_name(inv, name)}"
    return build_table(ordered, caption=caption, most_rows=most_rows, names=("package", "class"))


def list_methods(inv: Investigation, name: str = "", most_rows: int = 40) -> Fragment:
    """Return the methods of the classes of a concept side by side, with their parameters."""
    members = inv.members(name)
    counted = [str(definition) for definition in members[members["role"] == "implementation"]["definition"]]
    labels = _label(members["definition"], members["name"])
    shown = counted[:MOST_CLASSES]
    compared = inv.compare(name)[shown] if shown else pd.DataFrame(index=pd.Index([], name="method"))
    chosen = compared[(compared != "").any(axis=1)].rename(columns=labels)
    frame = chosen.mask(chosen == "", "–").reset_index()
    hidden = f" (the first {len(shown):,} of {len(counted):,} classes)" if len(counted) > len(shown) else ""
    caption = f"Methods of {_find_name(inv, name)} side by side{hidden}"
    return build_table(frame, caption=caption, most_rows=most_rows, names=tuple(frame.columns))


def format_duplicates(inv: Investigation) -> Prose:
    """Count the near duplicates among classes and methods, and those inside copied folders."""
    frame = inv.duplicates
    levels = frame["level"].astype(str).value_counts()
    copies = inv.folder_copies
    text = (
        f"{format_count(levels.get('class', 0), 'class', 'classes').capitalize()} and "
        f"{format_count(levels.get('method', 0), 'method')} of other classes {'is' if len(frame) == 1 else 'are'} "
        "equal or nearly equal to another one."
    )
    if len(copies):
        explained = int((frame["folder_copy"] != "").sum())
        verb = "explains" if len(copies) == 1 else "explain"
        text += f" {format_count(len(copies), 'copied folder').capitalize()} {verb} {explained:,} of them."
    return Prose(text)


def list_duplicates(inv: Investigation, most_rows: int = 15) -> Fragment:
    """Return the pairs of similar classes and methods outside copied folders, the longest first."""
    frame = _order_duplicates(inv)
    frame["first at"] = frame["first_path"] + ":" + frame["first_line"].astype(str)
    frame["second at"] = frame["second_path"] + ":" + frame["second_line"].astype(str)
    frame["similarity"] = [write_share(share) for share in frame["similarity"]]
    shown = frame[["level", "first", "second", "similarity", "lines", "first at", "second at"]]
    names = ("first", "second", "first at", "second at")
    return build_table(shown, caption="Near duplicates", most_rows=most_rows, names=names)


def list_folder_copies(inv: Investigation, most_rows: int = 15) -> Fragment:
    """Return the folders that are copies of one another."""
    names = {"files": "similar files", "first_files": "files in the first", "second_files": "files in the second"}
    shown = inv.folder_copies.rename(columns=names)
    return build_table(shown, caption="Copied folders", most_rows=most_rows, names=("first", "second"))


def show_difference(inv: Investigation, number: int = 1, most_rows: int = 80) -> Fragment:
    """Return the source of one pair of near duplicates side by side; ``number`` counts the rows of the list from 1."""
    frame = _order_duplicates(inv)
    columns = ["first", "", "second"]
    if not 0 < number <= len(frame):
        return build_table(pd.DataFrame(columns=columns), caption="Near duplicates side by side")
    row = frame.iloc[number - 1]
    first, second = (
        _read_lines(inv, str(row[f"{side}_path"]), row[f"{side}_line"], row[f"{side}_end_line"])
        for side in ("first", "second")
    )
    if not first or not second:
        caption = "Near duplicates side by side (the source no longer exists)"
        return build_table(pd.DataFrame(columns=columns), caption=caption)
    found = build_side_by_side(first, second)
    left, right = (found[side].map(_keep_indentation) for side in ("first", "second"))
    shown = pd.DataFrame({"first": left, "": found["change"], "second": right})
    caption = f"{row['first']} and {row['second']} ({write_share(row['similarity'])} similar)"
    return build_table(shown, caption=caption, most_rows=most_rows, names=("first", "second"))


def _keep_indentation(line: str) -> str:
    """Return a line whose leading white space a page preserves."""
    bare = line.lstrip()
    return "\u00a0" * (len(line) - len(bare)) + bare


def _order_duplicates(inv: Investigation) -> pd.DataFrame:
    frame = inv.duplicates[inv.duplicates["folder_copy"] == ""].copy()
    for name in ("level", "first_path", "second_path"):
        frame[name] = frame[name].astype(str)
    frame["lines"] = frame["first_end_line"] - frame["first_line"] + 1
    return frame.sort_values(["level", "lines", "first"], ascending=[True, False, True], ignore_index=True)


def _read_lines(inv: Investigation, path: str, first: int, last: int) -> list[str]:
    """Return lines of a file of the target, as it is now or at its commit; none if it cannot be read."""
    try:
        source = open_tree(Path(inv.manifest.root), inv.manifest.commit).read_bytes(path, most_bytes=LARGEST_FILE_BYTES)
    except OSError:
        return []
    text = normalise_line_ends(source).decode("utf-8", errors="replace")
    return text.split("\n")[first - 1 : last]
