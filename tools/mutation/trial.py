"""Copies the checkout, measures its tests once, and runs each mutant against the tests of its module."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analysis import children
from tools.mutation.nearness import TestFiles
from tools.mutation.operators import Mutant, find_mutants, is_other_code
from tools.mutation.recorder import VARIABLE

#: Tests of one mutant take at most this part of the limit when nothing is wrong, so that one that takes longer hangs.
_SHARE_OF_LIMIT = 1 / 3
#: Tests that are traced may take so many times the limit of one mutant.
_TRACED = 4
_NO_TESTS_COLLECTED = 5
#: A mutant that never stops allocating ends here, not with the machine.
_MOST_BYTES = 8 << 30
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "reports", "node_modules", "*.egg-info"
)


@dataclass(frozen=True, slots=True)
class TestRecord:
    """One test, measured without a mutant."""

    __test__ = False

    name: str
    seconds: float
    functions: frozenset[tuple[str, int]]

    @property
    def file(self) -> str:
        return self.name.partition("::")[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the tests said about one mutant; ``how`` is ``failed``, ``timed out``, ``passed`` or ``no tests``."""

    mutant: Mutant
    how: str
    tests: int
    seconds: float
    #: The line before and after, as a diff shows them.
    difference: str

    @property
    def is_caught(self) -> bool:
        return self.how in {"failed", "timed out"}


@dataclass(slots=True)
class Checkout:
    """A copy of a checkout that may be changed."""

    root: Path
    data: Path
    _writes: int = field(default=0)

    def write(self, path: str, source: str) -> None:
        """Write a module, with a time that no compiled file has: bytecode of an earlier text must not be taken."""
        self._writes += 1
        file = self.root / path
        file.write_text(source, encoding="utf-8")
        moment = file.stat().st_mtime + 10 * self._writes
        os.utime(file, (moment, moment))

    def run_tests(self, arguments: Sequence[str], *, timeout: float, record: Path | None = None) -> int | None:
        """Return pytest's exit code, or nothing when it was ended after ``timeout`` seconds."""
        environment = {
            **os.environ, "PYTHONPATH": str(self.root), "SSOT_DATA": str(self.data), "PYTHONHASHSEED": "0",
        }  # fmt: skip
        options = ["-q", "-p", "no:cacheprovider", "-o", "addopts=", "-m", "not trial and not browser and not slow"]
        if record:
            environment[VARIABLE] = str(record)
            options += ["-p", "tools.mutation.recorder"]
        else:
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
            options.append("-x")
        listed = self.data / "arguments"
        listed.write_text("\n".join(arguments), encoding="utf-8")
        process = children.start(
            [sys.executable, "-m", "pytest", *options, f"@{listed}"], env=environment, cwd=self.root,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _limit_memory(process.pid)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            children.end(process)


def _limit_memory(pid: int) -> None:
    with contextlib.suppress(ImportError, AttributeError, OSError):  # only Linux can limit another process
        import resource  # noqa: PLC0415

        resource.prlimit(pid, resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))


@contextlib.contextmanager
def copy_checkout(root: Path) -> Iterator[Checkout]:
    """Yield a copy in a temporary folder; the working tree itself is never written to."""
    with children.scratch_folder("mutation-") as folder:
        shutil.copytree(root, folder / "checkout", ignore=_LEFT_OUT, symlinks=True)
        (folder / "data").mkdir()
        yield Checkout(folder / "checkout", folder / "data")


def choose_mutants(root: Path, packages: Iterable[str], *, count: int, seed: int) -> list[Mutant]:
    """Choose mutants: packages in turn, and in each one every operator as likely as any other."""
    sources = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for package in packages
        for path in sorted((root / package).rglob("*.py"))
    }
    groups = {package: _group_by_operator(package, sources) for package in packages}
    chosen: list[Mutant] = []
    dice = random.Random(seed)
    while len(chosen) < count and any(groups.values()):
        for operators in filter(None, groups.values()):
            operator = dice.choice(sorted(operators))
            mutant = operators[operator].pop(dice.randrange(len(operators[operator])))
            if not operators[operator]:
                del operators[operator]
            if is_other_code(mutant, sources[mutant.path]):
                chosen.append(mutant)
    return chosen[:count]


