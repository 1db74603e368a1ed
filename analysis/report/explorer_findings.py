"""The findings of a target for the explorer: what each says, and the modules that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Findings that the explorer names, the most severe first; the page of findings has all.
MOST_FINDINGS = 3000
LONGEST_MESSAGE = 200


def build_findings(inv: Investigation, places: Mapping[str, int], files: Mapping[str, str]) -> list[list[Any]]:
    """Return the findings that are about modules, the most severe first.

    Each is a list of fingerprint, severity, message (its first 200 characters) and the places of the modules: its
    subject where that is a module, and those of the files that it cites. ``files`` are those of the modules.
    """
    modules: dict[str, int] = {}
    for name in sorted(files, key=lambda name: (len(name), name)):  # a file with two names counts for the shorter
        if name in places:
            modules.setdefault(files[name], places[name])
    rows = sorted(inv.table("findings").to_pylist(), key=lambda row: (row["severity"], row["rule"], row["subject"]))
    found = [
        [row["fingerprint"], row["severity"], _shorten(row["message"]), _find_modules(row, places, modules)]
        for row in rows
    ]
    return [each for each in found if each[3]][:MOST_FINDINGS]


def _find_modules(row: Mapping[str, Any], places: Mapping[str, int], modules: Mapping[str, int]) -> list[int]:
    subject = row["subject"].partition(":")[0]
    own = [places[subject]] if subject in places else []
    cited = [modules[place["path"]] for place in row["evidence"] if place["path"] in modules]
    return sorted({*own, *cited})


def _shorten(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 1]}…"
