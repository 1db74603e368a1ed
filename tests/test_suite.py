"""The generated suite: it fails on the case as it is, passes on the mended one, and its controls always pass."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import analysis
from analysis.errors import SuiteError
from analysis.policy import parse_policy
from analysis.suite import write_suite
from analysis.suite.write import CHECKS, MARK, build_suite, write_literal

Tree = Callable[..., Path]
HERE = Path(__file__).resolve().parent
CASE = HERE.parent / "data" / "cases" / "agent_platform"
FILES = {
    "test_concepts.py", "test_import_paths.py", "test_circular_imports.py", "test_redirects.py", "test_factories.py",
}  # fmt: skip


def build_case(folder: Path, *, mended: bool) -> Path:
    """Build the bundled case."""
    spec = importlib.util.spec_from_file_location("case_build_suite", CASE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    tree: Path = builder.build(folder, mended=mended)
    return tree


def run_suite(folder: Path, target: Path) -> dict[str, str]:
    """Run a suite with the real pytest; return the outcome of each test by its name."""
    environment = {**os.environ, "SSOT_TARGET": str(target), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-v", "--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist", "."]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    found = re.findall(r"^(test_\S+?::\S.*?) (PASSED|FAILED|SKIPPED|ERROR)", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return dict(found)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Return the suite written for the case as it is, that case, and the mended one."""
    folder = tmp_path_factory.mktemp("suite")
    case, mended = build_case(folder / "case", mended=False), build_case(folder / "mended", mended=True)
    inv = analysis.investigate(case, policy=CASE / "ssot.toml", data=folder / "data")
    places = write_suite(inv, folder / "ssot_validation")
    assert {place.name for place in places} == {*FILES, CHECKS}
    return folder / "ssot_validation", case, mended


def is_control(name: str) -> bool:
    return "::test_control" in name


def test_it_fails_on_the_case_and_its_controls_pass(suite: tuple[Path, Path, Path]) -> None:
    found = run_suite(suite[0], suite[1])
    controls = {name: outcome for name, outcome in found.items() if is_control(name)}
    assert len(controls) == 11
    assert set(controls.values()) == {"PASSED"}
    failed = {name for name, outcome in found.items() if outcome == "FAILED"}
    assert {name.partition("::")[0] for name in failed} >= FILES - {"test_redirects.py"}
    assert any("execution engines" in name for name in failed)
    assert "test_factories.py::test_a_factory_is_as_the_policy_says[ExecutionEngineFactory]" in failed
    assert not any(outcome == "ERROR" for outcome in found.values())


def test_it_passes_on_the_mended_case(suite: tuple[Path, Path, Path]) -> None:
    found = run_suite(suite[0], suite[2])
    bad = {name: outcome for name, outcome in found.items() if outcome not in {"PASSED", "SKIPPED"}}
    assert bad == {}
    skipped = [name for name, outcome in found.items() if outcome == "SKIPPED"]
    assert len(skipped) < len(found) / 3


def test_it_needs_pytest_and_the_standard_library_only(suite: tuple[Path, Path, Path]) -> None:
    for path in suite[0].glob("*.py"):
        tree = ast.parse(path.read_text())
        taken = {
            (node.module or "").partition(".")[0] if isinstance(node, ast.ImportFrom) else node.names[0].name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        assert taken <= {*sys.stdlib_module_names, "pytest", "ssot_checks"}
        assert "mock" not in path.read_text().casefold()


def test_it_is_laid_out_as_a_formatter_would(suite: tuple[Path, Path, Path]) -> None:
    command = [sys.executable, "-m", "ruff", "format", "--check", "--line-length", "120", "--isolated", str(suite[0])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_was_not_generated_is_not_replaced(suite: tuple[Path, Path, Path], tmp_path: Path) -> None:
    inv = analysis.investigate(suite[1], policy=CASE / "ssot.toml", data=tmp_path / "data")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "test_factories.py").write_text("# mine\n")
    with pytest.raises(SuiteError, match="was not generated"):
        write_suite(inv, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["test_factories.py"]
    assert len(write_suite(inv, suite[0])) == len(FILES) + 1


def test_the_suite_finds_its_target_from_where_it_lies(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"shop/__init__.py": "", "shop/a.py": "import shop.b\n", "shop/b.py": "", "tests/keep": ""})
    inv = analysis.investigate(root, data=tmp_path / "data")
    places = write_suite(inv, root / "tests" / "unit" / "ssot")
    assert [place.name for place in places] == [CHECKS, "test_circular_imports.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(places[0].parent)]
    environment = {key: value for key, value in os.environ.items() if key != "SSOT_TARGET"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout


def test_names_of_the_policy_stay_names(make_tree: Tree, tmp_path: Path) -> None:
    policy = parse_policy('[[concept]]\nname = "a\\"]); import os #\\n"\nmatch = ["*A"]\nmax_classes = 1\n')
    root = make_tree({"p/__init__.py": "", "p/a.py": "class A: ...\n"})
    inv = analysis.investigate(root, policy=policy, data=tmp_path / "data")
    for name, text in build_suite(inv).items():
        assert text.startswith(MARK)
        compile(text, name, "exec")
    tree = ast.parse(build_suite(inv)["test_concepts.py"])
    concepts = next(
        node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "CONCEPTS"
    )
    assert ast.literal_eval(concepts)[0]["name"].startswith('a"]); import os #')


@pytest.mark.parametrize(
    "value", [[], {}, (), ("a",), ["a" * 60, "b" * 60], {"a": ["x" * 90], "b": {"c": False}}, [{"p": ["q", 'r"']}], 3]
)
def test_a_literal_reads_back_as_what_it_was(value: object) -> None:
    assert ast.literal_eval(write_literal(value)) == value


def test_the_command_writes_the_files(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"p/__init__.py": "", "p/a.py": "x = 1\n"})
    environment = {**os.environ, "SSOT_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-m", "analysis.cli", "tests", str(root), "--out", str(tmp_path / "suite"), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [Path(line).name for line in done.stdout.splitlines()] == [CHECKS, "test_circular_imports.py"]
