"""Names that are answered all at once mean what the resolver says of them, one after the other."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import tables
from analysis.facts import Facts, scan
from analysis.gaps import NoGaps
from analysis.names.paths import PathRows, build_resolution
from analysis.names.routes import Routes
from analysis.names.usage import find_usage
from analysis.resolve import TargetResolver

Tree = Callable[..., Path]
_COLUMNS = list(tables.PATHS.names[:-1])


def resolve_one_by_one(facts: Facts) -> list[dict[str, Any]]:
    """Return the rows of the table of paths as the resolver gives them, without any that are answered at once."""
    target = TargetResolver(facts)
    spaces, statements, resolver = target.spaces, target.statements, target.names
    routes = Routes(spaces, resolver.stars, statements, facts.markers)
    every = {module.number: set(spaces.space(module).names) for module in spaces.index.modules}
    found = PathRows(spaces, resolver, routes, find_usage(statements)).find(every, {}, NoGaps())
    return sorted(found.to_pylist(), key=lambda row: (row["module"], row["name"]))


def resolve_at_once(facts: Facts) -> list[dict[str, Any]]:
    return build_resolution(facts).paths.select(_COLUMNS).to_pylist()


STATEMENTS = [
    "class X: ...", "class Y(X): ...", "def f(): ...", "X = 1", "Y = None", "X = Y()", "Y = X", "X, Y = 1, 2",
    "from p import {0}", "from p.{0} import X", "from p.{0} import Y as X", "from .{0} import X", "from . import {0}",
    "from p.{0} import *", "import p.{0}", "import p.{0} as Y", "import os", "from os import path as X",
    "from p.nowhere import X", "from ..up import X", "import q.{0}\nq.{0}.X = 1", "del X", "__version__ = '1'",
    "from p.{0} import __version__ as Y", "try:\n    from p.{0} import X\nexcept ImportError:\n    X = None",
    "if c:\n    from p.{0} import Y", "def __getattr__(n):\n    return {{'Z': 'p.{0}:X'}}[n]", "X = p.{0}.Y",
    "from q import {0}", "{0} = 1", "class {0}: ...",
    "from q.{0} import X", "from q import {0} as Y", "__all__ = ['Y']", "from p import X", "from p import X as X",
]  # fmt: skip
FILES = ("p/__init__.py", "p/a.py", "p/b.py", "p/c/__init__.py", "p/c/d.py", "q/__init__.py", "q/a.py", "a.py")


@settings(max_examples=150)
@given(st.lists(st.lists(st.tuples(st.sampled_from(STATEMENTS), st.sampled_from("abcd")), max_size=5),
                min_size=len(FILES), max_size=len(FILES)))  # fmt: skip
def test_any_tangle_means_the_same_at_once_and_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, tangle: list[list[tuple[str, str]]]
) -> None:
    tree = tmp_path_factory.mktemp("plain")
    for name, statements in zip(FILES, tangle, strict=True):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("\n".join(statement.format(module) for statement, module in statements) + "\n")
    facts = scan(tree, jobs=1)
    assert resolve_at_once(facts) == resolve_one_by_one(facts)


@pytest.mark.parametrize("package", ["rich", "networkx", "jinja2", "pydantic"])
def test_real_packages_mean_the_same_at_once_and_one_by_one(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    facts = scan(Path(spec.origin).parent)
    found = resolve_at_once(facts)
    assert len(found) > 100
    assert found == resolve_one_by_one(facts)


def test_a_long_chain_of_imports_is_followed(make_tree: Tree) -> None:
    files: Mapping[str, str] = {
        "m0.py": "class X: ...\n",
        **{f"m{number}.py": f"from m{number - 1} import X\n" for number in range(1, 60)},
    }
    facts = scan(make_tree(files), jobs=1)
    rows = {row["import_path"]: row for row in resolve_at_once(facts)}
    assert {row["definition"] for row in rows.values()} == {"m0:X"}
    assert rows["m20.X"]["chain"][-1] == "m0.X m0.py:1"
    assert resolve_at_once(facts) == resolve_one_by_one(facts)
