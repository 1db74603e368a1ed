"""Contracts of import-linter, read as they are, give the verdicts of import-linter itself, run side by side."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from analysis.contracts.judging import judge_contract
from analysis.contracts.linter_files import read_linter_contracts
from analysis.contracts.module_imports import collect_imports
from analysis.contracts.terms import ContractError
from analysis.facts import scan
from analysis.facts.source_tree import WorkingTree
from analysis.graph import build_import_graph

_VERDICT = re.compile(r"^(.+?) (KEPT|BROKEN)(?: \(.*\))?$", re.MULTILINE)


def _ask_linter(root: Path) -> dict[str, str] | str:
    """Return the verdict of each contract; where import-linter gives up, what it says."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=60, check=False)
    found = dict(_VERDICT.findall(done.stdout))
    return found or done.stdout + done.stderr


def _judge(root: Path) -> dict[str, str]:
    facts = scan(root)
    graph = build_import_graph(facts)
    modules = {row["module"]: row["kind"] for row in facts.modules.to_pylist() if row["is_primary"]}
    verdicts = {}
    for contract in read_linter_contracts(WorkingTree(root)):
        try:
            imports = collect_imports(graph.edges, graph.externals, modules, contract.scope)
            verdicts[contract.name] = "BROKEN" if judge_contract(contract, imports) else "KEPT"
        except ContractError as error:
            verdicts[contract.name] = f"fault: {error}"
    return verdicts


def _write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


_TREE = {
    "app/__init__.py": "", "app/pages/__init__.py": "from app.orders import book\n",
    "app/pages/admin.py": "import json\n",
    "app/orders/__init__.py": "", "app/orders/book.py": "from app import tools\n",
    "app/tools.py": "def late():\n    from app.pages import admin\n",
    "app/types.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.orders import book\n",
    "app/plugins/__init__.py": "", "app/plugins/red.py": "from . import blue\n", "app/plugins/blue.py": "",
    "app/plugins/green.py": "from app import types\n", "app/alone.py": "import json\nimport requests.sessions\n",
}  # fmt: skip


def _section(name: str, text: str) -> str:
    return f"[importlinter:contract:{name}]\nname = {name}\n{text}\n"


_CONTRACTS = {
    "layers": "type = layers\ncontainers = app\nlayers =\n    pages\n    orders\n    tools",
    "turned": "type = layers\nlayers =\n    app.tools\n    # a comment\n    app.orders\n    app.pages",
    "optional": "type = layers\nlayers =\n    app.alone\n    (app.missing)\n    app.types",
    "siblings": "type = layers\ncontainers =\n    app.plugins\nlayers =\n    red | blue\n    green",
    "together": "type = layers\ncontainers = app.plugins\nlayers =\n    red : blue\n    green",
    "exhaustive": "type = layers\ncontainers = app.plugins\nlayers =\n    red\n    blue\nexhaustive = True",
    "ignored": (
        "type=layers\ncontainers=app.plugins\nlayers =\n  red\n  blue\nexhaustive=true\nexhaustive_ignores=\n  green"
    ),
    "indirect": "type = forbidden\nsource_modules =\n    app.plugins.green\nforbidden_modules =\n    app.tools",
    "direct": (
        "type=forbidden\nsource_modules = app.plugins.green\nforbidden_modules = app.tools\n"
        "allow_indirect_imports=True"
    ),
    "outside": "type = forbidden\nsource_modules = app.orders\nforbidden_modules = requests",
    "used": "type = forbidden\nsource_modules = app.alone\nforbidden_modules = requests",
    "wild": "type = forbidden\nsource_modules = app.plugins.*\nforbidden_modules = app.orders.**",
    "overlap": "type = forbidden\nsource_modules = app.plugins\nforbidden_modules =\n    app.plugins.blue",
    "alone": "type = forbidden\nsource_modules = app\nforbidden_modules = app.tools\nas_packages = False",
    "independent": "type = independence\nmodules =\n    app.alone\n    app.types\n    app.plugins.red",
    "dependent": "type = independence\nmodules =\n    app.plugins.green\n    app.orders",
    "allowed": (
        "type = independence\nmodules =\n    app.plugins.red\n    app.plugins.blue\n"
        "ignore_imports =\n    app.plugins.* -> app.**.blue"
    ),
    "protected": "type = protected\nprotected_modules = app.tools\nallowed_importers = app.orders",
    "opened": "type = protected\nprotected_modules = app.tools\nallowed_importers = app.pages",
    "module": "type=protected\nprotected_modules=app.tools\nallowed_importers=app.orders\nas_packages=False",
    "acyclic": "type = acyclic_siblings\nancestors = app",
    "shallow": "type = acyclic_siblings\nancestors =\n    app.plugins\ndepth = 0",
}  # fmt: skip


