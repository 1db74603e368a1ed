"""Members of a workspace that import what they do not declare; CPython with the declared ones alone is the witness."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rule_trees import judge

Tree = Callable[..., Path]
_RULE = "undeclared-member"


def _member(name: str, source: str, needs: str = "", rest: str = "") -> dict[str, str]:
    project = f'[project]\nname = "{name}"\nversion = "1"\n'
    return {
        f"libs/{name}/pyproject.toml": f"{project}{needs}\n{rest}",
        f"libs/{name}/src/{name}/__init__.py": source,
    }


def _import(root: Path, name: str, *members: str) -> str:
    """Return the last line of what CPython says of an import with some members on its path; empty where it works."""
    places = os.pathsep.join(str(root / "libs" / member / "src") for member in (name, *members))
    command = [sys.executable, "-S", "-c", f"import {name}"]
    done = subprocess.run(command, env={"PYTHONPATH": places}, capture_output=True, text=True, check=False)
    return done.stderr.strip().rpartition("\n")[2]


_MONEY = _member("money", "class Price: ...\n")


def test_a_single_distribution_has_nothing_to_declare(make_tree: Tree) -> None:
    assert judge(make_tree(_MONEY), _RULE) == []


def test_a_member_that_is_not_declared_fails_where_it_is_not_installed(make_tree: Tree) -> None:
    root = make_tree({**_MONEY, **_member("shop", "import os\nfrom money import Price\n")})
    (found,) = judge(root, _RULE)
    assert _import(root, "shop") == "ModuleNotFoundError: No module named 'money'"
    assert _import(root, "shop", "money") == ""
    assert (found.severity, found.subject, found.cited) == ("P2", "shop", (("libs/shop/src/shop/__init__.py", 2),))


@pytest.mark.parametrize(
    ("needs", "rest"),
    [
        ("dependencies = [\"Money>=1; python_version>'3'\"]", ""),
        ('optional-dependencies.prices = ["money[all]"]', ""),
        ("", '[dependency-groups]\ndev = ["money", {include-group = "docs"}]\ndocs = []\n'),
        ("", '[tool.uv]\ndev-dependencies = ["money"]\n'),
        ("", '[tool.pdm.dev-dependencies]\ndev = ["money"]\n'),
        ("", '[tool.poetry.dependencies]\nmoney = {path = "../money"}\n'),
        ("", '[tool.poetry.group.dev.dependencies]\nmoney = "*"\n'),
        ('dynamic = ["dependencies"]', ""),
        ('dependencies = ["what is this?"]', ""),
    ],
)
def test_what_is_declared_anywhere_or_not_known_is_no_finding(make_tree: Tree, needs: str, rest: str) -> None:
    assert judge(make_tree({**_MONEY, **_member("shop", "import money\n", needs, rest)}), _RULE) == []


@pytest.mark.parametrize("beside", ["setup.py", "setup.cfg"])
def test_what_a_setup_file_may_declare_is_not_known(make_tree: Tree, beside: str) -> None:
    files = {**_MONEY, **_member("shop", "import money\n"), f"libs/shop/{beside}": ""}
    assert judge(make_tree(files), _RULE) == []


def test_a_member_that_another_brings_is_no_more_than_a_remark(make_tree: Tree) -> None:
    bank = _member("bank", "import money\n", 'dependencies = ["money"]')
    root = make_tree({**_MONEY, **bank, **_member("shop", "import money\n", 'dependencies = ["bank"]')})
    (found,) = judge(root, _RULE)
    assert found.severity == "P3"
    assert "only because bank needs it" in found.message


@pytest.mark.parametrize(
    "source",
    [
        "def buy():\n    import money\n",
        "try:\n    import money\nexcept ImportError:\n    money = None\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import money\n",
    ],
)
def test_an_import_that_need_not_work_is_a_remark(make_tree: Tree, source: str) -> None:
    root = make_tree({**_MONEY, **_member("shop", source)})
    assert _import(root, "shop") == ""
    assert [found.severity for found in judge(root, _RULE)] == ["P3"]


def test_the_project_of_the_whole_owns_what_no_member_does(make_tree: Tree) -> None:
    whole = {"pyproject.toml": '[project]\nname = "whole"\nversion = "1"\n', "src/whole/__init__.py": "import money\n"}
    assert [found.subject for found in judge(make_tree({**_MONEY, **whole}), _RULE)] == ["whole"]


def test_tests_and_loose_files_are_not_installed(make_tree: Tree) -> None:
    loose = {"libs/shop/tests/test_shop.py": "import money\n", "libs/shop/docs/conf.py": "import money\n"}
    assert judge(make_tree({**_MONEY, **_member("shop", ""), **loose}), _RULE) == []


@pytest.mark.parametrize("folder", ["examples", "docs/one", "notes/one"])
def test_packages_that_are_not_installed_do_not_count(make_tree: Tree, folder: str) -> None:
    whole = {"pyproject.toml": '[project]\nname = "whole"\nversion = "1"\n'}
    loose = {f"{folder}/__init__.py": "", f"{folder}/app.py": "import money\n"}
    assert judge(make_tree({**_MONEY, **whole, **loose}), _RULE) == []


def test_a_package_beside_its_project_file_is_installed(make_tree: Tree) -> None:
    whole = {"pyproject.toml": '[project]\nname = "whole"\nversion = "1"\n'}
    flat = {"whole/__init__.py": "", "whole/inner/__init__.py": "", "whole/inner/app.py": "import money\n"}
    (found,) = judge(make_tree({**_MONEY, **whole, **flat}), _RULE)
    assert (found.severity, found.cited) == ("P2", (("whole/inner/app.py", 1),))


def test_a_broken_project_file_says_nothing(make_tree: Tree) -> None:
    files = {**_MONEY, **_member("shop", "import money\n"), "libs/shop/pyproject.toml": "[project\n"}
    assert judge(make_tree(files), _RULE) == []


@pytest.mark.parametrize("value", ["1", '"money"', "[1]", '{a = "b"}', "[[]]"])
def test_values_of_a_wrong_type_are_not_known(make_tree: Tree, value: str) -> None:
    files = {**_MONEY, **_member("shop", "import money\n", f"dependencies = {value}\ndynamic = {value}")}
    assert judge(make_tree(files), _RULE) == []
