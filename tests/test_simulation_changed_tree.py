"""A tree without some import statements: simulated in parts, first imports end as in a simulation from nothing."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analysis import tables
from analysis.bundled_case import build_bundled_case
from analysis.facts import Facts, scan
from analysis.rules.registrations import remove_imports
from analysis.runtime import find_entries
from analysis.simulation import simulate_entries
from analysis.simulation.changed_tree import ChangedTree

Tree = Callable[..., Path]
CASES = Path(__file__).parent / "cases"


def list_trees() -> list[Path]:
    folders = [case / kind for case in sorted(CASES.iterdir()) for kind in ("files", "fixed")]
    return [each for each in folders if each.is_dir() and any(each.rglob("*.py"))]


def describe(found: Mapping[str, pa.Table]) -> dict[str, list[Any]]:
    return {name: sorted(table.to_pylist(), key=str) for name, table in found.items()}


def simulate_anew(facts: Facts, programs: Mapping[str, Any], entries: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return what a simulation says that has never seen the tree otherwise."""
    texts = dict(tables.read_rows(facts.programs, "path", "program"))
    texts |= {path: json.dumps(program) for path, program in programs.items()}
    changed = replace(facts, programs=tables.PROGRAMS.from_rows(sorted(texts.items())))
    return describe(simulate_entries(changed, entries))


def compare(root: Path, seed: int, rounds: int) -> int:
    """Try random cuts one after the other, as one tree and each from nothing; return how many there were."""
    facts, chance = scan(root, jobs=1), random.Random(seed)
    entries = [(entry.module, entry.path) for entry in find_entries(facts)]
    statements = list(tables.read_rows(facts.imports, "path", "line"))
    texts = dict(tables.read_rows(facts.programs, "path", "program"))
    tree = ChangedTree(facts)
    for _ in range(rounds if statements else 0):
        cut = chance.sample(statements, min(len(statements), chance.choice((1, 1, 2, 5))))
        programs = {
            path: remove_imports(json.loads(texts[path]), {line for other, line in cut if other == path})
            for path, _ in cut
            if path in texts
        }
        chosen = chance.sample(entries, max(1, len(entries) * 2 // 3))
        assert describe(tree.simulate(programs, chosen)) == simulate_anew(facts, programs, chosen)
    return rounds if statements else 0


@pytest.mark.parametrize("tree", list_trees(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_in_each_case_first_imports_end_as_in_a_simulation_from_nothing(tree: Path) -> None:
    if "71-large-ring" not in str(tree):
        compare(tree, 15, 4)


def test_in_the_bundled_case_first_imports_end_as_in_a_simulation_from_nothing() -> None:
    assert compare(build_bundled_case(), 1, 12) == 12


NOTHING_STARTS = """
import sys
started = []
sys.addaudithook(lambda event, _: started.append(event) if event in
    {"subprocess.Popen", "os.posix_spawn", "os.system", "os.exec", "os.fork", "ctypes.dlopen"} else None)
from pathlib import Path
from analysis.facts import scan
from analysis.simulation import simulate_entries
facts = scan(Path(sys.argv[1]), jobs=1)
started.clear()
found = simulate_entries(facts, [("a", "a.py")])
print(started, found["simulated"]["outcome"].to_pylist())
"""


@pytest.mark.parametrize("name", ["m", "c", "gdal", "no such library", "-x"])
def test_no_program_is_started_for_a_name_that_the_target_gives(name: str, make_tree: Tree) -> None:
    source = f"import ctypes.util\nfrom ctypes.util import find_library\nX = find_library({name!r})\nif X is None:\n    X = ctypes.util.find_library({name!r})\n"  # noqa: E501
    root = make_tree({"a.py": source})
    done = subprocess.run([sys.executable, "-c", NOTHING_STARTS, str(root)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] ['ok']"
