"""What a name of a module means, by Python's own rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import tables
from analysis.facts import scan
from analysis.names.paths import Resolution, build_resolution

Tree = Callable[..., Path]
Files = Mapping[str, str | bytes]


@pytest.fixture
def resolve(make_tree: Tree) -> Callable[[Files], Resolution]:
    """Return a function that resolves the names of a tree given as file name to source."""
    return lambda files: build_resolution(scan(make_tree(files), jobs=1))


def rows(resolution: Resolution) -> dict[str, dict[str, Any]]:
    """Return the rows of the table of paths by import path."""
    return {row["import_path"]: row for row in resolution.paths.to_pylist()}


def meanings(resolution: Resolution) -> dict[str, str]:
    """Return the definition by import path; for what has none its kind."""
    return {path: row["definition"] or row["kind"] for path, row in rows(resolution).items()}


A_CLASS = {"a/__init__.py": "", "a/core.py": "class Engine: ...\n"}


def test_an_empty_file_has_no_names(resolve: Callable[[Files], Resolution]) -> None:
    paths = resolve({"a.py": ""}).paths
    assert paths.num_rows == 0
    assert paths.schema == tables.PATHS.schema


def test_a_class_is_its_own_definition(resolve: Callable[[Files], Resolution]) -> None:
    row = rows(resolve(A_CLASS))["a.core.Engine"]
    assert (row["definition"], row["kind"], row["route"], row["certainty"]) == (
        "a.core:Engine", "class", "definition", "certain",
    )  # fmt: skip
    assert (row["definition_path"], row["definition_line"], row["line"]) == ("a/core.py", 1, 1)
    assert row["chain"] == ["a.core.Engine a/core.py:1"]


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("from a.core import Engine", "Engine"),
        ("from .core import Engine", "Engine"),
        ("from a.core import Engine as Motor", "Motor"),
        ("from .core import *", "Engine"),
        ("import a.core\nMotor = a.core.Engine", "Motor"),
        ("import a.core as c\nMotor = c.Engine", "Motor"),
        ("from . import core\nMotor = core.Engine", "Motor"),
        ("from a import core\nMotor = core.Engine\nOther = Motor", "Other"),
        ("from .core import Engine\nMotor: type = Engine", "Motor"),
        ("from .core import Engine\nfrom typing import cast\nMotor = cast('type', Engine)", "Motor"),
        ("from typing import TypeAlias\nfrom .core import Engine\nMotor: TypeAlias = Engine", "Motor"),
        ("from .core import Engine\nMotor, Other = Engine, 1", "Motor"),
        ("try:\n    from .core import Engine\nexcept ImportError:\n    Engine = None", "Engine"),
        ("Engine = None\nfrom .core import Engine", "Engine"),
        ("Engine = None\nif x:\n    from .core import Engine", "Engine"),
        ("with suppress(ImportError):\n    from .core import Engine", "Engine"),
        ("import sys\nif sys.version_info >= (3, 8):\n    from .core import Engine\nelse:\n    Engine = 1", "Engine"),
        ("if TYPE_CHECKING:\n    from b import Engine\nelse:\n    from .core import Engine", "Engine"),
        ("if True:\n    from .core import Engine\nelse:\n    class Engine: ...", "Engine"),
        (
            "def __getattr__(name):\n    if name == 'Engine':\n        from .core import Engine\n        return Engine",
            "Engine",
        ),
    ],
)
def test_every_way_to_take_a_class_leads_to_its_definition(
    resolve: Callable[[Files], Resolution], statement: str, name: str
) -> None:
    found = meanings(resolve({**A_CLASS, "a/use.py": statement + "\n"}))
    assert found[f"a.use.{name}"] == "a.core:Engine"


@pytest.mark.parametrize(
    ("source", "meaning"),
    [
        ("class X: ...\nclass X:\n    y = 1", "m:X"),
        ("class X: ...\nX = 1", "m:X"),
        ("from b import X\nclass X: ...", "m:X"),
        ("class X: ...\nfrom b import X", "b:X"),
        ("class Y: ...\nX = Y\nclass Y: ...", "m:Y"),
        ("X = int", "builtins:int"),
        ("from collections import OrderedDict as X", "collections:OrderedDict"),
        ("import numpy as X", "numpy"),
        ("import numpy as np\nX = np.linalg.norm", "numpy:linalg.norm"),
        ("class Outer:\n    class X: ...\nX = Outer.X", "m:Outer.X"),
        ("X = A if y else B\nclass A: ...", "unknown"),
        ("X = missing", "unknown"),
        ("X = Y\nY = X", "unknown"),
        ("import m\nX = m.Y\nY = m.X", "unknown"),
        ("from typing import Any\nX = None", "none"),
        ("from .. import X", "unknown"),
    ],
)
def test_the_later_binding_wins_and_names_outside_are_named(
    resolve: Callable[[Files], Resolution], source: str, meaning: str
) -> None:
    assert meanings(resolve({"m.py": source + "\n"}))["m.X"] == meaning


def test_a_later_statement_of_the_same_class_is_the_one_that_counts(resolve: Callable[[Files], Resolution]) -> None:
    assert rows(resolve({"m.py": "class X: ...\n\nclass X:\n    y = 1\n"}))["m.X"]["definition_line"] == 3


@pytest.mark.parametrize("source", ["class X: ...\ndel X", "if TYPE_CHECKING:\n    class X: ...", "X: int"])
def test_names_that_do_not_exist_at_run_time_are_not_listed(
    resolve: Callable[[Files], Resolution], source: str
) -> None:
    assert "m.X" not in meanings(resolve({"m.py": source + "\n", "n.py": ""}))


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("from collections import namedtuple\nX = namedtuple('X', 'a b')", "namedtuple"),
        ("import collections as c\nX = c.namedtuple('X', 'a b')", "namedtuple"),
        ("from typing import NamedTuple\nX = NamedTuple('X', [])", "namedtuple"),
        ("from typing_extensions import TypedDict\nX = TypedDict('X', {})", "typeddict"),
        ("import enum\nX = enum.Enum('X', 'a b')", "enum"),
        ("from enum import Enum\nclass Base(Enum): ...\nX = Base('X', 'a b')", "enum"),
        ("from typing import NewType\nX = NewType('X', int)", "newtype"),
        ("from dataclasses import make_dataclass\nX = make_dataclass('X', [])", "dataclass"),
        ("X = type('X', (), {})", "made-class"),
        ("class X: ...", "class"),
        ("class Y: ...\nX = Y()", "instance"),
        ("X = type(3)", "result"),
        ("def f(): ...\nX = f()", "result"),
        ("X = {}", "result"),
        ("X = 3", "constant"),
        ("def X(): ...", "function"),
        ("from typing import TypeAlias\nX: TypeAlias = 'list[int]'", "type-alias"),
    ],
)
def test_classes_made_by_a_call_are_told_from_instances(
    resolve: Callable[[Files], Resolution], source: str, kind: str
) -> None:
    row = rows(resolve({"m.py": source + "\n"}))["m.X"]
    assert (row["kind"], row["definition"]) == (kind, "m:X")


def test_an_instance_names_its_class(resolve: Callable[[Files], Resolution]) -> None:
    found = rows(resolve({**A_CLASS, "a/use.py": "from a.core import Engine\nengine = Engine()\n"}))["a.use.engine"]
    assert (found["kind"], found["made_by"], found["definition"]) == ("instance", "a.core:Engine", "a.use:engine")


def test_branches_keep_all_candidates(resolve: Callable[[Files], Resolution]) -> None:
    row = rows(resolve({**A_CLASS, "m.py": "if fast:\n    from a.core import Engine\nelse:\n    class Engine: ...\n"}))[
        "m.Engine"
    ]
    assert (row["candidates"], row["certainty"], row["definition"]) == (2, "conditional", "a.core:Engine")
    assert row["reason"] == "otherwise m:Engine"


def test_a_fallback_class_is_a_second_candidate(resolve: Callable[[Files], Resolution]) -> None:
    source = "try:\n    from {} import Engine\nexcept ImportError:\n    class Engine: ...\n"
    inside = rows(resolve({**A_CLASS, "m.py": source.format("a.core")}))["m.Engine"]
    assert (inside["definition"], inside["candidates"]) == ("a.core:Engine", 2)
    missing = rows(resolve({**A_CLASS, "m.py": source.format("a.gone")}))["m.Engine"]
    assert missing["definition"] == "m:Engine"


def test_star_imports_honour_all_and_underscores(resolve: Callable[[Files], Resolution]) -> None:
    found = meanings(resolve({
        "listed.py": "__all__ = ['_A', 'B']\n__all__ += ['C']\nclass _A: ...\nclass B: ...\nC = B\nD = B\n",
        "public.py": "class E: ...\nclass _F: ...\nimport os\n",
        "added.py": "import listed\nfrom public import E\n__all__ = ['E'] + listed.__all__\nfrom listed import *\n",
        "m.py": "from listed import *\nfrom public import *\n",
        "n.py": "from added import *\n",
    }))  # fmt: skip
    assert {path for path in found if path.startswith("m.")} == {"m._A", "m.B", "m.C", "m.E", "m.os"}
    assert found["m.os"] == "os"
    assert {path for path in found if path.startswith("n.")} == {"n.E", "n._A", "n.B", "n.C"}
    assert found["n.B"] == "listed:B"


def test_a_ring_of_star_imports_ends(resolve: Callable[[Files], Resolution]) -> None:
    found = meanings(resolve({
        "a.py": "from b import *\nclass A: ...\n", "b.py": "from c import *\nclass B: ...\n",
        "c.py": "from a import *\nclass C: ...\n",
    }))  # fmt: skip
    assert {found[f"{module}.{name}"] for module in "abc" for name in "ABC"} == {"a:A", "b:B", "c:C"}


def test_an_unknown_star_makes_nothing_up(resolve: Callable[[Files], Resolution]) -> None:
    found = rows(resolve({"a.py": "from numpy import *\nx = array\n", "b.py": "from a import ndarray, x\n"}))
    assert (found["b.ndarray"]["kind"], found["b.ndarray"]["reason"]) == ("unknown", "star import of numpy")
    assert found["a.x"]["kind"] == "unknown"


def test_a_name_of_a_package_is_its_attribute_or_its_submodule(resolve: Callable[[Files], Resolution]) -> None:
    found = meanings(resolve({
        "p/__init__.py": "from .same import same\nfrom .other import x\n",
        "p/same.py": "class same: ...\n", "p/other.py": "x = 1\n", "p/alone.py": "",
        "m.py": "from p import same, other, alone\nimport p.alone\nimport p.alone as q\n",
    }))  # fmt: skip
    assert found["m.same"] == "p.same:same"
    assert found["m.other"] == "p.other"
    assert found["m.alone"] == "p.alone"
    assert (found["m.p"], found["m.q"]) == ("p", "p.alone")


def test_a_submodule_that_others_import_later_replaces_the_name(resolve: Callable[[Files], Resolution]) -> None:
    files = {"p/__init__.py": "class same: ...\n", "p/same.py": "", "m.py": "from p import same\n"}
    assert meanings(resolve(files))["m.same"] == "p:same"
    found = resolve({**files, "n.py": "import p.same\n"})
    assert meanings(found)["m.same"] == "p:same"  # in a fresh process; not where `n` is imported before
    (row,) = [row for row in found.paths.to_pylist() if row["import_path"] == "m.same"]
    assert (row["certainty"], row["reason"]) == ("conditional", "otherwise p.same")


def test_a_submodule_imported_by_way_of_another_module_comes_before_a_later_binding(
    resolve: Callable[[Files], Resolution],
) -> None:
    files = {
        "p/__init__.py": "from .first import x\nfrom q import same\n", "p/first.py": "import p.same\nx = 1\n",
        "p/same.py": "", "q.py": "class same: ...\n", "m.py": "from p import same\n",
    }  # fmt: skip
    assert meanings(resolve(files))["m.same"] == "q:same"


def test_namespace_packages_have_modules_but_no_names(resolve: Callable[[Files], Resolution]) -> None:
    found = meanings(resolve({"n/m/core.py": "class X: ...\n", "use.py": "from n.m.core import X\nimport n.m as y\n"}))
    assert (found["use.X"], found["use.y"]) == ("n.m.core:X", "n.m")


def test_a_name_that_does_not_exist_is_unknown_with_the_reason(resolve: Callable[[Files], Resolution]) -> None:
    found = rows(
        resolve({**A_CLASS, "m.py": "from a.core import Gone\nfrom a.gone import X\nimport a.core\nY = a.core.Z\n"})
    )
    assert found["m.Gone"]["reason"] == "no such name Gone in a.core"
    assert found["m.X"]["reason"] == "no such module a.gone"
    assert found["m.Y"]["reason"] == "no such name Z in a.core"
    assert {row["certainty"] for path, row in found.items() if path != "m.a" and path.startswith("m.")} == {"unknown"}


def test_a_file_that_does_not_parse_may_hold_any_name(resolve: Callable[[Files], Resolution]) -> None:
    found = rows(resolve({"a.py": "class X(:\n", "b.py": "from a import X\n"}))
    assert found["b.X"]["reason"] == "file cannot be parsed (syntax-error)"


def test_a_global_statement_binds_later(resolve: Callable[[Files], Resolution]) -> None:
    row = rows(resolve({"m.py": "X = None\ndef f():\n    global X\n    X = make()\n"}))["m.X"]
    assert (row["kind"], row["candidates"], row["certainty"]) == ("none", 2, "conditional")


def test_names_put_into_globals_are_known_by_their_pattern(resolve: Callable[[Files], Resolution]) -> None:
    source = "def f(c):\n    made = type(c, (), {})\n    globals()[f'Fast{c}'] = made\n"
    found = rows(resolve({"a.py": source, "b.py": "from a import FastEngine, SlowEngine\n"}))
    assert (found["b.FastEngine"]["kind"], found["b.FastEngine"]["definition"]) == ("made-class", "a:FastEngine")
    assert found["b.SlowEngine"]["reason"] == "no such name SlowEngine in a"


def test_what_one_module_sets_on_another_is_a_name_of_that_one(resolve: Callable[[Files], Resolution]) -> None:
    found = rows(resolve({
        "a/__init__.py": "", "a/base.py": "class Old: ...\nTaken = Old\n",
        "a/fast.py": (
            "from . import base\nclass Fast: ...\nbase.dialect = dialect = Fast\nbase.Taken = Fast\nbase.n = Fast()\n"
        ),
        "m.py": "from a.base import dialect, Taken\n",
    }))  # fmt: skip
    assert (found["m.dialect"]["definition"], found["m.dialect"]["certainty"]) == ("a.fast:Fast", "conditional")
    assert (found["m.Taken"]["definition"], found["m.Taken"]["candidates"]) == ("a.base:Old", 2)
    assert found["a.base.n"]["reason"] == "set by a.fast"


def test_a_compiled_module_is_known_by_its_stub(resolve: Callable[[Files], Resolution]) -> None:
    found = rows(resolve({
        "a/__init__.py": "", "a/fast.so": b"", "a/fast.pyi": "class X: ...\nY = X\n",
        "m.py": "from a.fast import X, Y, Z\n",
    }))  # fmt: skip
    assert (found["m.X"]["definition"], found["m.Y"]["definition"]) == ("a.fast:X", "a.fast:X")
    assert (found["m.Z"]["kind"], found["m.Z"]["certainty"]) == ("compiled", "conditional")


def test_a_chain_of_thousands_of_aliases_is_followed_to_its_end(resolve: Callable[[Files], Resolution]) -> None:
    source = "class X0: ...\n" + "".join(f"X{n} = X{n - 1}\n" for n in range(1, 3001))
    files = {"first.py": source, **{f"m{n}.py": f"from m{n + 1} import Y\n" for n in range(1500)}}
    files["m1500.py"] = "from first import X3000 as Y\n"
    found = rows(resolve(files))
    assert found["m0.Y"]["definition"] == "first:X0"
    assert found["m0.Y"]["chain"][:2] == ["m0.Y m0.py:1", "m1.Y m1.py:1"]


@pytest.mark.parametrize(
    ("module", "source", "route"),
    [
        ("a/__init__.py", "from a.core import Engine", "facade"),
        ("a/use.py", "from a.core import Engine\ndef run(): ...", "accidental"),
        ("a/use.py", "from a.core import Engine\n__all__ = ['Engine']\ndef run(): ...", "shim"),
        ("a/use.py", "from a.core import Engine", "shim"),
        ("a/use.py", "from a.core import Engine\nimport warnings\nwarnings.warn('old', DeprecationWarning)", "shim"),
        ("a/use.py", "from a.core import Engine\nimport warnings\ndef f():\n    '''Deprecated.'''", "shim"),
        ("a/use.py", "from a.core import Engine as Engine\nclass B: ...", "shim"),
        ("a/use.py", "from a.core import Engine as Motor\nEngine = Motor\nclass B: ...", "accidental"),
        ("b/__init__.py", "from a.core import Engine\nx = f()", "accidental"),
    ],
)
def test_a_route_says_why_a_module_has_a_name(
    resolve: Callable[[Files], Resolution], module: str, source: str, route: str
) -> None:
    found = rows(resolve({**A_CLASS, "b/__init__.py": "", module: source + "\n"}))
    name = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert found[f"{name}.Engine"]["route"] == route


def test_the_same_tree_gives_the_same_table(resolve: Callable[[Files], Resolution]) -> None:
    files = {**A_CLASS, "b.py": "from a.core import *\nfrom c import *\n", "c.py": "from b import *\nX = 1\n"}
    assert resolve(files).paths.equals(resolve(dict(reversed(files.items()))).paths)


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from([
            "class X: ...", "from m{} import X", "from m{} import *", "X = Y", "Y = X", "import m{} as Y", "del X",
            "try:\n    from m{} import Y\nexcept ImportError:\n    class Y: ...", "if c:\n    X = Y", "Y = X()",
            "def __getattr__(n):\n    return {{'Z': 'm{}:X'}}[n]", "X = m{}.Y", "import m{}", "__all__ = ['Y']",
        ]),
        min_size=3, max_size=16,
    ),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_any_tangle_of_names_is_resolved_and_in_the_same_way_twice(
    tmp_path_factory: pytest.TempPathFactory, statements: list[str], random: Any
) -> None:
    tree = tmp_path_factory.mktemp("tangle")
    for number in range(4):
        chosen = [random.choice(statements).format(random.randrange(4)) for _ in range(random.randrange(1, 7))]
        (tree / f"m{number}.py").write_text("\n".join(chosen) + "\n")
    facts = scan(tree, jobs=1)
    first = build_resolution(facts).paths
    assert first.equals(build_resolution(facts).paths)
    for row in first.to_pylist():
        assert (
            (row["certainty"] == "unknown")
            == (row["kind"] == "unknown")
            == bool(row["kind"] == "unknown" and row["reason"])
        )
        assert row["definition"] or row["kind"] in {"unknown", "none"}


CHOICES = """
import sys
class A: ...
class B: ...
match sys.platform:
    case "linux":
        M = A
    case _:
        M = B
