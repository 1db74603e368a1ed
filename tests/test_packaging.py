"""pyproject.toml, environment.yml and the lock files name the same packages; the wheel holds what the kit needs."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
CONDA_NAMES = {"python-igraph": "igraph"}
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>.+?))?(?: \\)?$")


def read_project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def read_ranges(*extras: str) -> dict[str, SpecifierSet]:
    """Package to allowed versions, as pyproject.toml says: run time without arguments, and the named extras."""
    project = read_project()
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return {canonicalize_name(parsed.name): parsed.specifier for parsed in map(Requirement, lines)}


def read_environment() -> tuple[dict[str, SpecifierSet], list[str]]:
    """Package to allowed versions as environment.yml says for conda, and its lines for pip."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    conda = [Requirement(entry) for entry in entries if isinstance(entry, str)]
    pip = [line for entry in entries if isinstance(entry, dict) for line in entry["pip"]]
    return {CONDA_NAMES.get(parsed.name, parsed.name): parsed.specifier for parsed in conda}, pip


def read_pins(lock: str) -> dict[str, Version]:
    matches = map(PIN.match, (ROOT / lock).read_text().splitlines())
    return {match["name"]: Version(match["version"]) for match in matches if match}


def find_undeclared(declared: dict[str, SpecifierSet], *folders: str) -> dict[str, str]:
    """Imported name to one file that imports it, for what is not ours, the standard library's or declared."""
    beside = {path.stem for path in (ROOT / "tests").glob("*.py")}
    ours = {"analysis", "tests", "tools", "benchmarks"} | beside | set(sys.stdlib_module_names)
    owners = packages_distributions()
    return {
        name: str(path.relative_to(ROOT))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != ROOT / "analysis/verify/child.py"  # it runs in the target's interpreter, with the target's pytest
        and not {ROOT / "tests/cases", ROOT / "tests/data"} & set(path.parents)  # targets, not code of ours
        for name in find_imported_names(ast.parse(path.read_text()))
        if name not in ours and not declared.keys() & {canonicalize_name(owner) for owner in owners.get(name, [name])}
    }


def find_imported_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_conda_and_pip_allow_the_same_versions_of_the_same_packages() -> None:
    conda, pip = read_environment()
    python = conda.pop("python")
    conda.pop("pip")
    assert conda == read_ranges()
    assert pip == ["-e ."]
    assert Version("3.10.99") not in python
    assert all(Version(f"3.{minor}.0") in python for minor in (11, 12, 13, 14))
    assert read_project()["requires-python"] == ">=3.11"


@pytest.mark.parametrize(("lock", "extras"), [(LOCKS[0], ["build"]), (LOCKS[1], ["build", "dev", "bench"])])
def test_lock_pins_every_dependency_within_its_range(lock: str, extras: list[str]) -> None:
    pins = read_pins(lock)
    outside = {
        name: str(pins.get(name)) for name, allowed in read_ranges(*extras).items() if pins.get(name) not in allowed
    }
    assert outside == {}, "run make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_exact_versions_with_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", text).strip())
    assert [entry for entry in entries if not PIN.match(entry.splitlines()[0])] == []
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert re.findall(r"(?m)^\s*--(?!hash=sha256:[0-9a-f]{64}).*$", text) == []


def test_tests_run_with_the_versions_that_reports_are_made_with() -> None:
    report, everything = map(read_pins, LOCKS)
    assert {name: everything.get(name) for name in report} == report


def test_run_time_dependencies_are_pinned_for_every_python_and_platform() -> None:
    unmarked = {
        match["name"]
        for line in (ROOT / LOCKS[0]).read_text().splitlines()
        if (match := PIN.match(line)) and not match["marker"]
    }
    assert set(read_ranges()) - unmarked == set()


def test_everything_that_the_analysis_imports_is_declared() -> None:
    assert find_undeclared(read_ranges(), "analysis") == {}


def test_everything_that_tests_tools_and_benchmarks_import_is_declared() -> None:
    assert find_undeclared(read_ranges("build", "dev", "bench"), "tests", "tools", "benchmarks") == {}


def test_an_undeclared_import_is_noticed() -> None:
    assert "igraph" in find_undeclared({}, "analysis")


def test_every_dependency_is_imported_or_has_a_reason() -> None:
    reasons = {
        "ipykernel": "the kernel that notebooks have in JupyterLab",
        "jupyterlab": "where people open them",
        "pyvis": "its vis-network draws the networks",
    }
    trees = (ast.parse(path.read_text()) for path in sorted((ROOT / "analysis").rglob("*.py")))
    owners = packages_distributions()
    imported = {canonicalize_name(owner) for tree in trees for name in find_imported_names(tree)
                for owner in owners.get(name, [name])}  # fmt: skip
    assert read_ranges().keys() - imported == reasons.keys()


def test_console_script_points_to_something_that_can_be_called() -> None:
    module, _, name = read_project()["scripts"]["ssot"].partition(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_wheel_holds_every_file_of_the_package_and_nothing_beside_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "analysis").rglob("*") if path.is_file()}
    bundle = "analysis/bundle/"
    beside = {name.removeprefix(bundle) for name in packed if name.startswith(bundle)}
    assert {name for name in packed if not name.startswith(bundle)} == {
        name for name in files if "__pycache__" not in name
    }
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").rglob("*.ipynb")} <= beside
    assert {name for name in beside if not (ROOT / name).is_file() or "/tree/" in name} == set()


@pytest.mark.slow
def test_an_installed_wheel_works_without_a_checkout(tmp_path: Path) -> None:
    """Its own notebooks make a report; its own case is built in the user's data; reports lie in the current folder."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    site, app, here = tmp_path / "site", tmp_path / "app", tmp_path / "here"
    zipfile.ZipFile(wheel).extractall(site)
    for folder in (app, here):
        folder.mkdir()
    (app / "shop.py").write_text("class Order:\n    pass\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SSOT_")}
    environment |= {"PYTHONPATH": str(site), "XDG_DATA_HOME": str(tmp_path / "user"), "HOME": str(tmp_path)}
    python = [sys.executable, "-P"]
    done = subprocess.run(
        [*python, "-m", "analysis.cli", "report", str(app), "--quiet"], cwd=here, env=environment, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    page = Path(done.stdout.strip())
    assert page.is_relative_to(here / "reports") and "<title>app" in page.read_text()
    program = "import analysis, analysis.bundled_case as case; print(case.build_bundled_case(), analysis.__file__)"
    case = subprocess.run(
        [*python, "-c", program], cwd=here, env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert str(site) in case
    assert [path.name for path in (tmp_path / "user").rglob("netra_backend")]
