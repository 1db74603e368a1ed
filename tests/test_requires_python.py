"""Which versions a project supports is read from its own files, whatever state they are in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis import investigate
from analysis.facts.requires_python import read_requires_python
from analysis.facts.source_tree import WorkingTree

Tree = Callable[..., Path]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.9"\n'}, ">=3.9"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.8"\n'}, ">=3.8,<4"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.10"\n'}, ">=3.10,<3.11"),
        ({"setup.cfg": "[options]\npython_requires = >=3.7, !=3.8.*\n"}, ">=3.7, !=3.8.*"),
        ({"pyproject.toml": "[project]\nname = 'x'\n", "setup.cfg": "[options]\npython_requires = >=3.6\n"}, ">=3.6"),
        ({"pyproject.toml": '\ufeff[project]\nrequires-python = ">=3.9"\n'}, ">=3.9"),
        ({"pyproject.toml": "[project\n"}, ""),
        ({"pyproject.toml": "[project]\nrequires-python = 3\n"}, ""),
        ({"pyproject.toml": "project = 3\n"}, ""),
        ({"setup.cfg": "options without a section"}, ""),
        ({"m.py": ""}, ""),
    ],
)
def test_what_project_files_say(make_tree: Tree, files: dict[str, str], expected: str) -> None:
    assert read_requires_python(WorkingTree(make_tree(files))) == expected


def test_files_that_are_none_say_nothing(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"m.py": ""})
    outside = tmp_path / "outside.toml"
    outside.write_text('[project]\nrequires-python = ">=3.9"\n')
    (root / "pyproject.toml").symlink_to(outside)
    assert read_requires_python(WorkingTree(root)) == ""
    (root / "pyproject.toml").unlink()
    os.mkfifo(root / "pyproject.toml")
    assert read_requires_python(WorkingTree(root)) == ""
    (root / "pyproject.toml").unlink()
    (root / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.9"\n' + "#" * (2 << 20))
    assert read_requires_python(WorkingTree(root)) == ""


def test_a_project_decides_which_statements_are_dead_and_the_caller_before_it(make_tree: Tree, tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "shop"\nrequires-python = ">=3.8"\n', "p/__init__.py": "", "p/b.py": "",
        "p/a.py": "import sys\nif sys.version_info < (3, 9):\n    import p.b\n",
    }  # fmt: skip
    root = make_tree(files)

    def find(**options: str) -> list[str]:
        inv = investigate(root, data=tmp_path, jobs=1, **options)  # type: ignore[arg-type]
        return [row["liveness"] for row in inv.table("edges").to_pylist() if row["imported"] == "p.b"]

    assert find() == ["sometimes"]
    assert find(python_version="3.8") == ["always"]
    assert find(python_version="3.12") == []
