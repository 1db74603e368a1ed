"""Do a repository's own tests pass as before, once every import is rewritten that a fix is offered for?

    python -m benchmarks.fixes_tests REPOSITORY [--kinds KIND ...] [--path lib] [--cwd tests] -- COMMAND ...

All offers of some kinds are written into a copy of the repository, tests and all. Then one command runs in two copies,
without and with them: `python -m pytest -rA …`, or a runner of unittest that prints each test (`-v`). `{python}` in the
command is what `--python` names.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.facts.source_tree import WorkingTree
from analysis.fixes.catalogue import KINDS, FixContext
from analysis.fixes.offers import Offer
from analysis.pipeline import investigate
from benchmarks.fixes import KIND_NAMES, copy_target, write_offers

_PYTEST = re.compile(r"^(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) (\S+::.+?)(?: - .*)?$", re.MULTILINE)
_UNITTEST = re.compile(r"^(\w+ \([\w.]+\))(?:\n[^\n]*?)? \.\.\. (ok|FAIL|ERROR|skipped|expected failure)", re.MULTILINE)
_WORDS = {"ok": "PASSED", "FAIL": "FAILED", "skipped": "SKIPPED", "expected failure": "XFAIL"}

Outcomes = Mapping[str, str]


def read_outcomes(output: str) -> Outcomes:
    """Return how each test ended, by its name, from what pytest or unittest printed."""
    found = {name: outcome for outcome, name in _PYTEST.findall(output)}
    return found or {name: _WORDS.get(outcome, outcome) for name, outcome in _UNITTEST.findall(output)}


def find_rewrites(root: Path, kinds: Sequence[str]) -> list[Offer]:
    """Return what some kinds of fixes offer for a target."""
    fixing = FixContext(investigate(root), WorkingTree(root))
    found = (each for kind in KINDS if kind.name in kinds for each in kind.find(fixing))
    return [each for each in found if isinstance(each, Offer)]


def run_tests(root: Path, command: Sequence[str], path: str, cwd: str) -> Outcomes:
    """Run the tests of a copy, which is found first on the search path, and return how each ended."""
    environment = {**os.environ, "PYTHONPATH": str(root / path), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    ran = subprocess.run(
        command, cwd=root / cwd, env=environment, text=True, errors="replace", check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    outcomes = read_outcomes(ran.stdout)
    if not outcomes:
        print(ran.stdout[-3000:])
    return outcomes


def main() -> None:
    """Rewrite, run the tests without and with it, and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--kinds", nargs="*", default=KIND_NAMES)
    parser.add_argument("--path", default="", help="the folder of the repository that is on the search path")
    parser.add_argument("--cwd", default="", help="the folder of the repository in which the command runs")
    parser.add_argument("--python", default="python3")
    parser.add_argument("command", nargs="+")
    asked = parser.parse_args()
    command = [asked.python if part == "{python}" else part for part in asked.command]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        before = copy_target(asked.repository.resolve(), folder / "before")
        offers = find_rewrites(before, asked.kinds)
        counted = Counter(offer.kind for offer in offers)
        files = {edit.path for offer in offers for edit in offer.edits}
        print(
            f"offers: {dict(counted)}; edits: {sum(len(each.edits) for each in offers)}; files: {len(files)}",
            flush=True,
        )
        after = write_offers(before, folder / "after", offers)
        was, now = (run_tests(root, command, asked.path, asked.cwd) for root in (before, after))
    print(f"tests before: {dict(Counter(was.values()))}; after: {dict(Counter(now.values()))}")
    changed = sorted(name for name in {*was, *now} if was.get(name) != now.get(name))
    for name in changed:
        print(f"  {name}: {was.get(name)} → {now.get(name)}")
    print(f"end otherwise than before: {len(changed)}")


if __name__ == "__main__":
    main()