def test_every_type_of_contract_has_the_verdict_of_import_linter(tmp_path: Path) -> None:
    head = "[importlinter]\nroot_package = app\ninclude_external_packages = True\n\n"
    contracts = "\n".join(_section(name, text) for name, text in _CONTRACTS.items())
    _write(tmp_path, {**_TREE, ".importlinter": head + contracts})
    theirs = _ask_linter(tmp_path)
    assert isinstance(theirs, dict) and set(theirs) == set(_CONTRACTS), theirs
    assert {"KEPT", "BROKEN"} == set(theirs.values())
    assert _judge(tmp_path) == theirs


def test_imports_for_type_checkers_count_unless_the_configuration_leaves_them_out(tmp_path: Path) -> None:
    contract = 'name = "n"\ntype = "forbidden"\nsource_modules = ["app.types"]\nforbidden_modules = ["app.orders"]\n'
    for excluded in ("true", "false"):
        text = f'[tool.importlinter]\nroot_packages = ["app"]\nexclude_type_checking_imports = {excluded}\n'
        _write(tmp_path, {**_TREE, "pyproject.toml": f"{text}[[tool.importlinter.contracts]]\n{contract}"})
        assert _judge(tmp_path) == _ask_linter(tmp_path) == {"n": "KEPT" if excluded == "true" else "BROKEN"}


@pytest.mark.parametrize(
    "text",
    [
        "type = layers\nlayers =\n    app.missing\n    app.tools",
        "type = forbidden\nsource_modules = app.missing\nforbidden_modules = app.tools",
        "type = independence\nmodules =\n    app.tools\n    app.missing",
        "type = layers\nlayers =\n    app.tools\n    app.pages\nignore_imports =\n    app.alone -> app.tools",
        "type = strange\nmodules = app",
        "type = layers\nlayers =\n    app.tools | app.pages : app.orders\n    app.types",
        "type = acyclic_siblings\nancestors = app.missing",
        "type = protected\nprotected_modules = app.missing\nallowed_importers = app.tools",
        "type = protected\nprotected_modules = app.tools\nallowed_importers = app.missing",
    ],
)
def test_what_import_linter_refuses_to_judge_is_a_fault_of_the_contract(tmp_path: Path, text: str) -> None:
    _write(tmp_path, {**_TREE, ".importlinter": f"[importlinter]\nroot_package = app\n\n{_section('odd', text)}"})
    theirs = _ask_linter(tmp_path)
    assert isinstance(theirs, str) or theirs == {}
    assert _judge(tmp_path)["odd"].startswith("fault: ")


@pytest.mark.parametrize("seed", range(4))
def test_random_layers_and_bans_have_the_verdicts_of_import_linter(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    packages = [f"p{number}" for number in range(5)]
    modules = [f"app.{package}.m{number}" for package in packages for number in range(3)]
    files = {"app/__init__.py": "", **{f"app/{package}/__init__.py": "" for package in packages}}
    for module in modules:
        lines = [f"import {other}" for other in draw.sample(modules, draw.randint(0, 1)) if other != module]
        files[f"{module.replace('.', '/')}.py"] = "\n".join(lines) + "\n"
    sections = []
    for number in range(12):
        chosen = draw.sample(packages, 4)
        layers = [chosen[0], draw.choice([" | ", " : "]).join(chosen[1:3]), chosen[3]]
        sections.append(
            _section(f"l{number}", "type = layers\ncontainers = app\nlayers =\n    " + "\n    ".join(layers))
        )
        bans = f"type=forbidden\nsource_modules=app.{chosen[0]}\nforbidden_modules=app.{chosen[1]}"
        sections.append(_section(f"f{number}", bans))
        sections.append(
            _section(
                f"i{number}", "type=independence\nmodules =\n" + "\n".join(f"    app.{each}" for each in chosen[:2])
            )
        )
    sections.append(_section("a", "type = acyclic_siblings\nancestors = app"))
    _write(tmp_path, {**files, ".importlinter": "[importlinter]\nroot_package = app\n\n" + "\n".join(sections)})
    assert _judge(tmp_path) == _ask_linter(tmp_path)


def test_the_contracts_of_this_project_hold() -> None:
    verdicts = _judge(Path(__file__).parents[1])
    assert len(verdicts) == 2 and set(verdicts.values()) == {"KEPT"}
