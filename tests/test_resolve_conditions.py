"""What conditions come to on interpreters that are not here, held against CPython's own evaluation of them."""

from __future__ import annotations

import os
import platform
import sys
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from conftest import Tree

from analysis import tables
from analysis.facts import scan
from analysis.resolve import Supported, SupportedInterpreter, TargetResolver
from analysis.resolve.conditions import UNDECIDED, evaluate_condition, find_constant, is_known_constant, may_vary
from analysis.resolve.environments import DEFAULT, PLATFORMS, find_supported, list_versions
from analysis.resolve.liveness import ALWAYS, DEFERRED, MAYBE, NEVER, TRIED, UNLIKELY
from analysis.resolve.makers import MAKERS, find_made_kind

WINDOWS = SupportedInterpreter((3, 8, 0), "win32")
MAC = SupportedInterpreter((3, 12, 7), "darwin")
LINUX = SupportedInterpreter((3, 11, 4), "linux")
BSD = SupportedInterpreter((3, 10, 99), "freebsd")
NAMES = {WINDOWS: ("nt", "Windows"), MAC: ("posix", "Darwin"), LINUX: ("posix", "Linux"), BSD: ("posix", "Freebsd")}


class VersionInfo(NamedTuple):
    major: int
    minor: int
    micro: int
    releaselevel: str
    serial: int


def pretend(each: SupportedInterpreter) -> dict[str, Any]:
    """Return names as they are in another interpreter."""
    version = VersionInfo(*each.version, "final", 0)
    number = each.version[0] * 0x1000000 + each.version[1] * 0x10000 + each.version[2] * 0x100 + 0xF0
    os_name, system = NAMES[each]
    return {
        "sys": SimpleNamespace(
            version_info=version, hexversion=number, platform=each.platform, byteorder=sys.byteorder,
            implementation=sys.implementation,
        ),
        "version_info": version, "os": SimpleNamespace(name=os_name), "six": SimpleNamespace(PY2=False, PY3=True),
        "platform": SimpleNamespace(
            system=lambda: system, python_implementation=platform.python_implementation,
        ),
    }  # fmt: skip


@pytest.mark.parametrize(
    "condition",
    [
        "sys.version_info >= (3, 11)", "sys.version_info > (3, 11, 4)", "sys.version_info >= (3, 11, 4, 'final', 0)",
        "sys.version_info == (3, 11, 4, 'final', 0)", "sys.version_info != (3, 8, 0, 'final', 0)",
        "version_info < (3, 9)", "version_info <= (3, 8, 0, 'final', 0)", "sys.version_info[0] == 3",
        "sys.version_info[1] > 10", "sys.version_info[2] == 4", "sys.version_info[3] == 'final'",
        "sys.version_info[:2] == (3, 11)", "sys.version_info[0:2] == (3, 12)", "sys.version_info[1:] > (10,)",
        "sys.version_info[::2] == (3, 4, 0)", "sys.version_info.major == 3",
        "sys.version_info.minor == 12", "sys.hexversion >= 0x030b0000", "sys.hexversion == 0x030b04f0",
        "sys.hexversion & 1", "sys.platform == 'win32'", "sys.platform != 'darwin'",
        "sys.platform in ('linux', 'darwin')",
        "sys.platform[:3] == 'win'", "sys.platform[0] == 'l'", "sys.platform.startswith('win')",
        "sys.platform.startswith(('dar', 'lin'))", "os.name == 'nt'", "os.name == 'posix'",
        "platform.system() == 'Windows'", "platform.system() == 'Darwin'", "platform.system() == 'Freebsd'",
        "platform.python_implementation() == 'CPython'", "sys.implementation.name == 'cpython'",
        "sys.byteorder == 'little'", "__debug__", "not __debug__", "six.PY2", "six.PY3 and six.PY2",
        "six.PY3 or six.PY2",
        "None is None", "None is not None", "'lin' in sys.platform", "1", "0", "''", "'x'", "()", "(1,)", "not ()",
        "os.name == 'nt' and sys.version_info < (3, 9)", "os.name == 'nt' or sys.version_info > (3, 12)",
        "not os.name == 'nt'", "3 <= 4", "4 <= 3", "4 >= 4", "4 > 4", "3 < 3", "'3' if 0 else ''",
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", NAMES, ids=lambda each: each.platform)
def test_a_condition_comes_to_what_that_interpreter_says(condition: str, where: SupportedInterpreter) -> None:
    expected = bool(eval(condition, pretend(where)))
    said = evaluate_condition(condition, where)
    if any(part in condition for part in (" & ", " if ")):
        assert said is None  # sums and choices are not followed
    else:
        assert said is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("X", None), ("not X", None), ("-1 == X", None), ("X and 0", False), ("0 and X", False), ("X and 1", None),
        ("X or 1", True), ("X or 0", None), ("0 or X", None), ("X or ''", None), ("X and Y", None),
        ("(1, X)", None), ("(1, X) == (1, 2)", None), ("X[0] == 1", None), ("'abc'[X]", None), ("'abc'[X:]", None),
        ("'abc'[:X]", None), ("1[0]", None), ("'abc'[9]", None), ("X < 1", None), ("1 < X", None), ("1 < 'a'", None),
        ("1 < 2 < 3", None), ("f()", None), ("X.startswith('a')", None), ("'abc'.startswith(X)", None),
        ("'abc'.startswith('a')", True), ("'abc'.startswith('b')", False), ("'abc'.startswith('c', 2)", None),
        ("'abc'.endswith('c')", None), ("startswith('a')", None), ("platform.system(1)", None), ("1 not in (1,)", None),
        ("…", None), ("X … 1", None), ("1 +", None), ("a b", None), ("[1]", None), ("lambda: 1", None),
        ("'a'.startswith(1)", None), ("1 .startswith('a')", None), ("+1", None), ("-1", None), ("~0", None),
        ("TYPE_CHECKING", False), ("typing.TYPE_CHECKING", False), ("t.TYPE_CHECKING or X", None),
        ("not TYPE_CHECKING", True), ("X and TYPE_CHECKING", False),
    ],
)  # fmt: skip
def test_what_nobody_knows_stays_open(condition: str, expected: bool | None) -> None:
    assert evaluate_condition(condition, LINUX) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("TYPE_CHECKING", True), ("False", True), ("0", False), ("not TYPE_CHECKING", False), ("X", None), ("True", True),
     ("not False", False), ("typing.TYPE_CHECKING and X", None)],
)  # fmt: skip
def test_type_checkers_take_the_other_branch(condition: str, expected: bool | None) -> None:
    assert evaluate_condition(condition, LINUX, is_typing=True) is expected


