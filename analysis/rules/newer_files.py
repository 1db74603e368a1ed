"""Files in syntax that not every supported version of Python parses, and whether those versions ever import them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.resolve.environments import DEFAULT, Supported
from analysis.resolve.liveness import find_liveness
from analysis.rules.context import RuleContext

_NEVER = tables.LIVENESS.index("never")
Version = tuple[int, int]


def explain_newer(case: RuleContext, path: str, line: int, since: str, reason: str) -> str:
    """Return why a file that only later versions of Python parse is a finding.

    Empty where all supported versions parse it, and where those that do not never import it.
    """
    supported = case.resolver.supported if case.resolver else DEFAULT
    fails = tuple(version for version in supported.versions if version < _read_version(since))
    if not fails or _is_guarded(case, path, since, Supported(fails, supported.platforms)):
        return ""
    versions = format_versions(fails)
    where = f" at line {line:,}" if line else ""
    if supported.versions == DEFAULT.versions:
        return f"{path} is valid from Python {since}, but not in Python {versions}{where}: {reason}"
    verb = "admits only" if len(fails) == len(supported.versions) else "also admits"
    admits = f"requires-python {verb} {versions}, where it is a SyntaxError{where}: {reason}"
    return f"{path} is valid from Python {since}, but {admits}"


def format_versions(versions: Sequence[Version]) -> str:
    """Return sorted versions as a reader writes them.

    >>> format_versions([(3, 9), (3, 10), (3, 11)]), format_versions([(3, 9)])
    ('3.9 to 3.11', '3.9')
    """
    first, last = (f"{major}.{minor}" for major, minor in (versions[0], versions[-1]))
    return first if len(versions) == 1 else f"{first} to {last}"


def _read_version(text: str) -> Version:
    major, _, minor = text.partition(".")
    return int(major), int(minor or 0)


def _is_guarded(case: RuleContext, path: str, since: str, fails: Supported) -> bool:
    """Return whether a file is imported, but by no statement that can run on the versions that do not parse it.

    Statements in files that these versions do not parse either do not run there, and one may expect the error.
    """
    modules = tables.read_rows(case.facts.modules, "path", "module")
    places = _find_importers(case, {module for owner, module in modules if owner == path})
    if not places or case.resolver is None:
        return False
    newer = {
        each for each, version in tables.read_rows(case.facts.files, "path", "since")
        if version and _read_version(version) >= _read_version(since)
    }  # fmt: skip
    statements = case.resolver.imports.statements
    wanted = pc.is_in(statements.column("path").cast(pa.string()), pa.array(sorted({each for each, _ in places})))
    rows = statements.filter(wanted)
    is_here = [place in places for place in tables.read_rows(rows, "path", "line")]
    rows = rows.filter(pa.array(is_here, pa.bool_()))
    expects = ["SyntaxError" in caught or owner in newer for owner, caught in tables.read_rows(rows, "path", "caught")]
    return bool(np.all((find_liveness(rows, fails) == _NEVER) | np.array(expects, bool)))


def _find_importers(case: RuleContext, names: Collection[str]) -> set[tuple[str, int]]:
    """Return the places of the statements that import a module and may run."""
    edges = case.graph.edges
    rows = edges.filter(pc.is_in(edges.column("imported").cast(pa.string()), pa.array(sorted(names), pa.string())))
    found = tables.read_rows(rows, "path", "line", "scope")
    return {(path, line) for path, line, scope in found if scope != "type_checking"}
