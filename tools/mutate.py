"""Mutation trial: do the tests notice a small fault?

``python -m tools.mutate --seed 7`` chooses 60 mutants (a comparison turned around, a loop that stops after its first
item, ...), puts one after the other into a copy of the checkout, and runs the tests of the mutated module for at most
120 seconds. Exit code 0 when at least 85 % are caught, 1 when not, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

from tools.mutation import trial
from tools.mutation.operators import Mutant
from tools.mutation.trial import Checkout, Outcome, TestRecord

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("resolve", "simulation", "rules", "gate")


def main(arguments: Sequence[str] | None = None) -> int:
    options = read_arguments(arguments)
    root: Path = options.root.resolve()
    packages = options.packages or [f"analysis/{name}" for name in PACKAGES if (root / "analysis" / name).is_dir()]
    mutants = trial.choose_mutants(root, packages, count=options.count, seed=options.seed)
    if not mutants:
        print(f"Nothing to change in {', '.join(packages)} below {root}", file=sys.stderr)
        return 2
    if options.list:
        for mutant in mutants:
            print(f"{mutant.path}:{mutant.line} {mutant.operator}: {' '.join(mutant.replacement.split())}")
        return 0
    nearest = trial.find_test_files(root, packages, mutants, most=options.files)
    with ExitStack() as stack:
        copies = [stack.enter_context(trial.copy_checkout(root)) for _ in range(options.jobs)]
        tests = measure(copies, sorted({file for files in nearest.values() for file in files}), options)
        outcomes = run(copies, mutants, nearest, tests, options.timeout)
    return report(outcomes, options.least)


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.mutate", description=__doc__)
    parser.add_argument("packages", nargs="*", help="folders to change (default: the packages that decide findings)")
    parser.add_argument("--seed", type=int, default=0, help="which mutants are chosen (default: 0)")
    parser.add_argument("--count", type=int, default=60, help="how many mutants (default: 60)")
    parser.add_argument("--jobs", type=int, default=1, help="copies that work at once (default: 1)")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for each mutant (default: 120)")
    parser.add_argument("--files", type=int, default=20, help="nearest test files of a module (default: 20)")
    parser.add_argument("--least", type=float, default=85.0, help="percent to be caught (default: 85)")
    parser.add_argument(
        "--measured", type=Path, help="file that keeps the measured tests for trials of the same checkout"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    parser.add_argument("--list", action="store_true", help="list the chosen mutants and run nothing")
    return parser.parse_args(arguments)


def measure(copies: Sequence[Checkout], files: Sequence[str], options: argparse.Namespace) -> list[TestRecord]:
    """Run each test file once without a mutant; take what an earlier trial measured when a file for it is given."""
    known: dict[str, list[TestRecord]] = {}
    if options.measured and options.measured.exists():
        for file, rows in json.loads(options.measured.read_text(encoding="utf-8")).items():
            known[file] = [TestRecord(name, seconds, frozenset(map(tuple, runs))) for name, seconds, runs in rows]
    for file, tests in trial.measure_tests(
        copies[0], [file for file in files if file not in known], timeout=options.timeout
    ):
        print(f"measured {file}: {len(tests)} tests, {sum(test.seconds for test in tests):.1f} s", flush=True)
        known[file] = tests
        if options.measured:
            kept = {
                name: [(test.name, test.seconds, sorted(test.functions)) for test in found]
                for name, found in known.items()
            }
            options.measured.write_text(json.dumps(kept), encoding="utf-8")
    return [test for file in files for test in known[file]]


def run(
    copies: Sequence[Checkout], mutants: Sequence[Mutant], nearest: dict[str, list[str]], tests: Sequence[TestRecord],
    timeout: float,
) -> list[Outcome]:  # fmt: skip
    """Run every mutant, as many at once as there are copies, and print each outcome."""
    free: SimpleQueue[Checkout] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def run_one(mutant: Mutant) -> Outcome:
        chosen = trial.choose_tests(mutant, nearest[mutant.path], tests, seconds=trial.share_of_limit(timeout))
        copy = free.get()
        try:
            outcome = trial.run_mutant(copy, mutant, chosen, timeout=timeout)
        finally:
            free.put(copy)
        print(describe(outcome), flush=True)
        return outcome

    with ThreadPoolExecutor(len(copies)) as pool:
        return list(pool.map(run_one, mutants))


def describe(outcome: Outcome) -> str:
    mutant = outcome.mutant
    word = "caught  " if outcome.is_caught else "SURVIVED"
    trail = f"({outcome.how}; {outcome.tests} tests, {outcome.seconds:.1f} s)"
    head = f"{word} {mutant.path}:{mutant.line} {mutant.operator} {trail}"
    return "\n    ".join([head, *outcome.difference.splitlines()])


def report(outcomes: Sequence[Outcome], least: float) -> int:
    """Print the figures, and the survivors once more; return the exit code."""
    survivors = [outcome for outcome in outcomes if not outcome.is_caught]
    caught = len(outcomes) - len(survivors)
    percent = 100 * caught / len(outcomes)
    if survivors:
        print("\nSurvivors:")
        print("\n".join(map(describe, survivors)))
    timed_out = sum(outcome.how == "timed out" for outcome in outcomes)
    print(f"\n{caught} of {len(outcomes)} mutants caught ({percent:.1f} %), {timed_out} by time; least {least:g} %")
    return 0 if percent >= least else 1


if __name__ == "__main__":
    sys.exit(main())