def test_what_a_process_knows_of_names_outside() -> None:
    assert find_constant("sys.platform", MAC) == "darwin"
    assert find_constant("os.sep", LINUX) == os.sep
    assert find_constant("sys.maxsize", LINUX) == sys.maxsize
    assert (
        find_constant("typing.TYPE_CHECKING", LINUX) is find_constant("typing_extensions.TYPE_CHECKING", LINUX) is False
    )
    assert find_constant("sys.flags.optimize", LINUX) == 0
    assert find_constant("sys.argv", LINUX) is UNDECIDED
    known = ("sys.platform", "os.sep", "six.text_type", "typing.Any", "typing_extensions.Never", "version_info")
    assert all(map(is_known_constant, known))
    assert not any(map(is_known_constant, ("sys.argv", "os.path.sep", "typing", "six.moves.x", "")))


def test_each_version_is_asked_with_its_first_and_last_patch_on_each_platform() -> None:
    supported = Supported(((3, 9), (3, 12)), ("darwin", "linux"))
    found = [(*each.version, each.platform) for each in supported.environments]
    assert found == [
        (3, minor, patch, name) for minor in (9, 12) for patch in (0, 99) for name in ("darwin", "linux")
    ]  # fmt: skip


def test_the_environment_that_is_simulated_is_the_nearest_to_this_one() -> None:
    major, minor, patch = sys.version_info[:3]
    assert DEFAULT.here == SupportedInterpreter((major, minor, patch), sys.platform)
    near = Supported(((major, minor - 3), (major, minor - 1), (major, minor + 2)), ("aix", "win32"))
    assert near.here == SupportedInterpreter((major, minor - 1, 0), "aix")
    both = Supported(((major, minor - 1), (major, minor + 1)), (sys.platform,))
    assert both.here == SupportedInterpreter((major, minor - 1, 0), sys.platform)
    far = Supported(((2, minor), (major, 0)), PLATFORMS)
    assert far.here.version == (major, 0, 0)


@pytest.mark.parametrize(
    ("specifier", "minors"),
    [
        (">=3.6,<3.8", (6, 7)),
        ("<3.6", ()),
        (">=3.13,<3.15", (13, 14)),
        (">3.9.29,<3.10", (9,)),
        ("==3.12.99", (12,)),
        (">=3.11.0rc1,<3.12", (11,)),
        ("<=3.6.0", (6,)),
        ("===3.11.29", (11,)),
    ],
)
def test_a_specifier_admits_a_version_when_it_admits_one_of_its_patches(
    specifier: str, minors: tuple[int, ...]
) -> None:
    assert list_versions(specifier) == tuple((3, minor) for minor in minors)


def test_platforms_are_named_once_and_in_order() -> None:
    assert find_supported(">=3.9,<3.10", ["win32", "linux", "win32"]) == Supported(((3, 9),), ("linux", "win32"))
    assert find_supported(">=3.9,<3.10").platforms == PLATFORMS


