"""Equal things have one key in every process; another program, interpreter or input has another."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import analysis
from analysis.cache import build_key
from analysis.cache.keys import describe_interpreter
from analysis.facts import ScanOptions, cache, scan
from analysis.gate import kept_verdicts
from analysis.graph import cached_cuts
from analysis.names import cached_names
from analysis.policy import Policy
from analysis.runtime import probe
from analysis.simulation import Environment, entries, simulate_entries
from analysis.target_policy import build_scan_options

PACKAGE = Path(analysis.__file__).parent
PROGRAMS = {
    "facts": cache.PROGRAM, "graph": cached_cuts.PROGRAM, "names": cached_names.PROGRAM, "simulation": entries.PROGRAM,
    "runtime": probe.PROGRAM, "rules": kept_verdicts.PROGRAM,
}  # fmt: skip
#: They compute nothing that is kept: errors, counting, processes, and the cache, which is part of every key.
#: What notes failures, shows progress or starts processes decides no answer; former names are asked of what users keep.
NOT_COMPUTING = {"targets", "errors", "progress", "executor", "cache", "gaps", "children", "former_names"}
PRINT_KEY = """
from analysis.cache import build_key
from analysis.simulation import Environment
print(build_key(("facts", "tables"), {"b": 1, "a": {"x", "y", "z"}}, Environment(missing=frozenset({"q", "r", "s"}))))
"""


def print_key(package: Path = PACKAGE, **environment: str) -> str:
    surrounding = {**os.environ, "PYTHONPATH": str(package.parent), **environment}
    command = [sys.executable, "-P", "-c", PRINT_KEY]
    return subprocess.run(command, env=surrounding, capture_output=True, text=True, check=True).stdout


def copy_package(folder: Path) -> Path:
    return Path(shutil.copytree(PACKAGE, folder / "analysis", ignore=shutil.ignore_patterns("__pycache__", "report")))


def test_equal_things_have_one_key_in_every_process(tmp_path: Path) -> None:
    told = {print_key(PYTHONHASHSEED=seed) for seed in ("0", "1", "77")}
    assert len(told) == 1
    assert told == {print_key(copy_package(tmp_path))}  # the place of the program does not matter


@pytest.mark.parametrize(
    ("module", "counts"),
    [("facts/extract.py", True), ("facts/new.py", True), ("tables/facts.py", True), ("cache/packs.py", True),
     ("rules/score.py", False)],
)  # fmt: skip
def test_another_source_of_the_program_is_another_key(tmp_path: Path, module: str, counts: bool) -> None:
    copied = copy_package(tmp_path)
    before = print_key(copied)
    with (copied / module).open("a") as file:
        file.write("# another word\n")
    assert (print_key(copied) != before) == counts


def test_a_program_without_source_shares_nothing() -> None:
    assert len({print_key_of_nothing() for _ in range(2)}) == 2


def print_key_of_nothing() -> str:
    code = "from analysis.cache import build_key; print(build_key(('no_such_module',)))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("part", range(len(describe_interpreter())))
def test_another_interpreter_or_platform_is_another_key(part: int) -> None:
    ours = describe_interpreter()
    other = (*ours[:part], "another", *ours[part + 1 :])
    assert build_key(("facts",), interpreter=other) != build_key(("facts",)) == build_key(("facts",), interpreter=ours)


def test_the_interpreter_is_all_that_conditions_are_decided_by() -> None:
    assert {sys.version, sys.platform, os.name, os.sep, sys.byteorder} <= set(map(str, describe_interpreter()[:8]))


DIFFERENT: list[Any] = [
    None, "", "None", b"", 0, 1, True, False, 1.0, "1", [], {}, set(), [[]], [None], [""], ["a", "b"], ["ab"],
    ["ab", ""], ["a\0b"], ["a\nb"], ("a", 1), ("a1",), {"a": "b"}, {"a", "b"}, {"b": "a"}, Path("a"), "a", b"a",
    "\ud800",
    Environment(), Environment((3, 8, 0)), Environment(missing=frozenset("a")), Environment(found=frozenset("a")),
    ScanOptions(), ScanOptions(("a",)), ScanOptions(("a", "b")),
    build_scan_options(Policy.model_validate({"target": {"exclude": ["a"]}})),
    np.zeros(2), np.zeros(2, np.int8), np.zeros((1, 2)), np.ones(2), pa.array([1]),
    pa.array([1], pa.int8()), pa.array(["1"]),
]  # fmt: skip


def test_different_inputs_have_different_keys() -> None:
    assert len({build_key((), value) for value in DIFFERENT}) == len(DIFFERENT)
    assert build_key((), "a", "b") != build_key((), "ab") != build_key((), ["a", "b"])


@given(st.dictionaries(st.text(), st.sets(st.integers())), st.randoms())
def test_the_order_of_sets_and_mappings_does_not_matter(value: dict[str, set[int]], random: Any) -> None:
    shuffled = list(value.items())
    random.shuffle(shuffled)
    assert build_key((), {name: {*list(each)[::-1]} for name, each in shuffled}) == build_key((), value)


def test_what_has_no_bytes_of_its_own_has_no_key() -> None:
    with pytest.raises(TypeError, match="object"):
        build_key((), [object()])


@pytest.mark.parametrize("package", PROGRAMS)
def test_a_key_names_every_package_that_computes(package: str) -> None:
    """What the program imports, however deeply, is part of its key: nobody has to remember it."""
    seen, waiting = set[str](), {package}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        files = (PACKAGE / name).rglob("*.py") if (PACKAGE / name).is_dir() else [PACKAGE / f"{name}.py"]
        for file in files:
            for node in ast.walk(ast.parse(file.read_bytes())):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("analysis"):
                    parts = (node.module or "").split(".")[1:]
                    waiting |= {parts[0]} if parts else {alias.name for alias in node.names}
        waiting = {each for each in waiting if not each.startswith("__")} - seen - NOT_COMPUTING
    assert len(seen) > 1
    assert seen - NOT_COMPUTING <= set(PROGRAMS[package])


def test_first_imports_are_simulated_again_where_anything_that_decides_them_changes(
    make_tree: Callable[..., Path], tmp_path: Path
) -> None:
    tree = make_tree({"a.py": "import json\nimport b\n", "b.py": "x = 1\n"})
    kept = tmp_path / "cache"
    told = set()
    for environment in (None, Environment((3, 8, 0)), Environment(missing=frozenset({"json"}))):
        told.add(str(simulate_entries(scan(tree), [("a", "a.py")], environment=environment, cache=kept)["simulated"]))
    (tree / "b.py").write_text("import missing_one\n")
    told.add(str(simulate_entries(scan(tree), [("a", "a.py")], cache=kept)["simulated"]))
    told.add(str(simulate_entries(scan(tree), [("b", "b.py")], cache=kept)["simulated"]))
    assert len(told) == 3
    assert len(list((kept / "first-imports").iterdir())) == 4


def test_a_project_file_alone_names_the_modules_anew(make_tree: Callable[..., Path], tmp_path: Path) -> None:
    """No Python file changes, and yet ``lib`` is a root from now on."""
    tree, kept = make_tree({"lib/pkg/__init__.py": "", "lib/pkg/a.py": "import os\n"}), tmp_path / "cache"
    before = scan(tree, cache=kept).modules
    for _ in range(2):
        assert scan(tree, cache=kept).modules.equals(before)
    (tree / "lib/pyproject.toml").write_text("")
    assert scan(tree, cache=kept).modules.equals(scan(tree).modules)
    assert not scan(tree).modules.equals(before)
    (tree / "lib/pyproject.toml").unlink()
    assert scan(tree, cache=kept).modules.equals(before)
