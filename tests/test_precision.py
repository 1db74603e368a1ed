"""What is no fault is not called one: expected failures, files of a build, generated twins, public doors."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from analysis.facts.extract import extract
from analysis.gate import CheckedFinding, CheckOptions, check
from analysis.investigation import Investigation
from analysis.pipeline import investigate
from analysis.report.headline import build_tally
from analysis.rules.verdict import format_verdict

Tree = Callable[..., Path]
Files = Mapping[str, str]
Find = Callable[..., list[CheckedFinding]]
PACKAGE = {"p/__init__.py": "", "p/a.py": "x = 1\n"}
MISSING = ("phantom-import", "phantom-name", "import-fails", "phantom-attribute")


@pytest.fixture
def find(make_tree: Tree) -> Find:
    """Return a function that gives the findings of some rules."""

    def run(files: Files, *rules: str) -> list[CheckedFinding]:
        result = check(make_tree(files), CheckOptions(use_cache=False, jobs=1))
        return [finding for finding in result.findings if finding.rule in (rules or MISSING)]

    return run


@pytest.fixture
def scan(make_tree: Tree, tmp_path: Path) -> Callable[[Files], Investigation]:
    return lambda files: investigate(make_tree(files), data=tmp_path / "data", jobs=1)


def run_python(root: Path, code: str) -> str:
    """Return the last line that CPython prints, or says of an error."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=root, capture_output=True, text=True, check=False, timeout=60
    )
    return ((done.stdout + done.stderr).strip().splitlines() or [""])[-1]


# Assertions of absence

EXPECTED = {
    "pytest": "with pytest.raises(ImportError):\n    from p.gone import x\n",
    "match": "with pytest.raises(ModuleNotFoundError, match='gone'):\n    import p.gone\n",
    "keyword": "with pytest.raises(expected_exception=ImportError):\n    from p.a import gone\n",
    "several": "with pytest.raises((KeyError, ImportError)), open('f'):\n    from p import gone\n",
    "else": "try:\n    from p.a import gone\nexcept ImportError:\n    pass\nelse:\n    pytest.fail('there')\n",
    "last": "try:\n    import p.gone\n    assert False\nexcept ImportError:\n    pass\n",
    "raise": "try:\n    import p.gone\n    raise AssertionError('there')\nexcept ImportError:\n    pass\n",
    "call": "with pytest.raises(ImportError):\n    importlib.import_module('p.gone')\n",
}


@pytest.mark.parametrize("code", EXPECTED.values(), ids=EXPECTED)
@pytest.mark.parametrize("is_inside", [True, False])
def test_an_import_that_a_test_expects_to_fail_is_no_fault(find: Find, code: str, *, is_inside: bool) -> None:
    body = "def test_it():\n" + "".join(f"    {line}\n" for line in code.splitlines()) if is_inside else code
    assert find({**PACKAGE, "tests/test_a.py": f"import importlib\nimport pytest\n{body}"}) == []


@pytest.mark.parametrize(
    "call",
    [
        "self.assertRaises(ImportError)",
        "self.assertRaisesRegex(ModuleNotFoundError, 'gone')",
        "cls.raises(ImportError)",
    ],
)
def test_so_with_the_methods_of_unittest(find: Find, call: str) -> None:
    test = f"    def test_it(self):\n        with {call} as e, open('f'):\n            import p.gone\n"
    code = f"from unittest import TestCase\nclass T(TestCase):\n{test}"
    assert find({**PACKAGE, "tests/test_a.py": code}) == []


def test_so_with_a_test_that_is_marked_to_fail_by_it(find: Find) -> None:
    code = "import pytest\n@pytest.mark.xfail(raises={})\nasync def test_it():\n    from p.a import gone\n"
    assert find({**PACKAGE, "tests/test_a.py": code.format("ImportError")}) == []
    assert [each.subject for each in find({**PACKAGE, "tests/test_a.py": code.format("KeyError")})] == ["p.a.gone"]


def test_another_exception_expects_no_failed_import(find: Find) -> None:
    code = "import pytest\ndef test_it():\n    with pytest.raises(ValueError):\n        from p.a import gone\n"
    assert [each.severity for each in find({**PACKAGE, "tests/test_a.py": code})] == ["P2"]