def _group_by_operator(package: str, sources: Mapping[str, str]) -> dict[str, list[Mutant]]:
    groups: dict[str, list[Mutant]] = defaultdict(list)
    for path, source in sources.items():
        if path.startswith(f"{package}/"):
            for mutant in find_mutants(path, source):
                groups[mutant.operator].append(mutant)
    return dict(groups)


def measure_tests(
    checkout: Checkout, files: Iterable[str], *, timeout: float
) -> Iterator[tuple[str, list[TestRecord]]]:
    """Run test files as they are; yield each with the tests that pass, as far as the time allows."""
    record = checkout.data / "record.json"
    for file in files:
        record.unlink(missing_ok=True)
        checkout.run_tests([file], timeout=timeout * _TRACED, record=record)
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        yield file, _merge_parameters(dict(map(json.loads, lines)))


def _merge_parameters(rows: dict[str, dict[str, object]]) -> list[TestRecord]:
    """One record for each test function: names of parameters may hold anything."""
    groups: dict[str, list[dict[str, object]]] = defaultdict(list)
    for name, row in rows.items():
        groups[name.partition("[")[0]].append(row)
    return [
        TestRecord(
            name,
            sum(row["seconds"] for row in group),  # type: ignore[misc]
            frozenset((path, line) for row in group for path, line in row["functions"]),  # type: ignore[attr-defined]
        )
        for name, group in groups.items()
        if all(row["passed"] for row in group)
    ]


def choose_tests(mutant: Mutant, nearest: Sequence[str], tests: Iterable[TestRecord], *, seconds: float) -> list[str]:
    """Choose tests that take at most ``seconds`` together: those that run the mutated function, the shortest first.

    What runs only while a module is imported is judged by the tests that run anything of that module. Other tests of
    the same files come last: values kept between tests hide who uses a function.
    """

    def rank(test: TestRecord) -> tuple[int, float, str]:
        runs = any(path == mutant.path and mutant.function in {0, line} for path, line in test.functions)
        return (0 if runs else 1, test.seconds, test.name)

    ranked = sorted((test for test in tests if test.file in set(nearest)), key=rank)
    runners = {test.file for test in ranked if rank(test)[0] == 0}
    chosen, total = [], 0.0
    for test in ranked:
        if (test.file in runners or not runners) and total + test.seconds <= seconds:
            chosen.append(test.name)
            total += test.seconds
    return chosen


def find_test_files(
    root: Path, packages: Sequence[str], mutants: Iterable[Mutant], *, most: int
) -> dict[str, list[str]]:
    """Return the nearest test files of each mutated module."""
    files = TestFiles(root, packages)
    return {path: files.find_nearest(path, most) for path in sorted({mutant.path for mutant in mutants})}


def run_mutant(checkout: Checkout, mutant: Mutant, tests: Sequence[str], *, timeout: float) -> Outcome:
    """Put one mutant into the copy, run its tests, and take it out again."""
    source = (checkout.root / mutant.path).read_text(encoding="utf-8")
    changed = mutant.apply(source)
    started = time.monotonic()
    if tests:
        checkout.write(mutant.path, changed)
        try:
            code = checkout.run_tests(tests, timeout=timeout)
        finally:
            checkout.write(mutant.path, source)
        how = "timed out" if code is None else {0: "passed", _NO_TESTS_COLLECTED: "no tests"}.get(code, "failed")
    else:
        how = "no tests"
    return Outcome(mutant, how, len(tests), time.monotonic() - started, _describe(source, changed, mutant))


def _describe(source: str, changed: str, mutant: Mutant) -> str:
    before = source.splitlines()[mutant.line - 1]
    after = changed.splitlines()[mutant.line - 1]
    return f"- {before.strip()}\n+ {after.strip()}"


def share_of_limit(timeout: float) -> float:
    return timeout * _SHARE_OF_LIMIT
