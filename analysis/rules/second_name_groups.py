"""Files that have second names for one reason: a package by a short and a long path is one finding, not many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from analysis.graph.framework_names import BY_PATH, LISTED
from analysis.resolve.second_names import SecondName
from analysis.rules.second_name_words import find_prefixes


def find_leads(found: Iterable[SecondName]) -> Mapping[SecondName, str]:
    """Return the file that speaks for each second name: of those by folders of the path one for each pair of folders.

    It is one of the product, with a name that somebody takes, where there is any; other kinds speak for themselves.
    """
    groups: dict[tuple[str, ...], list[SecondName]] = defaultdict(list)
    for each in found:
        is_by_path = each.kind in BY_PATH
        groups[(find_group(each.kind), *(find_prefixes(each) if is_by_path else (each.path,)))].append(each)
    return {each: min(rows, key=_rank).path for rows in groups.values() for each in rows}


def find_group(kind: str) -> str:
    """Return the kind of a finding: names of models and of tasks are those of the folders that they come from."""
    return "search-path" if kind in BY_PATH else kind


def _rank(row: SecondName) -> tuple[object, ...]:
    return (
        row.is_test,
        row.kind not in LISTED,
        row.is_deferred,
        row.path.endswith("__init__.py"),
        not row.taken,
        row.path,
    )