match ():
    case ():
        N = A
while True:
    L = A
    break
else:
    L = B
for one in (1, 2):
    if one:
        F = A
        break
else:
    F = B
for one in (1, 2):
    while True:
        break
else:
    G = A
"""


def test_the_pattern_of_a_match_and_the_else_after_a_break_leave_a_choice(
    resolve: Callable[[Files], Resolution],
) -> None:
    rows = {row["name"]: row for row in resolve({"a.py": CHOICES, "b.py": "from a import N\n"}).paths.to_pylist()}
    assert {name: (rows[name]["candidates"], rows[name]["certainty"]) for name in "MNLFG"} == {
        "M": (2, "conditional"), "N": (1, "conditional"), "L": (1, "certain"), "F": (2, "conditional"),
        "G": (1, "certain"),
    }  # fmt: skip
    assert rows["L"]["definition"] == "a:A"


def test_setattr_with_a_literal_name_is_an_assignment(resolve: Callable[[Files], Resolution]) -> None:
    files = {"p/__init__.py": "", "p/a.py": "", "b.py": "import p.a\nclass X: ...\nsetattr(p.a, 'Set', X)\n"}
    rows = {row["import_path"]: row for row in resolve(files).paths.to_pylist()}
    assert rows["p.a.Set"]["definition"] == "b:X"


def test_what_is_taken_from_a_compiled_module_has_a_row(resolve: Callable[[Files], Resolution]) -> None:
    found = rows(resolve({
        "a/__init__.py": "from a.fast import Parser as FastParser\n", "a/fast.so": b"",
        "a/m.py": "class Parser: ...\ntry:\n    from a.fast import Parser\nexcept ImportError:\n    pass\n",
        "a/n.py": "class P: ...\ntry:\n    if not FLAG:\n        from a.fast import P\nexcept ImportError:\n    pass\n",
    }))  # fmt: skip
    assert (found["a.fast.Parser"]["definition"], found["a.fast.Parser"]["certainty"]) == (
        "a.fast:Parser", "conditional",
    )  # fmt: skip
    assert found["a.m.Parser"]["definition"] == found["a.FastParser"]["definition"] == "a.fast:Parser"
    assert (found["a.n.P"]["definition"], found["a.n.P"]["certainty"]) == ("a.fast:P", "conditional")


def test_what_a_function_binds_may_come_after_everything(resolve: Callable[[Files], Resolution]) -> None:
    found = rows(resolve({
        "a.py": "def f():\n    global V, X, Y, Z\n    class X: ...\n    Y = 1\n    from b import Z\n"
                "    def V(): ...\nV = X = Y = None\nclass Z: ...\n",
        "b.py": "class Z: ...\n", "m.py": "from a import X, Y, Z\n",
    }))  # fmt: skip
    assert {
        path: row["certainty"] for path, row in found.items() if path[0] in "am" and path != "a.f"
    } == dict.fromkeys(("a.V", "a.X", "a.Y", "a.Z", "m.X", "m.Y", "m.Z"), "conditional")
    assert (found["m.Z"]["definition"], found["m.Z"]["reason"]) == ("a:Z", "otherwise b:Z")
    assert (found["a.X"]["reason"], found["a.V"]["reason"]) == ("otherwise a:X", "otherwise a:V")
