"""Which path should I use?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.errors import UnknownNameError
from analysis.facts import scan
from analysis.names import Identity, build_identity
from analysis.names.answers import (
    CLASS_COLUMNS,
    PATH_COLUMNS,
    build_class_frame,
    count_violations,
    find_class_identities,
    find_instances_like_classes,
    find_paths,
)
from analysis.policy import Policy

TREE = {
    "a/__init__.py": "from a.core import Engine\n",
    "a/core.py": "class Engine: ...\nclass Bus: ...\ndef start(): ...\n",
    "a/old.py": "from a.core import Engine\n",
    "b.py": "from a.old import Engine\nfrom a.core import Bus, start\nclass Own: ...\n",
    "c.py": "from a.old import Engine, Bus\nfrom a import Engine as E\nfrom a import Engine\n",
    "d.py": "class Engine: ...\n\nGlobalEngine = Engine()\nengine = Engine()\nX = Engine()\n",
}


@pytest.fixture
def identify(make_tree: Callable[..., Path]) -> Callable[[dict[str, str]], Identity]:
    """Return a function from a dict of file name to source to what is known of its names."""
    return lambda files: build_identity(scan(make_tree(files), jobs=1), Policy())


def test_a_target_without_classes_answers_with_empty_tables(identify: Callable[..., Identity]) -> None:
    identity = identify({"a.py": "x = 1\n"})
    frame = build_class_frame(identity.paths, identity.violations)
    assert (list(frame.columns), len(frame)) == (list(CLASS_COLUMNS), 0)
    assert count_violations(identity.violations) == (0, 0)
    assert find_class_identities(identity.paths, "Engine") == []
    assert find_instances_like_classes(identity.paths).empty


@pytest.mark.parametrize("asked", ["a.core.Engine", "a.core:Engine", "a.old.Engine", "c.E"])
def test_any_path_of_a_class_tells_all_of_them_the_right_one_first(
    identify: Callable[..., Identity], asked: str
) -> None:
    identity = identify(TREE)
    frame = find_paths(identity.paths, identity.violations, asked)
    assert list(frame.columns) == list(PATH_COLUMNS)
    assert set(frame["definition"]) == {"a.core:Engine"}
    rows = {row.import_path: row for row in frame.itertuples()}
    assert frame["import_path"][0] == "a.core.Engine"
    assert [path for path, row in rows.items() if row.is_canonical] == ["a.core.Engine"]
    assert (rows["a.Engine"].route, rows["a.Engine"].statements, rows["a.Engine"].files) == ("facade", 2, 1)
    assert (rows["a.old.Engine"].route, rows["a.old.Engine"].violations) == ("shim", 2)
    assert rows["b.Engine"].route == "accidental"


def test_a_bare_name_tells_every_class_of_that_name(identify: Callable[..., Identity]) -> None:
    identity = identify(TREE)
    assert set(find_paths(identity.paths, identity.violations, "Engine")["definition"]) == {"a.core:Engine", "d:Engine"}
    assert find_class_identities(identity.paths, "Engine") == ["a.core:Engine", "d:Engine"]


def test_an_unknown_name_gets_the_nearest_ones(identify: Callable[..., Identity]) -> None:
    identity = identify(TREE)
    with pytest.raises(UnknownNameError, match=r"Did you mean a\.core\.Engine, d\.Engine\?"):
        find_paths(identity.paths, identity.violations, "a.core.Engin")
    with pytest.raises(UnknownNameError, match="Ask for a class name"):
        find_paths(identity.paths, identity.violations, "zzzzzz")


def test_each_class_is_one_row_with_its_paths_and_users(identify: Callable[..., Identity]) -> None:
    identity = identify(TREE)
    frame = build_class_frame(identity.paths, identity.violations).set_index("definition")
    assert list(frame.index) == ["a.core:Engine", "a.core:Bus", "b:Own", "d:Engine"]
    engine = frame.loc["a.core:Engine"]
    assert (engine["canonical"], engine["place"], engine["paths"]) == ("a.core.Engine", "a/core.py:1", 6)
    assert (engine["facades"], engine["shims"], engine["accidental"]) == (1, 3, 1)
    assert (engine["statements"], engine["violations"], engine["violating_files"]) == (6, 2, 2)


def test_statements_are_counted_not_names(identify: Callable[..., Identity]) -> None:
    files = {
        "a.py": "class X: ...\nclass Y: ...\n", "b.py": "from a import X, Y\ndef f(): ...\n",
        "c.py": "from b import X, Y\nfrom b import X\n", "d.py": "from b import Y\n",
    }  # fmt: skip
    assert count_violations(identify(files).violations) == (3, 2)


def test_objects_that_look_like_classes_are_listed(identify: Callable[..., Identity]) -> None:
    frame = find_instances_like_classes(identify(TREE).paths)
    assert frame.to_dict("records") == [
        {"import_path": "d.GlobalEngine", "made_by": "d:Engine", "path": "d.py", "line": 3}
    ]
