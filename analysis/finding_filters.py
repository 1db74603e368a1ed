"""Some of the findings of a snapshot: by rule, by module, by severity."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

import pyarrow as pa

from analysis import tables
from analysis.errors import UnknownNameError, explain_unknown_module
from analysis.former_names import find_rule
from analysis.wording import format_count, make_harmless


def choose_findings(
    findings: pa.Table,
    modules: pa.Table,
    *,
    rules: Sequence[str] = (),
    module: str = "",
    severities: Sequence[str] = (),
    list_rules: Callable[[], Iterable[str]],
) -> pa.Table:
    """Return the rows of ``tables.FINDINGS`` that fit every filter; an empty filter lets all through.

    ``rules`` are names or patterns, ``severities`` P0 to P3. A finding is of a module when its subject is that module
    or something below it, or when one of the places it shows is. ``list_rules`` names all rules; it is asked only for
    a pattern that fits no finding. Raises ``UnknownNameError`` with the nearest names.
    """
    _check_severities(severities)
    wanted = [find_rule(each) for each in rules]
    rows = findings.select(["rule", "severity", "subject", "evidence"]).to_pylist()
    _check_rules(wanted, {row["rule"] for row in rows}, list_rules)
    paths = _find_paths(modules, module) if module else frozenset()
    chosen = [
        number
        for number, row in enumerate(rows)
        if (not severities or row["severity"] in severities)
        and (not wanted or any(fnmatchcase(row["rule"], pattern) for pattern in wanted))
        and (not module or _is_about(row, module, paths))
    ]
    return findings.take(pa.array(chosen, pa.int64()))


def _check_severities(severities: Iterable[str]) -> None:
    unknown = next((each for each in severities if each not in tables.SEVERITIES), None)
    if unknown is not None:
        raise UnknownNameError(f"no severity {unknown!r}", remedy=f"There are: {', '.join(tables.SEVERITIES)}")


def _check_rules(wanted: Iterable[str], found: Collection[str], list_rules: Callable[[], Iterable[str]]) -> None:
    for pattern in wanted:
        if any(fnmatchcase(name, pattern) for name in found):
            continue
        known = sorted(list_rules())
        if not any(fnmatchcase(name, pattern) for name in known):
            near = get_close_matches(pattern, known, 3, 0.5)
            remedy = f"Did you mean {', '.join(near)}?" if near else "See docs/rules.md"
            raise UnknownNameError(f"no rule {pattern!r}", remedy=remedy)


def _find_paths(modules: pa.Table, module: str) -> frozenset[str]:
    """Return the files of a module and of all below it."""
    rows = list(tables.read_rows(modules, "module", "path"))
    paths = frozenset(path for name, path in rows if _is_below(name, module))
    if not paths:
        raise explain_unknown_module(module, sorted({name for name, _ in rows}))
    return paths


def _is_about(row: Mapping[str, Any], module: str, paths: Collection[str]) -> bool:
    subject = str(row["subject"])
    return _is_below(subject.replace(":", "."), module) or any(place["path"] in paths for place in row["evidence"])


def _is_below(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def format_finding(row: Mapping[str, Any]) -> str:
    """Return one finding as one line: severity, rule, place, fingerprint, message.

    >>> place = {"path": "a.py", "line": 3, "source": ""}
    >>> row = {"severity": "P1", "rule": "phantom-import", "evidence": [place], "subject": "a", "cause": ""}
    >>> format_finding({**row, "fingerprint": "0123", "message": "a imports b, which does not exist"})
    'P1 phantom-import a.py:3 0123  a imports b, which does not exist'
    """
    place = f"{row['evidence'][0]['path']}:{row['evidence'][0]['line']}" if row["evidence"] else row["subject"]
    of = f" (a consequence of {row['cause']})" if row["cause"] else ""
    return make_harmless(f"{row['severity']} {row['rule']} {place} {row['fingerprint']}  {row['message']}{of}")


def format_tally(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return how many findings there are, of each severity; consequences of a cause are counted apart.

    >>> format_tally([{"severity": "P1", "cause": ""}, {"severity": "P1", "cause": "0a"}])
    '1 finding: 1 P1; and 1 consequence'
    """
    own = [row["severity"] for row in rows if not row["cause"]]
    parts = ", ".join(f"{own.count(name):,} {name}" for name in tables.SEVERITIES if name in own)
    others = len(rows) - len(own)
    return (
        format_count(len(own), "finding")
        + (f": {parts}" if parts else "")
        + (f"; and {format_count(others, 'consequence')}" if others else "")
    )