def test_an_expected_failure_is_no_figure(scan: Callable[[Files], Investigation]) -> None:
    block = "with pytest.raises(ImportError):\n    "
    code = f"{block}import p.gone\n{block}from p.a import y\n"
    found = scan({**PACKAGE, "tests/test_a.py": f"import pytest\n{code}"})
    assert found.table("phantoms")["reason"].to_pylist() == ["expected"]
    assert found.table("phantom_names").num_rows == 0


def test_what_a_test_tries_is_a_note_and_in_the_product_a_risk(find: Find) -> None:
    code = (
        "from contextlib import suppress\ndef probe():\n    with suppress(ImportError):\n        from p.gone import x\n"
    )
    assert [each.severity for each in find({**PACKAGE, "tests/test_a.py": code})] == ["P3"]
    assert [each.severity for each in find({**PACKAGE, "p/b.py": code})] == ["P2"]


def test_a_finding_about_tests_alone_says_so_and_is_counted_apart(
    find: Find, scan: Callable[..., Investigation]
) -> None:
    files = {**PACKAGE, "tests/test_a.py": "from p.gone import x\n"}
    (finding,) = find(files)
    assert finding.in_tests
    assert finding.message.endswith("Only tests are concerned")
    assert format_verdict(build_tally(scan(files))) == "1 finding needs a fix now; 1 finding is about tests only."
    (finding,) = find({**files, "p/b.py": "from p.gone import x\n"})
    assert not finding.in_tests


def test_a_module_of_tests_that_raises_on_purpose_is_a_note(find: Find) -> None:
    code = "raise ValueError('on purpose')\n"
    assert [each.severity for each in find({**PACKAGE, "tests/__init__.py": "", "tests/broken.py": code})] == ["P3"]
    assert [each.severity for each in find({**PACKAGE, "p/broken.py": code})] == ["P2"]


# What a build makes

WRITTEN = {
    "setuptools_scm": ("pyproject.toml", "[tool.setuptools_scm]\nwrite_to = 'p/_version.py'\n"),
    "version_file": ("pyproject.toml", '[tool.setuptools_scm]\nversion_file = "p/_version.py"\n'),
    "hatch": ("pyproject.toml", "[tool.hatch.build.hooks.vcs]\nversion-file = './p/_version.py'\n"),
    "pdm": ("pyproject.toml", "[tool.pdm.version]\nsource = 'scm'\nwrite_to = 'p/_version.py'\n"),
    "setup": ("setup.py", "from setuptools import setup\nsetup(use_scm_version={'write_to': 'p/_version.py'})\n"),
    "versioneer": ("setup.cfg", "[versioneer]\nVCS = git\nversionfile_source = p/_version.py\n"),
    "make": ("Makefile", "PKG := p\n$(PKG)/_version.py:\n\techo version > $@\n"),
    "joined": ("setup.py", "import os\nopen(os.path.join('p', '_version.py'), 'w').write('version = 1')\n"),
    "gitignore": (".gitignore", "*.log\np/_version.py\n"),
    "anywhere": (".gitignore", "_version.py\n"),
    "inner": ("p/.gitignore", "/_version.py\n"),
}


@pytest.mark.parametrize(("name", "text"), WRITTEN.values(), ids=WRITTEN)
def test_a_file_that_the_build_writes_or_git_ignores_is_missing_from_a_clone_alone(
    find: Find, make_tree: Tree, name: str, text: str
) -> None:
    files = {"p/__init__.py": "from ._version import version\n", "p/a.py": "from p import _version\n", name: text}
    assert "No module named 'p._version'" in run_python(make_tree(files, "clone"), "import p")
    assert {each.severity for each in find(files)} == {"P3"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[tool.mypy]\nexclude = ['p/_version.py']\n"),
        ("pyproject.toml", "[tool.setuptools_scm]\nwrite_to = 'q/_version.py'\n"),
        ("Makefile", "lint:\n\truff check q/_version.py\n"),
        (".gitignore", "q/_version.py\n_version.py/\n"),
        (".gitignore", "_version.py\n!p/_version.py\n"),
        (".gitignore", "# _version.py\n"),
    ],
)
def test_what_nothing_writes_is_missing(find: Find, name: str, text: str) -> None:
    assert {each.severity for each in find({"p/__init__.py": "from ._version import version\n", name: text})} == {"P1"}


