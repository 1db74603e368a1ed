"""Names that are kept from one run to the next are those that a new run would find."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.facts import Facts, scan
from analysis.names import build_identity
from analysis.names.cached_names import CachedNames
from analysis.policy import Policy
from analysis.resolve import TargetResolver

Tree = Callable[..., Path]

FILES = {
    "p/__init__.py": "from p.a import Order\n",
    "p/a.py": "class Order:\n    class Line: ...\n\n    def pay(self): ...\nmade = Order()\n",
    "p/b.py": "from p.a import Order, Missing\nfrom p import Order as Again\n",
    "p/c.py": "try:\n    import fast\nexcept ImportError:\n    fast = None\nif fast:\n    class Twice: ...\nelse:\n"
              "    class Twice: ...\n",
    "p/d.py": "from p.b import Order\nfrom p.c import Twice\nfrom p.a import *\n",
}  # fmt: skip


def tell(facts: Facts, cache: Path | None) -> dict[str, Any]:
    tables = build_identity(facts, Policy(), cache=cache).tables
    return {name: (table.schema, table.to_pydict()) for name, table in tables.items()}


def is_kept(facts: Facts, cache: Path) -> bool:
    return CachedNames(cache, TargetResolver(facts), frozenset()).read() is not None


def test_what_was_kept_is_what_would_be_found_again(make_tree: Tree, tmp_path: Path) -> None:
    facts, cache = scan(make_tree(FILES), jobs=1), tmp_path / "cache"
    assert not is_kept(facts, cache)
    first = tell(facts, cache)
    assert is_kept(facts, cache)
    assert tell(facts, cache) == first == tell(facts, None)


@settings(max_examples=80)
@given(st.lists(st.tuples(st.sampled_from(sorted(FILES)), st.integers(0, 9),
                          st.sampled_from(["", "# a word", "", "if 1:\n    pass"])), max_size=12))  # fmt: skip
def test_lines_move_with_the_source(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, int, str]]
) -> None:
    root = tmp_path_factory.mktemp("moved")
    tree, cache = root / "tree", root / "cache"
    for name, source in FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(source)
    tell(scan(tree, jobs=1), cache)
    for name, place, text in edits:
        lines = (tree / name).read_text().split("\n")
        before = next((place for place in range(min(place, len(lines)), 0, -1) if lines[place - 1][-1:] != ":"), 0)
        indent = lines[before][: len(lines[before]) - len(lines[before].lstrip())] if before < len(lines) else ""
        if text.startswith("if") and indent:
            continue
        lines.insert(before, indent + text)
        (tree / name).write_text("\n".join(lines))
    facts = scan(tree, jobs=1)
    assert tell(facts, cache) == tell(facts, None)
    if all(not text.startswith("if") for _, _, text in edits):
        assert is_kept(facts, cache)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("p/b.py", "from p.a import Order\n"),
        ("p/b.py", FILES["p/b.py"] + "class Order: ...\n"),
        ("p/a.py", "class Order: ...\nmade = Order()\n"),
        ("p/a.py", FILES["p/a.py"].replace("made = Order()", "made = Order")),
        ("p/new.py", ""),
        ("p/a/__init__.py", ""),
        ("p/a.py", "class Order(:\n"),
        ("p/a.py", "__all__ = ['made']\n" + FILES["p/a.py"]),
        ("p/c.py", FILES["p/c.py"].replace("else:", "elif not fast:")),
        ("p/c.py", "# deprecated: use p.d\n" + FILES["p/c.py"]),
    ],
)
def test_another_structure_is_resolved_again(make_tree: Tree, tmp_path: Path, name: str, source: str) -> None:
    tree, cache = make_tree(FILES), tmp_path / "cache"
    tell(scan(tree, jobs=1), cache)
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text(source)
    facts = scan(tree, jobs=1)
    assert not is_kept(facts, cache)
    assert tell(facts, cache) == tell(facts, None)


def test_statements_that_part_or_join_their_line_are_resolved_again(make_tree: Tree, tmp_path: Path) -> None:
    tree, cache = make_tree({**FILES, "p/e.py": "A = 1; B = 2\n"}), tmp_path / "cache"
    tell(scan(tree, jobs=1), cache)
    for source in ("A = 1\nB = 2\n", "A = 1; B = 2\n"):
        (tree / "p/e.py").write_text(source)
        facts = scan(tree, jobs=1)
        assert not is_kept(facts, cache)
        assert tell(facts, cache) == tell(facts, None)


@pytest.mark.parametrize("harm", ["cut", "gone", "empty", "no folder", "of another tree"])
def test_harmed_answers_are_found_again(make_tree: Tree, tmp_path: Path, harm: str) -> None:
    facts, cache = scan(make_tree(FILES), jobs=1), tmp_path / "cache"
    first = tell(facts, cache)
    (file,) = (cache / "names").iterdir()
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:-900])
    elif harm == "gone":
        file.unlink()
    elif harm == "empty":
        file.write_bytes(b"")
    elif harm == "of another tree":
        other = scan(make_tree({"p/a.py": "class Other: ...\n"}), jobs=1)
        tell(other, cache)
        (theirs,) = set((cache / "names").iterdir()) - {file}
        theirs.replace(file)
        assert not is_kept(facts, cache)
    else:
        shutil.rmtree(cache / "names")
        (cache / "names").write_text("a file")
    assert tell(facts, cache) == first


def test_many_moved_files_are_kept_anew(make_tree: Tree, tmp_path: Path) -> None:
    files = {f"m{number}.py": "class X: ...\n" for number in range(70)}
    tree, cache = make_tree(files), tmp_path / "cache"
    tell(scan(tree, jobs=1), cache)
    for number in (*range(30), *range(30, 65)):
        (tree / f"m{number}.py").write_text("# one more\n" + (tree / f"m{number}.py").read_text())
        if number in {29, 64}:
            facts = scan(tree, jobs=1)
            assert is_kept(facts, cache)
            assert tell(facts, cache) == tell(facts, None)
