"""Why the first import of a module fails: the answer is compared with what CPython itself says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import analysis
from analysis.errors import UnknownNameError
from analysis.why import Why
from tests.git_trees import commit, git

Tree = Callable[..., Path]
CYCLE = {
    "shop/__init__.py": "",
    "shop/api.py": "import os\nfrom shop.db import Order\n\n\nclass Api: ...\n",
    "shop/db.py": "from shop.keep import kept\nfrom shop.api import Api\n\n\nclass Order: ...\n",
    "shop/keep.py": "kept = []\n",
    "shop/web.py": "try:\n    from shop.api import Api\nexcept ImportError:\n    Api = None\n",
}
_WITNESS = """
import importlib, json, sys, traceback
sys.path.insert(0, {root!r})
try:
    importlib.import_module({module!r})
    print(json.dumps(["", []]))
except BaseException as error:
    steps = traceback.extract_tb(error.__traceback__)
    own = [(step.filename.removeprefix({root!r} + "/"), step.lineno, step.line) for step in steps
           if step.filename.startswith({root!r})]
    print(json.dumps([type(error).__name__, own]))
"""


def ask_python(root: Path, module: str) -> tuple[str, list[tuple[str, int, str]]]:
    """Return the exception of a first import in CPython, and file, line and source of its traceback in the tree."""
    code = _WITNESS.format(root=str(root), module=module)
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    kind, steps = json.loads(done.stdout)
    return kind, [tuple(step) for step in steps]


def ask(root: Path, module: str, data: Path) -> Why:
    return analysis.investigate(root, data=data).why(module)


FAILING = [
    (CYCLE, "shop.api"),
    (CYCLE, "shop.db"),
    ({"a.py": "import b\nclass A: ...\n", "b.py": "import a\nclass B(a.A): ...\n"}, "a"),
    ({"a.py": "def load():\n    from b import B\n    return B\n\n\nload()\n", "b.py": "from a import A\n"}, "a"),
    ({"p/__init__.py": "from p.a import A\n", "p/a.py": "from p import gone\nclass A: ...\n"}, "p.a"),
    ({"p/__init__.py": "", "p/a.py": "from p.b import missing\n", "p/b.py": ""}, "p.a"),
    ({"p/__init__.py": "", "p/a.py": "x = 1\nimport p.nothing\n"}, "p.a"),
    ({"a.py": "import b\n", "b.py": "if True:\n    raise ValueError('no')\n"}, "a"),
]


@pytest.mark.parametrize(("files", "module"), FAILING)
def test_the_predicted_traceback_is_that_of_python(
    make_tree: Tree, tmp_path: Path, files: dict[str, str], module: str
) -> None:
    root = make_tree(files)
    kind, steps = ask_python(root, module)
    why = ask(root, module, tmp_path / "data")
    assert why.fails
    assert why.exception == kind
    assert [(step.path, step.line, step.source) for step in why.chain] == steps
    for path, line, source in steps:
        assert f'File "{path}", line {line}, in ' in str(why)
        assert f"    {source}\n" in str(why)


def test_a_cycle_names_the_partial_module_the_missing_name_and_the_cut(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(CYCLE)
    why = ask(root, "shop.db", tmp_path / "data")
    assert (why.missing_module, why.missing_name) == ("shop.db", "Order")
    assert why.waiting is not None
    assert why.waiting.place == "shop/db.py:2"
    assert why.bound_later is not None
    assert why.bound_later.place == "shop/db.py:5"
    (cut,) = why.cuts
    assert cut.statements
    assert cut.helps
    assert f"move this import into the functions that need it: {cut.statements[0].place}" in str(why)
    place = root / cut.statements[0].path  # what the answer advises, done: Python then imports the module
    lines = place.read_text().split("\n")
    lines[cut.statements[0].line - 1] = ""
    place.write_text("\n".join(lines))
    assert ask_python(root, "shop.db") == ("", [])


def test_a_module_that_imports_fine_says_what_it_imports_first(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"p/__init__.py": "", "p/a.py": "from p import c\nimport p.b\n", "p/b.py": "", "p/c.py": ""})
    why = ask(root, "p.a", tmp_path / "data")
    assert ask_python(root, "p.a") == ("", [])
    assert not why.fails
    assert [(each.module, each.line) for each in why.imports] == [("p.c", 1), ("p.b", 2)]
    assert str(why).startswith("p.a: its first import works (predicted; 4 module bodies of the target run)\n")


def test_what_a_module_swallows_is_named_with_the_error_and_what_is_left(make_tree: Tree, tmp_path: Path) -> None:
    why = ask(make_tree(CYCLE), "shop.web", tmp_path / "data")
    (swallowed,) = why.swallowed
    assert swallowed.caught.place == "shop/web.py:2"
    assert swallowed.statement.place == "shop/db.py:2"
    assert swallowed.left == (("Api", "None"),)
    assert swallowed.is_circular
    assert "1 import inside of it fails silently" in str(why)
    assert "Silently swallowed at shop/web.py:2, so Api stays None:" in str(why)
    assert why.cuts


def test_what_cannot_be_imported_first_says_why(make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(make_tree({"space/deep/a.py": "", "b.py": "import space.deep.a\n"}), data=tmp_path)
    assert "It is a folder without __init__.py" in str(inv.why("space"))
    with pytest.raises(UnknownNameError, match=r"Did you mean space\.deep\.a"):
        inv.why("space.deep.b")


def test_names_and_lines_of_a_target_act_nowhere(make_tree: Tree, tmp_path: Path) -> None:
    files = {"a.py": "import b  # \x1b[31m<script>alert(1)</script>\n", "b.py": "import a; a.x  # <b>\n"}
    why = ask(make_tree(files), "a", tmp_path / "data")
    assert why.fails
    assert "\x1b" not in str(why)
    page = why._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "color:#" not in page


def test_lines_of_a_file_that_has_changed_since_are_not_shown(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(CYCLE)
    inv = analysis.investigate(root, data=tmp_path / "data")
    (root / "shop/db.py").write_text("# new\n" + CYCLE["shop/db.py"])
    why = inv.why("shop.api")
    assert [bool(step.source) for step in why.chain] == [True, False]
    assert "have changed since the snapshot" in str(why)


def test_the_commit_of_the_failing_line_is_named(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(CYCLE, "repository/app")
    first = commit(root.parent)
    (root / "shop/db.py").write_text(CYCLE["shop/db.py"] + "# later\n")
    commit(root.parent)
    why = ask(root, "shop.api", tmp_path / "data")
    assert {each.commit for each in why.guilt} == {first[:9]}
    assert f"shop/db.py:2 comes from commit {first[:9]} of 20" in str(why)
    (root / "shop/db.py").write_text(CYCLE["shop/db.py"].replace("import Api", "import Api  # now"))
    again = ask(root, "shop.api", tmp_path / "data")
    assert "shop/db.py:2 is not committed yet" in str(again)


def test_asking_who_wrote_a_line_starts_no_program_of_the_target(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({**CYCLE, ".gitattributes": "*.py diff=evil filter=evil\n"})
    commit(root)
    mark = tmp_path / "started"
    for key in ("diff.evil.textconv", "filter.evil.clean", "filter.evil.process", "core.fsmonitor", "core.pager"):
        git(root, "config", key, f"touch {mark};")
    git(root, "config", "blame.ignoreRevsFile", str(tmp_path / "nothing"))
    (root / "shop/keep.py").write_text("kept = [1]\n")
    why = ask(root, "shop.api", tmp_path / "data")
    assert why.guilt
    assert not mark.exists()


def test_the_answer_is_a_document_for_programs(make_tree: Tree, tmp_path: Path) -> None:
    record = json.loads(json.dumps(ask(make_tree(CYCLE), "shop.api", tmp_path / "data").as_record()))
    assert record["outcome"] == "circular"
    assert [step["line"] for step in record["chain"]] == [2, 2]
    assert record["fails"] is True


def test_a_recursion_is_shown_once_and_said_to_go_on(make_tree: Tree, tmp_path: Path) -> None:
    files = {
        "kit/__init__.py": "def __getattr__(name):\n    from . import parts as _parts\n    return _parts\n",
        "kit/page.py": "from kit import Button\n",
    }
    root = make_tree(files)
    why = ask(root, "kit.page", tmp_path / "data")
    kind, steps = ask_python(root, "kit.page")
    assert (why.outcome, why.exception) == ("recursion", kind)
    assert [(step.path, step.line) for step in why.chain[:4]] == [step[:2] for step in steps[:4]]
    assert str(why).count("from . import parts as _parts") == 1
    assert "more times]\n  [and so on, until the recursion limit]\nRecursionError" in str(why)


def test_a_git_that_does_not_answer_costs_a_moment_and_the_commit(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(CYCLE)
    commit(root)
    slow = tmp_path / "bin/git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    code = (
        "import time; from pathlib import Path; from analysis.why.guilt import find_guilt;"
        "from analysis.why import CitedStatement; started = time.monotonic();"
        "asked = [CitedStatement('shop/db.py', 2), CitedStatement('shop/api.py', 2)];"
        f"print(find_guilt(Path({str(root)!r}), asked, seconds=0.5),"
        "time.monotonic() - started < 20)"
    )
    environment = {**os.environ, "PATH": f"{slow.parent}:{os.environ['PATH']}"}
    here = Path(__file__).parent.parent
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=here)
    assert done.stdout == "() True\n"