PROTOBUF = {
    "beside": ("p/x.proto", "syntax = 'proto3';\n"),
    "make": ("Makefile", "gen:\n\tpython -m grpc_tools.protoc -I protos --python_out=p protos/x.proto\n"),
    "script": ("scripts/gen.sh", "protoc --python_out=. x.proto\n"),
    "workflow": (".github/workflows/ci.yml", "jobs:\n  a:\n    steps:\n      - run: buf generate\n"),
    "requires": ("pyproject.toml", "[build-system]\nrequires = ['setuptools', 'grpcio-tools']\n"),
    "ignored": (".gitignore", "*_pb2*.py\n"),
}


@pytest.mark.parametrize(("name", "text"), PROTOBUF.values(), ids=PROTOBUF)
def test_modules_of_protobuf_are_made(find: Find, name: str, text: str) -> None:
    code = "from p import x_pb2, x_pb2_grpc\nfrom p.x_pb2 import Message\nimport p.x_pb2_grpc\n"
    found = find({"p/__init__.py": "", "p/a.py": code, name: text})
    assert found
    assert {each.severity for each in found} == {"P3"}


@pytest.mark.parametrize(
    ("taken", "source"),
    [
        ("ui_main", "main.ui"),
        ("icons_rc", "icons.qrc"),
        ("CalcParser", "Calc.g4"),
        ("conf", "conf.py.in"),
        ("fast", "fast.i"),
    ],
)
def test_modules_whose_source_lies_beside_are_made(find: Find, taken: str, source: str) -> None:
    found = find({"p/__init__.py": "", f"p/{source}": "", "p/a.py": f"from p.{taken} import x\n"})
    assert [each.severity for each in found] == ["P3"]


def test_an_ignored_folder_is_missing_from_a_clone_alone(find: Find) -> None:
    files = {"p/__init__.py": "", "p/a.py": "from p.gen.api import x\n", ".gitignore": "gen/\n"}
    assert [each.severity for each in find(files)] == ["P3"]
    tracked = {**files, "p/gen/__init__.py": "", "p/gen/other.py": ""}
    assert [each.severity for each in find(tracked)] == ["P1"]


# Twins that a program writes

TOP = "# This file was automatically generated from modular_{}.py. Do NOT edit it.\n"
BODY = "".join(f"class {{}}{name}:\n    x = 1\n" for name in ("Config", "Model", "Head", "Block"))


def _make_twins(top: str) -> dict[str, str]:
    files = {"p/__init__.py": "", "p/models/__init__.py": ""}
    for name in ("aria", "bert", "cats"):
        body = BODY.format(*[name.title()] * 4)
        files |= {f"p/models/{name}/__init__.py": "", f"p/models/{name}/modular_{name}.py": body}
        files[f"p/models/{name}/modeling_{name}.py"] = top.format(name) + body
    return files


def test_a_family_of_generated_twins_is_one_finding(find: Find) -> None:
    (finding,) = find(_make_twins(TOP), "class-defined-more-than-once")
    assert (finding.severity, finding.subject) == ("P3", "p/models/*/modular_*.py")
    assert "12 class names" in finding.message
    assert "p/models/*/modeling_*.py" in finding.message


def test_a_family_of_twins_that_nothing_generates_is_one_finding_to_be_fixed(find: Find) -> None:
    (finding,) = find(_make_twins(""), "class-defined-more-than-once")
    assert (finding.severity, finding.places) == ("P2", 24)


def test_classes_without_a_pattern_have_a_finding_each(find: Find) -> None:
    body = BODY.format(*["X"] * 4)
    found = find({"p/__init__.py": "", "p/a.py": body, "p/b.py": body}, "class-defined-more-than-once")
    assert [each.severity for each in found] == ["P2"] * 4


