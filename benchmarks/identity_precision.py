"""Are the findings true? Violations, phantom imports and shadowed files of real packages, checked by Python.

    python -m benchmarks.identity_precision [package ...] [--wrong N]

Up to 200 random rows of each kind per package are checked in a process of its own: the two paths are imported
and the objects compared; what is said not to exist is asked for; what is said to be shadowed is imported.
Rows whose modules do not import here cannot be checked and are counted apart.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from analysis.facts import Facts, scan
from analysis.graph import build_import_graph
from analysis.names import build_identity
from analysis.policy import Policy
from benchmarks.measure import Result, at_least
from benchmarks.targets import find_package

PACKAGES = ("networkx", "sqlalchemy", "pandas", "jupyterlab", "sympy", "django")
KINDS = ("violation", "phantom name", "phantom module", "shadowed file")
_SAMPLE = 200
_CHECKER = Path(__file__).with_name("identity_checker.py")


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: of a violation ``module.name`` and the definition, of a shadowed file the file itself."""

    kind: str
    module: str
    name: str
    other: str
    place: str


def find_checks(facts: Facts) -> list[Check]:
    """Return everything that can be checked, each claim once."""
    identity = build_identity(facts, Policy())
    found = set()
    for row in identity.violations.to_pylist():
        module, _, name = row["import_path"].rpartition(".")
        found.add(Check("violation", module, name, row["definition"], row["route"]))
    for row in identity.phantom_names.to_pylist():
        if row["reason"] == "no-such-name":
            found.add(Check("phantom name", row["module"], row["name"], "", f"{row['path']}:{row['line']}"))
    for row in build_import_graph(facts).phantoms.to_pylist():
        if row["reason"] == "no-such-module":
            found.add(Check("phantom module", row["module"], "", "", f"{row['path']}:{row['line']}"))
    for row in facts.modules.to_pylist():
        if row["shadowed_by"] and row["kind"] != "namespace" and row["path"].endswith(".py"):
            found.add(Check("shadowed file", row["module"], "", str(facts.root / row["path"]), row["shadowed_by"]))
    return sorted(found, key=lambda check: (check.kind, check.module, check.name, check.place))


def choose(checks: list[Check]) -> list[Check]:
    """Return at most 200 random ones of each kind, the same in every run."""
    chosen: list[Check] = []
    for kind in KINDS:
        some = [check for check in checks if check.kind == kind]
        chosen += random.Random(909).sample(some, min(_SAMPLE, len(some)))
    return chosen


def ask_python(package: str, checks: list[Check]) -> list[str]:
    """Return for each check ``right``, ``wrong`` or why it cannot be checked."""
    with tempfile.NamedTemporaryFile("w+", suffix=".json") as file:
        subprocess.run(
            [sys.executable, str(_CHECKER), package, file.name], input=json.dumps([asdict(check) for check in checks]),
            text=True, check=True, capture_output=True, timeout=900,
        )  # fmt: skip
        answers: list[str] = json.load(file)
    return answers


def measure_precision(_: int = 1, packages: tuple[str, ...] = PACKAGES, wrong: int = 0) -> list[Result]:
    """Return the share of true findings of each kind over all packages."""
    right, judged, apart = Counter[str](), Counter[str](), Counter[str]()
    for package in packages:
        checks = choose(find_checks(scan(find_package(package))))
        for check, answer in zip(checks, ask_python(package, checks), strict=True):
            if answer in {"right", "wrong"}:
                judged[check.kind] += 1
                right[check.kind] += answer == "right"
            else:
                apart[check.kind] += 1
            if answer == "wrong" and wrong > 0:
                wrong -= 1
                print(f"wrong: {check}")
    return [
        at_least(
            f"precision, {kind}", right[kind] / judged[kind], 0.99,
            note=f"{right[kind]} of {judged[kind]}; {apart[kind]} cannot be checked here",
        )
        for kind in KINDS
        if judged[kind]
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    parser.add_argument("--wrong", type=int, default=0, help="how many wrong findings to print")
    arguments = parser.parse_args()
    for result in measure_precision(packages=tuple(arguments.packages), wrong=arguments.wrong):
        print(f"{result.name:28} {100 * result.value:6.2f} %  {result.note}")


if __name__ == "__main__":
    main()
