"""The compliance score: 100 × C / (C + L), from 0 to 100.

C is the number of clean modules: those that no finding of severity P0, P1 or P2 cites. L are the points lost: for each
finding its weight times the number of its places. Findings that were refuted, or that an exception accepts, cost
nothing. Fixing never lowers the score: a finding that goes, loses places or becomes less severe can only raise C and
lower L, and a module that is deleted with its finding was not clean.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.rules.finding import Finding

#: Points for each place of a finding, by severity.
POINTS: Mapping[str, float] = {"P0": 10.0, "P1": 3.0, "P2": 1.0, "P3": 0.1}
#: Packages are distinguished by at most so many names.
_DEEPEST = 4
_KINDS = ("module", "package", "extension")
#: What belongs to no module: files that cannot be imported, findings without a place.
ELSEWHERE = "(no package)"


class Score(NamedTuple):
    """The score of one package, or of all (``package`` empty); the columns of ``tables.SCORES``."""

    package: str
    modules: int
    clean_modules: int
    findings: int
    points: float
    score: float


class ScorePart(NamedTuple):
    """What one rule costs one package, or all; the columns of ``tables.SCORE_PARTS``."""

    package: str
    rule: str
    severity: str
    findings: int
    places: int
    points: float


def compute_score(clean_modules: int, points: float) -> float:
    """Return the score of so many clean modules and points lost.

    >>> compute_score(95, 5.0), compute_score(0, 0.0), compute_score(0, 1.0)
    (95.0, 100.0, 0.0)
    """
    return 100.0 if not points else 100.0 * clean_modules / (clean_modules + points)


def build_scores(
    findings: Iterable[Finding], modules: pa.Table, weights: Mapping[str, float | None]
) -> tuple[list[Score], list[ScorePart]]:
    """Return the scores, that of the whole target first, and what each rule costs, the dearest first.

    ``modules`` is the table of that name; ``weights`` are the points for each place, by rule, where they do not follow
    from the severity.
    """
    packages = find_packages(modules)
    sizes = Counter(packages.values())
    counted = [finding for finding in findings if finding.certainty != "refuted"]
    touched = {path for finding in counted if finding.severity != "P3" for path, _ in finding.cited}
    clean = Counter(package for path, package in packages.items() if path not in touched)
    lost: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0, 0, 0.0])
    for finding in counted:
        fixed = weights.get(finding.rule)
        weight = POINTS[finding.severity] if fixed is None else fixed
        # Each package pays for its own places: a cycle is charged to all packages that it goes through.
        charged = Counter(packages.get(path, ELSEWHERE) for path, _ in finding.cited) or Counter({ELSEWHERE: 1})
        for package, places in (("", charged.total()), *charged.items()):
            part = lost[package, finding.rule, finding.severity]
            part[:] = [number + more for number, more in zip(part, (1, places, weight * places), strict=True)]
    parts = [ScorePart(*key, int(count), int(places), points) for key, (count, places, points) in lost.items()]
    names = ["", *sorted({*sizes, *(part.package for part in parts)} - {""})]
    sizes[""], clean[""] = sizes.total(), clean.total()
    scores = [_build_score(name, sizes[name], clean[name], parts) for name in names]
    return scores, sorted(parts, key=lambda part: (part.package, -part.points, part.rule, part.severity))


def _build_score(package: str, modules: int, clean: int, parts: Sequence[ScorePart]) -> Score:
    own = [part for part in parts if part.package == package]
    points = sum(part.points for part in own)
    return Score(package, modules, clean, sum(part.findings for part in own), points, compute_score(clean, points))


def find_packages(modules: pa.Table) -> dict[str, str]:
    """Return the package of each file that can be imported: so many names that none has more than half of all."""
    is_live = pc.and_(modules.column("is_primary"), pc.equal(modules.column("shadowed_by"), ""))
    is_code = pc.is_in(modules.column("kind").cast(pa.string()), pa.array(_KINDS))
    chosen = modules.filter(pc.and_(is_live, is_code))
    named = dict(tables.read_rows(chosen, "path", "module"))
    kinds = dict(tables.read_rows(chosen, "path", "kind"))
    found: dict[str, str] = {}
    for depth in range(1, _DEEPEST + 1):
        found = {path: _cut(name, depth, is_package=kinds[path] == "package") for path, name in named.items()}
        if 2 * max(Counter(found.values()).values(), default=0) <= len(found):
            break
    return found


def _cut(module: str, depth: int, *, is_package: bool) -> str:
    """Return the package of a module: a module directly in the outermost package belongs to that."""
    parts = module.split(".")
    whole = len(parts) if is_package or len(parts) == 1 else len(parts) - 1
    return ".".join(parts[: min(depth, whole)])