def test_a_word_in_code_makes_no_generated_file(find: Find) -> None:
    files = {"a.py": "class Order: ...\n", "b.py": "DONE = ('generated by', 'us')\nclass Order: ...\n"}
    assert [each.severity for each in find(files, "class-defined-more-than-once")] == ["P2"]


# Advice


def test_a_public_module_goes_before_a_private_one(find: Find, scan: Callable[[Files], Investigation]) -> None:
    files = {
        "p/__init__.py": "", "p/_models.py": "class Order: ...\n", "p/models.py": "from p._models import Order\n",
        "p/use.py": "from p._models import Order\nprint(Order)\n", "u.py": "from p.models import Order\nprint(Order)\n",
    }  # fmt: skip
    assert find(files, "class-taken-from-elsewhere") == []
    paths = scan(files).paths("Order")
    assert list(paths["import_path"][paths["is_canonical"]]) == ["p.models.Order"]


def test_nobody_is_sent_to_the_private_module_of_another_package(find: Find) -> None:
    files = {
        "p/__init__.py": "", "p/_impl.py": "class A: ...\n", "p/other.py": "from p._impl import A\nx = A()\n",
        "u.py": "from p.other import A\nprint(A)\n",
    }  # fmt: skip
    assert find(files, "class-taken-from-elsewhere") == []
    public = {**files, "p/__init__.py": "from p._impl import A as A\n"}
    (finding,) = find(public, "class-taken-from-elsewhere")
    assert finding.message.endswith("from p.other instead of p")


@pytest.mark.parametrize(
    "door", ["from p.impl import A, B\n__all__ = ['A', 'B']\n", "from p.impl import A as A, B as B\n"]
)
def test_explicit_reexports_are_at_most_a_hint(find: Find, door: str) -> None:
    files = {
        "p/__init__.py": "", "p/impl.py": "class A: ...\nclass B: ...\n", "p/api.py": f"{door}x = A()\n",
        "u.py": "from p.api import A, B\nprint(A, B)\n",
    }  # fmt: skip
    assert {each.severity for each in find(files, "class-taken-from-elsewhere")} <= {"P3"}


def test_the_nearest_module_is_named_only_where_it_has_what_is_asked(find: Find) -> None:
    files = {"p/__init__.py": "", "p/store.py": "class Shop: ...\n"}
    (found,) = find({**files, "p/a.py": "from p.stor import Shop\n"})
    assert "the nearest name is p.store" in found.message
    (found,) = find({**files, "p/a.py": "from p.stor import Basket\n"})
    assert "nearest" not in found.message


# Scripts


def test_a_script_that_cannot_be_run_alone_hides_nothing(find: Find, make_tree: Tree) -> None:
    end = "if __name__ == '__main__':\n    import calendar\n    print(calendar.month(2024, 1))\n"
    files = {
        "p/__init__.py": "",
        "p/calendar.py": "DAYS = 7\n",
        "p/other.py": "x = 1\n",
        "p/run.py": f"from .other import x\n{end}",
    }
    root = make_tree(files, "tree")
    said = run_python(
        root, "import runpy, sys; sys.path.insert(0, 'p'); runpy.run_path('p/run.py', run_name='__main__')"
    )
    assert "attempted relative import" in said
    assert find(files, "library-hidden-from-script") == []
    assert find({**files, "p/run.py": end}, "library-hidden-from-script")[0].severity == "P1"


# State


def test_what_a_module_serves_and_keeps_is_no_state_of_a_user(find: Find) -> None:
    code = """
def __getattr__(name):
    global Worker
    if name == 'Worker':
        from p.b import make
        Worker = make()
        return Worker
    raise AttributeError(name)
"""
    found = find({"p/__init__.py": code, "p/b.py": "def make():\n    return object()\n"}, "global-rebound")
    assert {each.severity for each in found} <= {"P3"}


