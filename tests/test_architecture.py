"""The rules of the house: layers, thin notebooks, nothing runs a target's code, nothing knows the bundled case."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
MODULES = sorted((ROOT / "analysis").rglob("*.py"))
TEXTS = sorted(
    path
    for folder in ("analysis", "notebooks")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".ipynb", ".j2", ".html", ".css", ".js", ".json", ".md", ".toml"}
)
#: The one place that may name the bundled case: it builds and finds it for notebooks without a target.
CASE_FINDER = "analysis/bundled_case.py"
CASE_NAMES = re.compile(
    r"netra|agent_platform|(?<![\w#.-])#?909(?![\w.])|UserExecutionEngine|AgentRegistry", re.IGNORECASE
)
#: Calls that run code or load objects from data. Only the probe's child may do so with a target's.
RUNNERS = {
    "exec",
    "eval",
    "__import__",
    "exec_module",
    "load_module",
    "import_module",
    "run_path",
    "run_module",
    "find_spec",
}
#: Who may call which of them all the same, and why it is not a target's code.
OWN_CODE = {
    ("analysis/__init__.py", "import_module"): "hands out our own modules on first use",
    ("analysis/graph/__init__.py", "import_module"): "hands out its own modules on first use",
    ("analysis/names/__init__.py", "import_module"): "hands out its own modules on first use",
    ("analysis/rules/catalogue.py", "import_module"): "imports our own rule families",
    ("analysis/rules/own_rules.py", "run_path"): "runs rule files of a policy that the caller names, never of a target",
    ("analysis/tables/frames.py", "import_module"): "loads pandas when a frame is made",
    ("analysis/bundled_case.py", "exec_module"): "builds the bundled case with our own script",
}
#: The one module that pickles: what goes through the private pipe between a worker and the process that started it.
OWN_PIPE = "analysis/children/worker_main.py"
FORBIDDEN_NAMES = re.compile(r"util|helper|manager|info$|process(?!_pool|es|or)|misc|common", re.IGNORECASE)
THINGS_FOR_MODULES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Try, ast.TryStar, ast.For, ast.AsyncFor)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def read_notebook(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def find_code_cells(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in read_notebook(path)["cells"] if cell["cell_type"] == "code"]


def parse_cell(cell: dict[str, Any]) -> ast.Module:
    return ast.parse("".join(cell["source"]))


def find_calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name


def test_layers_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_layers_notice_an_import_that_goes_up_and_a_module_without_a_place(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "analysis", tmp_path / "analysis", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    errors = tmp_path / "analysis/errors.py"
    good = errors.read_text()
    errors.write_text(good + "\nfrom analysis.tables import TABLES\n")
    assert "analysis.errors is not allowed to import analysis.tables" in lint(tmp_path).stdout
    errors.write_text(good)
    (tmp_path / "analysis/somewhere.py").touch()
    assert "analysis.somewhere" in lint(tmp_path).stdout


def test_the_notebooks_of_the_report_are_there() -> None:
    names = {path.stem for path in NOTEBOOKS if path.parent.name == "notebooks"}
    assert {"00_executive_report", "01_import_graph", "03_circular_imports"} <= names
    assert [name for name in names if not re.fullmatch(r"\d\d_[a-z_]+", name)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_defines_nothing_and_has_no_loop(path: Path) -> None:
    found = [
        f"cell {cell['id']} line {node.lineno}: {type(node).__name__}"
        for cell in find_code_cells(path)
        for node in ast.walk(parse_cell(cell))
        if isinstance(node, (*THINGS_FOR_MODULES, ast.While, ast.Lambda, ast.comprehension))
    ]
    assert found == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_has_one_parameters_cell_of_plain_values(path: Path) -> None:
    tagged = [cell for cell in find_code_cells(path) if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    for statement in parse_cell(tagged[0]).body:
        assert isinstance(statement, (ast.Assign, ast.AnnAssign)), ast.unparse(statement)
        assert statement.value is not None
        ast.literal_eval(statement.value)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_without_outputs_and_with_stable_cells(path: Path) -> None:
    notebook = read_notebook(path)
    for cell in find_code_cells(path):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert set(cell["metadata"]) <= {"tags", "jupyter"}
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_speaks_before_it_shows(path: Path) -> None:
    cells = read_notebook(path)["cells"]
    assert cells[0]["cell_type"] == "markdown"
    assert "?" in "".join(cells[0]["source"]), "the first cell asks the question that the notebook answers"


def test_nothing_in_the_analysis_or_the_notebooks_knows_the_bundled_case() -> None:
    found = [
        f"{name_of(path)}:{number}: {line.strip()[:100]}"
        for path in TEXTS
        if name_of(path) != CASE_FINDER
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if CASE_NAMES.search(line)
    ]
    assert found == []


def test_the_finder_of_the_bundled_case_names_it_once() -> None:
    assert len(CASE_NAMES.findall((ROOT / CASE_FINDER).read_text())) == 1


def test_nothing_but_the_probe_and_the_golden_path_runs_code_that_it_is_given() -> None:
    found = {
        (name_of(path), call)
        for path in MODULES
        if not name_of(path).startswith(("analysis/runtime/", "analysis/verify/", "analysis/golden/hooks/"))
        for call in find_calls(ast.parse(path.read_text()))
        if call in RUNNERS
    }
    assert found == set(OWN_CODE)


def test_every_process_and_temporary_folder_is_guarded() -> None:
    """What is started by other means outlives a killed run.

    The probe's child is guarded as a whole; the generated suite runs in other projects, alone.
    """
    starters = {
        "subprocess.Popen", "subprocess.run", "subprocess.call", "subprocess.check_output", "subprocess.check_call",
        "os.fork", "os.spawnv", "os.posix_spawn", "tempfile.mkdtemp", "tempfile.TemporaryDirectory",
    }  # fmt: skip
    found = {
        f"{name_of(path)}: {ast.unparse(node.func)}"
        for path in MODULES
        if not name_of(path).startswith(
            ("analysis/children/", "analysis/runtime/child/", "analysis/suite/ssot_checks.py")
        )
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in starters
    }
    assert found == {
        "analysis/report/notebook_processes.py: os.fork",  # from a worker, whose mark it inherits
        "analysis/store.py: tempfile.mkdtemp",  # beside its final place; the next run removes what a killed one left
    }


def test_nothing_loads_pickled_objects_or_starts_a_shell() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if name_of(path) != OWN_PIPE
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Call) and any(keyword.arg == "shell" for keyword in node.keywords))
        or (
            isinstance(node, (ast.Import, ast.ImportFrom)) and re.search(r"\b(pickle|shelve|dill)\b", ast.unparse(node))
        )
        or (isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.system", "os.popen"})
    ]
    assert found == []


def test_no_property_has_a_time_limit_for_one_example() -> None:
    """It would fail on a busy machine; ``conftest.py`` sets none, and no test sets another."""
    set_here = [
        f"{path.name}:{node.lineno}"
        for path in sorted((ROOT / "tests").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("settings")
        and any(each.arg == "deadline" and ast.unparse(each.value) != "None" for each in node.keywords)
    ]  # fmt: skip
    assert settings().deadline is None
    assert set_here == []


def test_there_is_something_to_look_at() -> None:
    """The tests of this file list what is wrong; without files nothing would be."""
    assert len(MODULES) > 100 and len(TEXTS) > len(MODULES) and len(NOTEBOOKS) > 5
    assert FORBIDDEN_NAMES.search("string_utils") and FORBIDDEN_NAMES.search("CaseManager")
    assert not FORBIDDEN_NAMES.search("executor")
    assert CASE_NAMES.search("the AgentRegistry of #909")


def test_names_say_what_a_thing_is() -> None:
    modules = [name_of(path) for path in MODULES if FORBIDDEN_NAMES.search(path.stem)]
    classes = [
        f"{name_of(path)}: {node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and FORBIDDEN_NAMES.search(node.name)
    ]
    assert modules + classes == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name_of(path) for path in MODULES if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
