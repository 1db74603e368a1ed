"""Do graph, names and simulation say the same of every import statement, and do the findings agree with them?

``python -m benchmarks.agreement [TARGET ...]`` prints the verdicts on some targets, the contradictions one by one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from analysis.bundled_case import build_bundled_case
from benchmarks.agreement_answers import group, read_answers
from benchmarks.agreement_verdicts import Agreement, judge_answers
from benchmarks.measure import Result, below
from benchmarks.targets import find_package

PACKAGES = (
    "pandas", "networkx", "papermill", "pydantic", "jupyterlab_server", "nbconvert", "rich", "typer", "pyarrow",
    "django", "sqlalchemy",
)  # fmt: skip


def check_agreement(root: Path, *, jobs: int = 0) -> Agreement:
    """Return the verdicts on one target."""
    return judge_answers(read_answers(root, jobs=jobs))


def measure_agreement(_: int = 1) -> list[Result]:
    """Contradictions, statements and silent failures of each package."""
    results = []
    trees = [("the case", build_bundled_case()), *((name, find_package(name)) for name in PACKAGES)]
    for name, root in trees:
        found = check_agreement(root)
        about = f"{found.statements:,} statements, {len(found.silent):,} silent failures"
        results.append(below(f"contradictions, {name}", len(found.contradictions), 0, "", about))
    return results


def describe(name: str, found: Agreement, most: int = 10) -> Iterator[str]:
    """Yield the verdicts on one target, at most so many contradictions of each kind one by one."""
    yield f"{name}: {found.statements:,} statements, {found.agreed:,} agreed"
    for title, counts in (("explained", found.explained), ("not judged", found.not_judged)):
        for reason, count in sorted(counts.items()):
            yield f"  {title}: {count:,} {reason}"
    for kind, each in group((each.kind, each) for each in found.contradictions).items():
        yield f"  contradiction: {len(each):,} {kind}"
        yield from (f"    {one}" for one in each[:most])
    yield f"  silent failures: {len(found.silent):,}"
    yield from (f"    {place}" for place in found.silent[:most])


if __name__ == "__main__":
    for target in sys.argv[1:] or PACKAGES:
        chosen = Path(target) if "/" in target else find_package(target)
        print("\n".join(describe(target, check_agreement(chosen))), flush=True)