def test_what_a_function_puts_back_is_kept_for_nobody(find: Find) -> None:
    code = """
class Callback:
    active = set()


def use(callbacks=None):
    callbacks, Callback.active = Callback.active, set()
    try:
        yield callbacks
    finally:
        Callback.active = callbacks
"""
    assert find({"p/__init__.py": "", "p/a.py": code}, "argument-kept-for-all") == []
    kept = code.replace("    callbacks, Callback.active = Callback.active, set()\n", "")
    assert len(find({"p/__init__.py": "", "p/a.py": kept}, "argument-kept-for-all")) == 1


def test_a_hidden_library_lacks_only_what_code_takes(find: Find) -> None:
    start = 'if __name__ == "__main__":\n    calendar.month(2024, 1)\n'
    code = f'"""See calendar.html and calendar.other."""\nimport calendar\n{start}'
    (finding,) = find({"p/calendar.py": "DAYS = 7\n", "p/run.py": code}, "library-hidden-from-script")
    assert "which has no month." in finding.message


def test_a_module_that_serves_all_names_of_a_package_serves_its_submodules(find: Find, make_tree: Tree) -> None:
    code = "def __getattr__(name):\n    import q\n    return getattr(q, name)\n"
    files = {
        "p/__init__.py": "", "p/other.py": code, "q/__init__.py": "", "q/sub.py": "x = 1\n",
        "p/use.py": "from p.other.sub import x\n",
    }  # fmt: skip
    assert run_python(make_tree(files, "served"), "import p.use; print(p.use.x)") == "1"
    assert {each.severity for each in find(files)} <= {"P3"}
    assert [each.severity for each in find({**files, "p/other.py": ""})] == ["P1"]


@pytest.mark.parametrize("value", ["{} + {}", "{} or {}", "f({}, {})", "[{}][{}]"])
def test_a_function_whose_names_depend_on_each_other_is_read_in_time(value: str) -> None:
    names = [f"n{number}" for number in range(40)]
    lines = [f"    {name} = {value.format(one, two)}\n" for name in names for one in names[:12] for two in names[-2:]]
    code = f"KEPT = {{}}\ndef run(a):\n{''.join(lines)}    KEPT[n1] = n2\n    n3.x = n4\n    return n5\n"
    started = time.perf_counter()
    extract(code.encode())
    assert time.perf_counter() - started < 10


def test_a_private_name_that_nobody_binds_is_no_circular_import(find: Find, make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "from fnmatch import *\nfrom p.a import x\n",
        "p/a.py": "try:\n    from p import _gone\nexcept ImportError:\n    _gone = None\nx = _gone\n",
    }
    assert run_python(make_tree(files, "private"), "import p; print(p.x)") == "None"
    assert [each for each in find(files, "swallowed-circular-import", "import-cycle") if each.severity < "P2"] == []


def test_what_is_given_the_names_of_a_module_may_fill_them(find: Find, make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "", "p/clone.py": "def clone(names):\n    names.update({'made': 1})\n",
        "p/a.py": "from p.clone import clone\nclone(globals())\n", "p/use.py": "from p import a\nx = a.made\n",
        "p/take.py": "from p.a import made\n",
    }  # fmt: skip
    assert run_python(make_tree(files, "cloned"), "import p.use, p.take; print(p.use.x)") == "1"
    assert find(files) == []
    read = {**files, "p/a.py": "print(sorted(globals()))\n"}
    assert {each.rule for each in find(read)} >= {"phantom-name"}


def test_a_guarded_name_that_is_nowhere_is_missing_and_not_circular(find: Find) -> None:
    files = {
        "p/__init__.py": "from p.a import x\n",
        "p/a.py": "try:\n    from p import gone\nexcept ImportError:\n    gone = None\nx = gone\n",
    }
    found = find(files, "swallowed-circular-import", "phantom-name")
    assert [(each.rule, each.severity) for each in found] == [("phantom-name", "P2")]


def test_a_guarded_submodule_on_a_cycle_may_be_lost(find: Find) -> None:
    guarded = "try:\n    from p import b\nexcept ImportError:\n    b = None\n"
    files = {"p/__init__.py": "", "p/a.py": guarded, "p/b.py": "from p import a\n"}
    assert [each.severity for each in find(files, "swallowed-circular-import")] == ["P2"]
