"""Which class does a name mean? Our static answer, and griffe's, against the running interpreter.

For every module of a package that imports here, every name that is bound to a class of that package. The
observer in the interpreter notes each class as its statement runs: file, line, live object.
An answer agrees when it names that statement, and when two names share an answer if and only if they share
the object. ``unknown`` is a miss.

    python -m benchmarks.identity_accuracy [package ...] [--misses N] [--no-griffe]
"""

from __future__ import annotations

import argparse
import ast
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import griffe

from analysis.facts import scan
from analysis.names.paths import Resolution, build_resolution
from analysis.resolve.values import choose
from benchmarks.identity_witness import Observed
from benchmarks.measure import Result, at_least
from benchmarks.targets import find_package

PACKAGES = ("networkx", "sqlalchemy", "pandas", "jupyterlab")
WITNESS = Path(__file__).with_name("identity_witness.py")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool says a name is: the file and line of the class statement, or the module and name that made it."""

    file: str
    line: int
    definition: str
    reason: str = ""
    kind: str = ""


def run_witness(package: str, names: list[str]) -> tuple[list[Observed], dict[str, str]]:
    with tempfile.NamedTemporaryFile("w+", suffix=".json") as file:
        command = [sys.executable, str(WITNESS), package, file.name]
        subprocess.run(command, input="\n".join(names), text=True, check=True, capture_output=True, timeout=900)
        first, *rows = json.load(file)
    return [Observed(**row) for row in rows], first["failed"]


# The answers


def resolve_statically(folder: Path) -> tuple[Resolution, float]:
    """Return the resolved names of a package and the seconds that it took after the scan."""
    facts = scan(folder)
    start = time.perf_counter()
    resolution = build_resolution(facts)
    return resolution, time.perf_counter() - start


def answer_statically(folder: Path, resolution: Resolution, wanted: list[Observed]) -> dict[tuple[str, str], Answer]:
    """Return our answer by module and name; names that no statement shows are asked for one by one."""
    modules = {module.name: module for module in resolution.modules}
    answers = {}
    for row in wanted:
        outcome = resolution.resolver.resolve(modules[row.module], row.name)
        if not outcome:
            continue
        value = choose(outcome).value
        is_named = value.is_class or value.kind in {"compiled", "result"}
        file = str(folder / resolution.modules[value.module].source) if is_named else ""
        reason = value.reason or value.kind
        answers[row.module, row.name] = Answer(file, value.line, value.target if is_named else "", reason, value.kind)
    return answers


def answer_with_griffe(package: str, wanted: list[Observed]) -> tuple[dict[tuple[str, str], Answer], float]:
    logging.disable(logging.CRITICAL)
    start = time.perf_counter()
    tree = griffe.load(package, submodules=True, resolve_aliases=True, resolve_external=False, allow_inspection=False)
    answers = {}
    for row in wanted:
        path = f"{row.module}.{row.name}"[len(package) + 1 :]
        try:
            found = tree[path]
            target = found.final_target if found.is_alias else found
            line = target.lineno or 0
            answers[row.module, row.name] = Answer(
                str(target.filepath), line, f"{target.module.path}:{target.path[len(target.module.path) + 1 :]}"
            )
        except Exception as error:  # noqa: BLE001 griffe raises many kinds; each is a miss
            answers[row.module, row.name] = Answer("", 0, "", type(error).__name__)
    return answers, time.perf_counter() - start


# The comparison


class ClassLines:
    """First line (decorators included) to the line of the class statement, by file."""

    def __init__(self) -> None:
        self._files: dict[str, dict[int, int]] = {}

    def find(self, file: str, first: int) -> int:
        if file not in self._files:
            tree = ast.parse(Path(file).read_bytes())
            self._files[file] = {
                min([node.lineno, *(d.lineno for d in node.decorator_list)]): node.lineno
                for node in ast.walk(tree)
                if isinstance(node, ast.ClassDef)
            }
        return self._files[file].get(first, first)


def judge(row: Observed, answer: Answer | None, lines: ClassLines, compiled: set[int]) -> str:
    """Return an empty text when the answer names the right statement, otherwise the cause of the miss."""
    if answer is None:
        return "name not seen"
    if not answer.definition:
        return f"no class: {answer.reason}"
    if row.file:
        line = lines.find(row.file, row.line)
        if answer.file != row.file:
            return "wrong file"
        return "" if answer.line in {line, row.line} else "wrong line"
    if row.group in compiled:
        return ""  # nothing but the object itself says where it is from
    module, _, _ = answer.definition.partition(":")
    return "" if module == row.stated_module else "wrong module of a class made by a call"


@dataclass(frozen=True, slots=True)
class AccuracyComparison:
    """How often a tool agrees with the interpreter; misses are triples of cause, observation and answer."""

    total: int
    agreed: Counter[str]
    misses: list[tuple[str, Observed, Answer | None]]
    seconds: float

    @property
    def share(self) -> float:
        return self.agreed.total() / max(1, self.total)


def compare(
    observed: list[Observed], answers: dict[tuple[str, str], Answer], lines: ClassLines, seconds: float
) -> AccuracyComparison:
    """Return what agrees, counted by the kind of the answer, and what does not, with the cause."""
    misses = []
    compiled = {row.group for row in observed if row.is_compiled and not row.file}
    by_answer: dict[str, Counter[int]] = defaultdict(Counter)
    by_group: dict[int, Counter[str]] = defaultdict(Counter)
    right = []
    for row in observed:
        answer = answers.get((row.module, row.name))
        cause = judge(row, answer, lines, compiled)
        if cause or answer is None:
            misses.append((cause, row, answer))
            continue
        key = f"{answer.definition}:{answer.line}"
        by_answer[key][row.group] += 1
        by_group[row.group][key] += 1
        right.append((row, answer, key))
    agreed = Counter[str]()
    for row, answer, key in right:
        if by_answer[key].most_common(1)[0][0] != row.group:
            misses.append(("one answer for two objects", row, answer))
        elif by_group[row.group].most_common(1)[0][0] != key:
            misses.append(("two answers for one object", row, answer))
        else:
            agreed[answer.kind] += 1
    return AccuracyComparison(len(observed), agreed, misses, seconds)


def report(tool: str, found: AccuracyComparison, shown: int) -> None:
    count = found.agreed.total()
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in found.agreed.most_common() if kind)
    print(f"  {tool:8} {count:6,} of {found.total:6,}  {100 * found.share:6.2f} %  in {found.seconds:.2f} s  {kinds}")
    for cause, number in Counter(cause for cause, _, _ in found.misses).most_common(12):
        print(f"             {number:5}  {cause}")
    for cause, row, answer in found.misses[:shown]:
        said = f"{answer.definition} {answer.line}" if answer else ""
        print(f"      {row.module}.{row.name}: {cause}; is {row.file}:{row.line} {row.qualname}, said {said}")


def measure_package(
    package: str, lines: ClassLines, *, with_griffe: bool
) -> tuple[str, list[tuple[str, AccuracyComparison]]]:
    """Return a headline and the comparison of each tool for one package."""
    folder = find_package(package)
    resolution, seconds = resolve_statically(folder)
    modules = (module for module in resolution.modules if module.kind != "namespace")
    names = sorted(module.name for module in modules if not module.name.endswith("__main__"))
    observed, failed = run_witness(package, names)
    headline = f"{package}: {len(names) - len(failed)} of {len(names)} modules import here, {len(observed):,} names"
    answers = answer_statically(folder, resolution, observed)
    found = [("ssot-kit", compare(observed, answers, lines, seconds))]
    if with_griffe:
        theirs, seconds = answer_with_griffe(package, observed)
        found.append(("griffe", compare(observed, theirs, lines, seconds)))
    return headline, found


def measure_accuracy(_: int = 1) -> list[Result]:
    """Agreement with the interpreter, griffe's beside it."""
    lines = ClassLines()
    results = []
    for package in PACKAGES:
        headline, ((_, ours), (_, theirs)) = measure_package(package, lines, with_griffe=True)
        causes = Counter(cause for cause, _, _ in ours.misses).most_common()
        told = "; ".join(f"{number} {cause}" for cause, number in causes)
        note = f"{headline}; griffe {100 * theirs.share:.2f} %; misses: {told or 'none'}"
        results.append(at_least(f"identity, {package}", ours.share, 0.99, note=note))
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("packages", nargs="*", default=list(PACKAGES))
    parser.add_argument("--misses", type=int, default=0, help="how many misses to print")
    parser.add_argument("--no-griffe", action="store_true")
    arguments = parser.parse_args()
    lines = ClassLines()
    for package in arguments.packages:
        headline, found = measure_package(package, lines, with_griffe=not arguments.no_griffe)
        print(headline)
        for tool, comparison in found:
            report(tool, comparison, arguments.misses)


if __name__ == "__main__":
    main()
