"""Whether a statement can run: all enclosing guards, on every supported version and platform."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import tables
from analysis.facts import scan
from analysis.graph import build_import_graph
from analysis.resolve import SupportedInterpreter, TargetResolver
from analysis.resolve.conditions import evaluate_condition
from analysis.resolve.environments import PLATFORMS, Supported, find_supported, list_versions

Tree = Callable[..., Path]
ALL_VERSIONS = Supported(((3, 9), (3, 11), (3, 13)), PLATFORMS)
LINUX = Supported(((3, 11),), ("linux",))


def find_liveness(root: Path, supported: Supported) -> dict[str, str]:
    """Return the liveness of the import of each module, by its name as written."""
    resolver = TargetResolver(scan(root, jobs=1), supported)
    modules = tables.read_column(resolver.imports.statements, "module")
    return {module: tables.LIVENESS[code] for module, code in zip(modules, resolver.liveness.tolist(), strict=True)}


@pytest.mark.parametrize(
    ("source", "on_all", "on_linux"),
    [
        ("import wanted", "always", "always"),
        ("if sys.version_info >= (3, 12):\n import wanted", "sometimes", "never"),
        ("if sys.version_info >= (3,):\n import wanted", "always", "always"),
        ("if sys.version_info < (3, 9):\n import wanted", "never", "never"),
        ("if sys.version_info[:2] == (3, 11):\n import wanted", "sometimes", "always"),
        ("if sys.version_info.minor > 20:\n import wanted", "never", "never"),
        ("if sys.hexversion < 0x03090000:\n import wanted", "never", "never"),
        ("if sys.platform == 'win32':\n import wanted", "sometimes", "never"),
        ("if sys.platform.startswith(('linux', 'darwin')):\n import wanted", "sometimes", "always"),
        ("if os.name == 'nt':\n import wanted", "sometimes", "never"),
        ("if os.name == 'posix':\n import wanted", "sometimes", "always"),
        ("if platform.system() == 'Windows':\n import wanted", "sometimes", "never"),
        ("if sys.platform == 'win32':\n pass\nelse:\n import wanted", "sometimes", "always"),
        ("if sys.platform == 'win32':\n pass\nelif x:\n import wanted", "sometimes", "sometimes"),
        ("if x:\n if sys.version_info < (3,):\n  import wanted", "never", "never"),
        ("if sys.version_info < (3,):\n if x:\n  import wanted", "never", "never"),
        ("if sys.version_info < (3,):\n try:\n  import wanted\n except ImportError: pass", "never", "never"),
        ("if sys.version_info < (3,):\n def f():\n  import wanted", "never", "never"),
        ("if sys.version_info < (3,):\n class C:\n  import wanted", "never", "never"),
        ("if False:\n import wanted", "always", "always"),  # for type checkers: their scope says so
        ("if TYPE_CHECKING is not False:\n import wanted", "always", "always"),
        ("if TYPE_CHECKING == True:\n import wanted", "always", "always"),
        ("if x:\n import wanted", "sometimes", "sometimes"),
        ("if True:\n import wanted", "always", "always"),
        ("try:\n import wanted\nexcept ImportError: pass", "always", "always"),
        ("try:\n import other\nexcept ImportError:\n import wanted", "sometimes", "sometimes"),
        ("try:\n import other\nexcept ImportError:\n if True:\n  import wanted", "sometimes", "sometimes"),
        ("try:\n import other\nexcept ImportError: pass\nelse:\n import wanted", "sometimes", "sometimes"),
        ("try:\n pass\nfinally:\n import wanted", "always", "always"),
        ("for x in y:\n import wanted", "sometimes", "sometimes"),
        ("for x in y:\n if True:\n  import wanted", "sometimes", "sometimes"),
        ("match x:\n case 1:\n  import wanted", "sometimes", "sometimes"),
        ("match x:\n case 1:\n  if True:\n   import wanted", "sometimes", "sometimes"),
        ("with x:\n import wanted", "always", "always"),
        ("PY2 = sys.version_info[0] == 2\nif PY2:\n import wanted", "never", "never"),
        ("DEBUG = False\nif DEBUG:\n import wanted", "never", "never"),
        ("DEBUG = False\nDEBUG = True\nif DEBUG:\n import wanted", "always", "always"),
        ("DEBUG = False\ndef f():\n global DEBUG\nif DEBUG:\n import wanted", "sometimes", "sometimes"),
    ],
)
def test_all_enclosing_guards_decide(make_tree: Tree, source: str, on_all: str, on_linux: str) -> None:
    root = make_tree({"m.py": f"import os\nimport platform\nimport sys\n{source}\n"})
    assert find_liveness(root, ALL_VERSIONS)["wanted"] == on_all
    assert find_liveness(root, LINUX)["wanted"] == on_linux


@pytest.mark.parametrize(
    ("flags", "test", "expected"),
    [
        ("PY2 = sys.version_info[0] == 2", "PY2", "never"),
        ("PY3 = sys.version_info[0] == 3", "not PY3", "never"),
        ("WINDOWS = os.name == 'nt'", "WINDOWS", "never"),
        ("FLAG = False", "FLAG", "never"),
        ("FLAG = True", "FLAG", "always"),
        ("FLAG = False\nif x:\n FLAG = True", "FLAG", "sometimes"),
        ("FLAG = compute()", "FLAG", "sometimes"),
        ("try:\n FLAG = True\nexcept ValueError:\n FLAG = False", "FLAG", "sometimes"),
    ],
)
@pytest.mark.parametrize("way", ["from p.flags import {0}", "from p.again import {0}", "from .flags import {0}"])
def test_constants_of_other_modules_are_followed(
    make_tree: Tree, flags: str, test: str, expected: str, way: str
) -> None:
    name = test.rpartition(" ")[2]
    files = {
        "p/__init__.py": "", "p/flags.py": f"import os\nimport sys\n{flags}\n",
        "p/again.py": f"from p.flags import {name}\n",
        "p/m.py": f"{way.format(name)}\nif {test}:\n    import wanted\n",
    }  # fmt: skip
    assert find_liveness(make_tree(files), LINUX)["wanted"] == expected


def test_an_attribute_of_a_module_is_followed_too(make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "", "p/flags.py": "DEAD = False\n",
        "p/m.py": "from p import flags\nif flags.DEAD:\n    import wanted\n",
    }  # fmt: skip
    assert find_liveness(make_tree(files), LINUX)["wanted"] == "never"


def test_a_type_checking_flag_that_is_true_is_for_everybody(make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "", "p/hub.py": "", "p/flags.py": "TYPE_CHECKING = True\n",
        "p/compat.py": "from typing import TYPE_CHECKING\n",
        "p/true.py": "from p.flags import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.hub\n",
        "p/false.py": "from p.compat import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.hub\n",
        "p/own.py": "from typing import TYPE_CHECKING\nTYPE_CHECKING = True\nif TYPE_CHECKING:\n    import p.hub\n",
    }  # fmt: skip
    graph = build_import_graph(scan(make_tree(files), jobs=1))
    found = {row["importer"]: row["scope"] for row in graph.edges.to_pylist() if row["imported"] == "p.hub"}
    assert found == {"p.true": "module", "p.false": "type_checking", "p.own": "module"}


def test_a_dead_branch_makes_no_edge_and_a_missing_module_in_it_is_dead(make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "", "p/b.py": "import p.a\n",
        "p/a.py": "import sys\nif sys.version_info < (3,):\n    import p.b\n    import p.gone\n",
    }  # fmt: skip
    graph = build_import_graph(scan(make_tree(files), jobs=1))
    found = {(row["importer"], row["imported"]) for row in graph.edges.to_pylist() if not row["is_ancestor"]}
    assert found == {("p.b", "p.a")}
    assert [(row["module"], row["liveness"]) for row in graph.phantoms.to_pylist()] == [("p.gone", "never")]


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [
        (">=3.9,<3.12", (9, 10, 11)), ("~=3.10", (10, 11, 12, 13, 14, 15)), ("==3.11.*", (11,)),
        (">3.8.2,<3.8.5", (8,)),
        ("!=3.9.*,>=3.8,<3.11", (8, 10)), ("nonsense", ()), ("", ()), (">=4", ()),
    ],
)  # fmt: skip
def test_the_versions_of_a_specifier_are_the_known_ones_it_admits(specifier: str, expected: tuple[int, ...]) -> None:
    assert tuple(minor for _, minor in list_versions(specifier)) == expected


def test_without_a_word_the_running_interpreter_counts_on_every_platform() -> None:
    for supported in (find_supported(""), find_supported("nonsense"), find_supported(">=4")):
        assert supported == Supported((sys.version_info[:2],), PLATFORMS)
    assert find_supported("==3.8.*", ["win32"]).here == SupportedInterpreter((3, 8, 0), "win32")


#: Tests of the kind that code asks, whose outcome CPython tells when it evaluates them.
ATOMS = st.sampled_from([
    "sys.version_info >= (3, 8)", "sys.version_info < (3, 10, 2)", "sys.version_info[0] == 2",
    "sys.version_info[:2] > (3, 9)",
    "sys.version_info.major == 3", "sys.platform == 'linux'", "sys.platform != 'win32'", "os.name == 'nt'", "True",
    "False",
    "sys.platform in ('linux', 'darwin')", "sys.platform.startswith('lin')", "sys.maxsize > 0", "__debug__", "1", "0",
    "sys.version_info >= (4,)", "sys.version_info[1] >= 11", "sys.hexversion >= 0x30a0000",
    "platform.system() == 'Linux'",
])  # fmt: skip
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, inner).map(lambda both: f"({both[0]}) and ({both[1]})"),
        st.tuples(inner, inner).map(lambda both: f"({both[0]}) or ({both[1]})"),
        inner.map(lambda one: f"bool({one})"),
    ),
    max_leaves=6,
)


@given(CONDITIONS)
@settings(max_examples=200, deadline=None)
def test_a_condition_comes_to_what_cpython_says_of_it(condition: str) -> None:
    here = SupportedInterpreter((sys.version_info[0], sys.version_info[1], sys.version_info[2]), sys.platform)
    expected = bool(eval(condition, {"sys": sys, "os": os, "platform": platform}))
    assert evaluate_condition(condition, here) in {expected, None}
    if "bool(" not in condition and "maxsize" not in condition:
        assert evaluate_condition(condition, here) is expected


@given(CONDITIONS, st.sampled_from(["X and ({0})", "({0}) or X", "X or ({0})", "({0}) and X", "not ({0}) or X"]))
@settings(max_examples=200, deadline=None)
def test_what_is_said_of_a_condition_holds_whatever_an_unknown_name_is(condition: str, form: str) -> None:
    here = SupportedInterpreter((sys.version_info[0], sys.version_info[1], sys.version_info[2]), sys.platform)
    whole = form.format(condition)
    names = {"sys": sys, "os": os, "platform": platform}
    outcomes = {bool(eval(whole, {**names, "X": value})) for value in (True, False)}
    said = evaluate_condition(whole, here)
    assert said is None or outcomes == {said}