@pytest.mark.parametrize("callee", MAKERS)
def test_a_maker_makes_what_python_makes_with_it(callee: str) -> None:
    kind = find_made_kind(callee, 1)
    assert kind == MAKERS[callee]
    made = {
        "namedtuple": "namedtuple NamedTuple",
        "typeddict": "TypedDict",
        "newtype": "NewType",
        "dataclass": "make_class",
    }
    name = callee.partition(":")[2]
    if kind in made:
        assert name in f"{made[kind]} make_dataclass"
    else:
        assert (kind == "enum") == callee.startswith("enum:")
    if callee.partition(":")[0] in {"collections", "enum", "typing", "types", "dataclasses"}:
        assert hasattr(__import__(callee.partition(":")[0]), name) or name == "StrEnum"


@pytest.mark.parametrize("callee", ["builtins:type", "abc:ABCMeta", "enum:EnumMeta", "enum:EnumType"])
def test_a_metaclass_makes_a_class_of_three_arguments(callee: str) -> None:
    assert [find_made_kind(callee, number) for number in (1, 2, 3, 4)] == ["", "", "made-class", ""]
    assert find_made_kind("collections:OrderedDict", 3) == ""


LEVELS = {
    "X = 1": ALWAYS,
    "if c:\n    X = 1": MAYBE,
    "if True:\n    X = 1": ALWAYS,
    "if TYPE_CHECKING:\n    X = 1": NEVER,
    "if sys.version_info < (3,):\n    X = 1": NEVER,
    "if sys.platform == 'win32':\n    X = 1": UNLIKELY,
    "if sys.platform == 'linux':\n    X = 1": MAYBE,
    "try:\n    X = f()\nexcept ValueError:\n    pass": TRIED,
    "try:\n    f()\nexcept ValueError:\n    X = 1": UNLIKELY,
    "try:\n    f()\nexcept ValueError:\n    if c:\n        X = 1": UNLIKELY,
    "try:\n    f()\nfinally:\n    X = 1": ALWAYS,
    "match c:\n    case 1:\n        X = 1": MAYBE,
    "with c:\n    X = 1": ALWAYS,
    "try:\n    if c:\n        X = 1\nexcept ValueError:\n    pass": MAYBE,
    "def g():\n    global X\n    X = 1": DEFERRED,
    "def g():\n    global X\n    if sys.version_info < (3,):\n        X = 1": NEVER,
    "if c:\n    def g():\n        global X\n        X = 1": DEFERRED,
}  # fmt: skip


def test_how_sure_a_statement_is_to_run(make_tree: Tree) -> None:
    head = "import sys\nfrom typing import TYPE_CHECKING\n"
    files = {f"m{number:02}.py": f"{head}{source}\n" for number, source in enumerate(LEVELS)}
    target = TargetResolver(scan(make_tree(files), jobs=1), Supported(((3, 11),), ("linux", "win32")))
    rows = target.spaces.rows
    found = [[rows.level[row] for row in target.spaces.space(module).names["X"]][-1] for module in target.index.modules]
    assert dict(zip(LEVELS, found, strict=True)) == LEVELS


FLAGS = {
    # what p.flags says, what p.m imports and asks, and whether the import below it can run
    "imported": ("F = False", "from p.flags import F", "F", "never"),
    "under another name": ("F = False", "from p.flags import F as G", "G", "never"),
    "by its module": ("F = False", "import p.flags as k", "k.F", "never"),
    "by its package": ("F = False", "import p", "p.F", "sometimes"),
    "two attributes": ("F = False", "import p", "p.flags.F", "sometimes"),
    "of two names one is known": ("F = False", "from p.flags import F", "F and other", "never"),
    "of two names none decides": ("F = True", "from p.flags import F", "F and other", "sometimes"),
    "two known names": ("F = True\nG = False", "from p.flags import F, G", "F and G", "never"),
    "an attribute of a constant": ("F = False", "from p.flags import F", "F.x", "sometimes"),
    "a module itself": ("F = False", "from p import flags", "flags", "sometimes"),
    "bound twice": ("F = False\nF = True", "from p.flags import F", "F", "sometimes"),
    "imported twice": ("F = False", "from p.flags import F\nfrom p.flags import F", "F", "sometimes"),
    "imported in a branch": ("F = False", "if c:\n    from p.flags import F", "F", "sometimes"),
    "bound in a branch": ("if c:\n    F = False", "from p.flags import F", "F", "sometimes"),
    "bound in a try": ("try:\n    F = False\nexcept E: pass", "from p.flags import F", "F", "sometimes"),
    "bound by a function": ("F = False\ndef g():\n    global F\n    F = 1", "from p.flags import F", "F", "sometimes"),
    "an alias of what is known": ("import sys\nF = sys.byteorder", "from p.flags import F", "F == 'big'", "never"),
    "an alias of what is not": ("import sys\nF = sys.argv", "from p.flags import F", "F", "sometimes"),
    "a class": ("class F: ...", "from p.flags import F", "F", "sometimes"),
    "an expression": ("import os\nF = os.name == 'nt'", "from p.flags import F", "F", "never"),
    "taken from six": ("from six import PY2 as F", "from p.flags import F", "F", "never"),
    "taken from elsewhere": ("from elsewhere import F", "from p.flags import F", "F", "sometimes"),
    "handed on": ("from p.deep import D as F", "from p.flags import F", "F", "never"),
    "handed on by a relative import": ("from .deep import D as F", "from .flags import F", "F", "never"),
    "a module handed on": ("from p import deep as F", "from p.flags import F", "F", "sometimes"),
    "a name that is not there": ("", "from p.flags import F", "F", "sometimes"),
    "a star": ("F = False", "from p.flags import *", "F", "sometimes"),
    "a ring": ("from p.m import F", "from p.flags import F", "F", "sometimes"),
    "text that does not parse": ("F = False", "from p.flags import F", "F and (lambda: 0)", "never"),
}


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_of_another_module_is_followed_where_it_is_sure(make_tree: Tree, name: str) -> None:
    flags, taken, test, expected = FLAGS[name]
    files = {
        "p/__init__.py": "", "p/flags.py": f"{flags}\n", "p/deep.py": "D = False\n",
        "p/m.py": f"{taken}\nif {test}:\n    import wanted\n",
    }  # fmt: skip
    target = TargetResolver(scan(make_tree(files), jobs=1), Supported(((3, 11),), ("linux",)))
    words = tables.read_column(target.imports.statements, "module")
    assert tables.LIVENESS[target.liveness[words.index("wanted")]] == expected


def test_flags_are_handed_on_eight_times_and_no_more(make_tree: Tree) -> None:
    files = {"p/__init__.py": "", "p/f0.py": "F = False\n"}
    files |= {f"p/f{number}.py": f"from p.f{number - 1} import F\n" for number in range(1, 12)}
    files |= {
        f"p/m{number}.py": f"from p.f{number} import F\nif F:\n    import wanted{number}\n" for number in range(12)
    }
    target = TargetResolver(scan(make_tree(files), jobs=1))
    words = tables.read_column(target.imports.statements, "module")
    found = [tables.LIVENESS[target.liveness[words.index(f"wanted{number}")]] for number in range(12)]
    assert found == ["never"] * 8 + ["sometimes"] * 4


def test_a_condition_that_is_settled_leaves_the_scope_of_type_checkers(make_tree: Tree) -> None:
    source = "from p.flags import TYPE_CHECKING, T\nif TYPE_CHECKING:\n    import one\n    X = 1\n"
    source += "class C:\n    if TYPE_CHECKING:\n        import two\nif T:\n    import three\n"
    files = {
        "p/__init__.py": "", "p/flags.py": "from typing import TYPE_CHECKING as T\nTYPE_CHECKING = True\n",
        "p/m.py": source,
    }  # fmt: skip
    target = TargetResolver(scan(make_tree(files), jobs=1))
    statements = target.imports.statements
    words, scopes = (tables.read_column(statements, name) for name in ("module", "scope"))
    found = {word: scope for word, scope in zip(words, scopes, strict=True) if word in {"one", "two", "three"}}
    assert found == {"one": "module", "two": "class", "three": "module"}
    named, scopes = (tables.read_column(target.imports.bindings, name) for name in ("name", "scope"))
    assert {scope for name, scope in zip(named, scopes, strict=True) if name == "X"} == {"module"}
    assert [tables.LIVENESS[target.liveness[words.index(word)]] for word in ("one", "three")] == ["always", "never"]


def test_files_without_a_statement_are_no_trouble(make_tree: Tree) -> None:
    target = TargetResolver(scan(make_tree({"a.py": ""}), jobs=1))
    assert target.liveness.tolist() == target.answers.rows.tolist() == target.spaces.rows.level == []
    assert [module.name for module in target.index.modules] == ["a"]
    assert target.index.tops == {"a"}


def test_what_differs_between_environments_is_said_to_vary() -> None:
    names = [f"{owner}.{name}" for owner in ("sys", "os", "platform", "six") for name in (*dir(sys), *dir(os))]
    names += [f"platform.{name}()" for name in dir(platform)] + ["version_info", "sys.version_info.major", "six.PY3"]
    differing = [name for name in names if len({evaluate_name(name, each) for each in NAMES}) > 1]
    assert {"sys.version_info", "sys.hexversion", "sys.platform", "os.name", "platform.system()"} <= set(differing)
    assert all(map(may_vary, differing))


def evaluate_name(name: str, environment: SupportedInterpreter) -> str:
    return repr(find_constant(name, environment)) if is_known_constant(name) else ""
