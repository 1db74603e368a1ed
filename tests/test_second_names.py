"""One file under two names: what the analysis says, with CPython as the witness that it is so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import Tree
from second_name_witness import run_and_see

from analysis.case_building import build_case, simulate
from analysis.graph.unknown_loads import find_unknown_loads
from analysis.policy import Policy
from analysis.rules import RuleContext
from analysis.rules.catalogue import RULES_BY_NAME

RULE = "file-with-two-names"


class Told(NamedTuple):
    """A finding: severity, file, places, and message."""

    severity: str
    path: str
    places: list[str]
    message: str


def open_case(root: Path, *, is_simulated: bool = True) -> RuleContext:
    case = build_case(root, Policy(), jobs=1)
    return simulate(case) if is_simulated else case


def tell(case: RuleContext) -> list[Told]:
    check = RULES_BY_NAME[RULE].check
    assert check is not None
    return [
        Told(each.severity, each.subject, [f"{place.path}:{place.line}" for place in each.evidence], each.message)
        for each in check(case)
    ]


# The main program


MAINS: Mapping[str, tuple[dict[str, str], list[str], str, str]] = {
    "a worker imports the script in a function that the start calls": (
        {"app.py": "class Job: ...\n\ndef main():\n    import worker\n    worker.run(Job())\n\n"
                   'if __name__ == "__main__":\n    main()\n',
         "worker.py": "def run(job):\n    from app import Job\n    print(isinstance(job, Job))\n"},
        ["app.py"], "app.py", "P2",
    ),
    "the package imports the module that is run": (
        {"p/__init__.py": "from p.tool import Tool\n",
         "p/tool.py": 'class Tool: ...\nif __name__ == "__main__":\n    Tool()\n'},
        ["-m", "p.tool"], "p/tool.py", "P2",
    ),
    "__main__ of a package is imported by what it starts": (
        {"p/__init__.py": "", "p/__main__.py": "STATE = {}\nimport p.work\n",
         "p/work.py": "def later():\n    from p.__main__ import STATE\n    STATE['x'] = 1\nlater()\n"},
        ["-m", "p"], "p/__main__.py", "P2",
    ),
    "three modules on the way, and then a missing name": (
        {"run.py": "from a import A\nROOT = 1\ndef go(): ...\n\nif '__main__' == __name__:\n    go()\n",
         "a.py": "from b import B\nclass A: ...\n", "b.py": "import c\nB = c.C\n",
         "c.py": "from run import ROOT\nC = ROOT\n"},
        ["run.py"], "run.py", "",
    ),
    "a handler of the module's own exception": (
        {"cli.py": "from core import work\n\nclass Stop(Exception): ...\n\nif __name__ == '__main__':\n"
                   "    try:\n        work()\n    except Stop:\n        pass\n",
         "core.py": "def work():\n    from cli import Stop\n    raise Stop\n"},
        ["cli.py"], "cli.py", "P2",
    ),
    "models that need the object of the started file": (
        {"app.py": "db = object()\nfrom views import show\nif __name__ == '__main__':\n    show()\n",
         "views.py": "from app import db\nshow = print\n"},
        ["app.py"], "app.py", "P1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MAINS)
def test_a_main_program_that_is_imported_again_is_loaded_twice(make_tree: Tree, name: str) -> None:
    files, command, path, severity = MAINS[name]
    root = make_tree(files)
    seen = run_and_see(root, command)
    case = open_case(root)
    found = {told.path: told for told in tell(case)}
    if severity:
        assert found[path].severity == severity, found
        assert "__main__" in found[path].message
        assert path in {place.partition(":")[0] for place in found[path].places}
        assert (path in seen.names and "__main__" in seen.names[path]) or seen.code != 0
    if severity == "P1" or not severity:
        assert seen.code != 0
    starts = case.runtime_table("simulated_starts").to_pylist()
    told = [f"{row['exception']}: {row['message']}" for row in starts if row["exception"]]
    assert told == ([seen.error.partition(" (")[0]] if "Error: cannot" in seen.error else [])


NO_TWIN: Mapping[str, dict[str, str]] = {
    "nobody imports it": {"a.py": "import b\nclass A: ...\nif __name__ == '__main__':\n    A()\n", "b.py": ""},
    "only another program imports it": {
        "a.py": "import b\nclass A: ...\nif __name__ == '__main__':\n    A()\n", "b.py": "",
        "c.py": "from a import A\n",
    },
    "only for type checkers": {
        "a.py": "import b\nclass A: ...\nif __name__ == '__main__':\n    A()\n",
        "b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import A\n",
    },
    "only the main part of another program": {
        "a.py": "import b\nclass A: ...\nif __name__ == '__main__':\n    A()\n",
        "b.py": "if __name__ == '__main__':\n    from a import A\n",
    },
    "it is no main program": {"a.py": "import b\nclass A: ...\n", "b.py": "def f():\n    from a import A\n"},
}  # fmt: skip


@pytest.mark.parametrize("name", NO_TWIN)
def test_a_script_that_its_own_start_does_not_import_has_no_twin(make_tree: Tree, name: str) -> None:
    root = make_tree(NO_TWIN[name])
    assert run_and_see(root, ["a.py"]).names == {}
    assert [told for told in tell(open_case(root)) if told.path == "a.py"] == []


def test_what_only_tests_import_again_is_worth_knowing_only(make_tree: Tree) -> None:
    files = {"test_a.py": "import test_b\nclass A: ...\nif __name__ == '__main__':\n    A()\n",
             "test_b.py": "from test_a import A\n"}  # fmt: skip
    assert [told.severity for told in tell(open_case(make_tree(files)))] == ["P3"]


# Loaders


CORE = {"p/__init__.py": "", "p/core.py": "class Core: ...\n", "p/use.py": "from p.core import Core\n"}
SPEC = (
    "import importlib.util as u\nspec = u.spec_from_file_location({name}, {path})\nmodule = u.module_from_spec(spec)\n"
)
LOADERS: Mapping[str, tuple[str, str]] = {
    "a literal below the working folder": ("'copy'", "'p/core.py'"),
    "beside the file, by os.path": ("'copy'", "os.path.join(os.path.dirname(__file__), 'p', 'core.py')"),
    "a path object": ("'copy'", "pathlib.Path(__file__).resolve().parent / 'p' / 'core.py'"),
    "by a name of the folder": ("'copy'", "f'{HERE}/p/core.py'"),
}


@pytest.mark.parametrize("name", LOADERS)
def test_a_file_that_is_loaded_by_its_path_is_a_second_module(make_tree: Tree, name: str) -> None:
    second, path = LOADERS[name]
    head = "import os, pathlib, sys\nimport p.use\nHERE = os.path.dirname(os.path.abspath(__file__))\n"
    load = SPEC.format(name=second, path=path)
    root = make_tree(
        {**CORE, "main.py": f"{head}{load}sys.modules['copy'] = module\nspec.loader.exec_module(module)\n"}
    )
    assert run_and_see(root, ["main.py"]).names == {"p/core.py": ["copy", "p.core"]}
    [told] = tell(open_case(root, is_simulated=False))
    assert (told.severity, told.path, told.places) == ("P1", "p/core.py", ["p/use.py:1", "main.py:5"])
    assert "copy" in told.message and "p.core" in told.message


NO_SECOND: Mapping[str, str] = {
    "under its own name": SPEC.format(name="'p.core'", path="'p/core.py'"),
    "somebody else names the file": "def load(path):\n    import importlib.util as u\n"
    "    return u.spec_from_file_location('copy', path)\n",
    "a file that nobody imports": SPEC.format(name="'copy'", path="'plugin.py'"),
    "a file outside": SPEC.format(name="'copy'", path="'/tmp/core.py'"),
}


@pytest.mark.parametrize("name", NO_SECOND)
def test_a_loader_whose_file_has_no_other_name_says_nothing(make_tree: Tree, name: str) -> None:
    root = make_tree({**CORE, "plugin.py": "class A: ...\n", "main.py": f"import p.use\n{NO_SECOND[name]}"})
    assert tell(open_case(root, is_simulated=False)) == []


def test_a_script_that_never_meets_the_importer_loads_its_own_copy(make_tree: Tree) -> None:
    load = SPEC.format(name="'version'", path="'p/core.py'")
    assert tell(open_case(make_tree({**CORE, "setup.py": load}), is_simulated=False)) == []
    [told] = tell(open_case(make_tree({**CORE, "setup.py": f"import p.use\n{load}"}), is_simulated=False))
    assert told.severity == "P1"


# Names that are registered


def test_what_a_package_registers_in_sys_modules_is_imported_by_that_name(make_tree: Tree) -> None:
    root = make_tree({
        "p/__init__.py": "import sys\nfrom p import real\nfrom . import other as o\nsys.modules['p.old'] = real\n"
        "sys.modules[f'{__name__}.older'] = o\nsys.modules[__name__ + '.same'] = sys.modules[__name__]\n"
        "def later():\n    sys.modules['p.called'] = real\n",
        "p/real.py": "class Real: ...\n", "p/other.py": "class Other: ...\n",
        "use.py": "from p.old import Real\nfrom p.older import Other\nfrom p.same import real\nimport p.real, p.other\n"
        "assert Real is p.real.Real and Other is p.other.Other and real is p.real\n",
        "called.py": "from p.called import Real\n",
    })  # fmt: skip
    assert run_and_see(root, ["use.py"])[:2] == (0, "")
    case = open_case(root, is_simulated=False)
    found = {row["import_path"]: row["definition"] for row in case.identity.paths.to_pylist()}
    assert (found["use.Real"], found["use.Other"]) == ("p.real:Real", "p.other:Other")
    assert {row["path"] for row in case.graph.phantoms.to_pylist()} <= {"called.py"}
    assert found.get("called.Real", "") == ""


# Symbolic links


def test_a_linked_file_is_a_second_name_and_no_second_definition(make_tree: Tree) -> None:
    root = make_tree({**CORE, "use.py": "import p.use\nfrom p.again import Core as Second\n"})
    (root / "p/again.py").symlink_to("core.py")
    assert run_and_see(root, ["use.py"]).names == {"p/core.py": ["p.again", "p.core"]}
    case = open_case(root, is_simulated=False)
    [told] = tell(case)
    assert (told.severity, told.path) == ("P1", "p/core.py")
    assert told.places == ["p/use.py:1", "use.py:2", "p/again.py:1"]
    assert case.duplicate_names == ()
    files = {row["path"]: (row["status"], row["reason"]) for row in case.facts.files.to_pylist()}
    assert files["p/again.py"] == ("linked", "p/core.py")


def test_files_below_a_linked_folder_have_second_names(make_tree: Tree) -> None:
    root = make_tree({
        "app/__init__.py": "", "app/core/__init__.py": "", "app/core/order.py": "class Order: ...\n",
        "use.py": "from app.core.order import Order\nfrom app.old.order import Order as Second\n",
    })  # fmt: skip
    (root / "app/old").symlink_to("core")
    (root / "app/core/self").symlink_to("..")
    names = run_and_see(root, ["use.py"]).names
    assert names["app/core/order.py"] == ["app.core.order", "app.old.order"]
    case = open_case(root, is_simulated=False)
    assert {told.path for told in tell(case)} == {"app/core/order.py", "app/core/__init__.py"}
    assert case.graph.phantoms.num_rows == 0 and case.duplicate_names == ()


def test_a_link_that_nobody_imports_and_one_that_leads_outside_have_no_second_name(make_tree: Tree) -> None:
    outside = make_tree({"core.py": "class Core: ...\n"})
    root = make_tree(CORE)
    (root / "p/again.py").symlink_to("core.py")
    (root / "p/outside.py").symlink_to(outside / "core.py")
    case = open_case(root, is_simulated=False)
    assert tell(case) == []
    files = {row["path"]: row["status"] for row in case.facts.files.to_pylist()}
    assert files["p/outside.py"] == "not-a-file"


def test_paths_that_grow_without_end_are_not_followed(make_tree: Tree) -> None:
    names = "".join(f"a{number} = a{number + 1} + a{number + 1}\n" for number in range(40))
    root = make_tree({**CORE, "main.py": f"a40 = 'p'\n{names[::1]}{SPEC.format(name='a0', path='a0')}"})
    assert tell(open_case(root, is_simulated=False)) == []


# The same name once more, and other names of a package


HOLD = {"p/__init__.py": "", "p/core.py": "class Core: ...\n", "hold.py": "from p.core import Core\n"}
ANEW: Mapping[str, str] = {
    "reload of a module": "import importlib\nimport p.core\nimportlib.reload(p.core)\n",
    "reload of what is taken from its package": "from importlib import reload\nfrom p import core\nreload(core)\n",
    "reload of an entry of sys.modules": "import importlib, sys\nimportlib.reload(sys.modules['p.core'])\n",
    "an import after a deletion": "import sys\ndel sys.modules['p.core']\nimport p.core\n",
    "an import after a pop": "import sys\nsys.modules.pop('p.core', None)\nimport p.core\n",
}  # fmt: skip


@pytest.mark.parametrize("name", ANEW)
def test_a_module_that_runs_again_makes_its_classes_anew(make_tree: Tree, name: str) -> None:
    check = "import sys\nassert hold.Core is not sys.modules['p.core'].Core\n"
    root = make_tree({**HOLD, "main.py": f"import hold\n{ANEW[name]}{check}"})
    assert run_and_see(root, ["main.py"])[:2] == (0, "")
    [told] = tell(open_case(root, is_simulated=False))
    assert (told.severity, told.path, told.places[0]) == ("P1", "p/core.py", "hold.py:1")


def test_a_reload_in_tests_is_worth_knowing_and_one_that_nobody_notices_is_nothing(make_tree: Tree) -> None:
    reload = ANEW["reload of a module"]
    [told] = tell(open_case(make_tree({**HOLD, "tests/test_x.py": reload}), is_simulated=False))
    assert told.severity == "P3"
    nobody = {**HOLD, "hold.py": "def f():\n    from p.core import Core\nimport p.core\n", "main.py": reload}
    assert tell(open_case(make_tree(nobody), is_simulated=False)) == []


def test_submodules_below_an_alias_of_a_package_are_loaded_again(make_tree: Tree) -> None:
    main = "import sys\nimport p\nsys.modules['old'] = p\nimport p.use\nfrom old.core import Core\n"
    files = {**CORE, "main.py": main}
    root = make_tree(files)
    assert run_and_see(root, ["main.py"]).names == {"p/core.py": ["old.core", "p.core"]}
    [told] = tell(open_case(root, is_simulated=False))
    assert (told.severity, told.path) == ("P1", "p/core.py")
    assert told.places == ["p/use.py:1", "main.py:5", "main.py:3"]
    files["main.py"] = files["main.py"].replace("from old.core import Core", "import old")
    assert tell(open_case(make_tree(files), is_simulated=False)) == []


# Modules that runpy runs

RUN = "import runpy\nimport p.use\n"
RUNS: Mapping[str, tuple[str, str, str]] = {
    "by its path": (f"{RUN}runpy.run_path('p/core.py')\n", "<run_path>", "P1"),
    "by its path, as the main program": (
        f"{RUN}runpy.run_path(__file__.replace('main', 'p/core'), run_name='__main__')\n", "", "",
    ),
    "by a path beside the file": (
        f"{RUN}import os\nrunpy.run_path(os.path.join(os.path.dirname(__file__), 'p/core.py'), None, '__main__')\n",
        "__main__", "P1",
    ),
    "by its name": (f"{RUN}runpy.run_module('p.core')\n", "p.core", "P1"),
    "by its name, as the main program": (f"{RUN}runpy.run_module('p.core', run_name='__main__')\n", "__main__", "P1"),
    "in a function": (
        f"{RUN}from runpy import run_module\ndef f():\n    run_module('p.core')\nf()\n", "p.core", "P2",
    ),
    "by a name that is computed": (f"{RUN}import sys\nrunpy.run_module((sys.argv[1:] or ['p'])[0])\n", "", ""),
    "a package, that is its main module": (f"{RUN}runpy.run_module('p', run_name='__main__')\n", "__main__", "P1"),
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_a_module_that_runpy_runs_is_a_second_one(make_tree: Tree, name: str) -> None:
    code, second, severity = RUNS[name]
    path = "p/__main__.py" if "package" in name else "p/core.py"
    text = "import os\nprint(__name__, os.path.relpath(__file__))\nclass Core: ...\n"
    files = {"p/__init__.py": "", path: text, "p/use.py": f"from {path[:-3].replace('/', '.')} import Core\n"}
    root = make_tree({**files, "main.py": code, "p/__main__.py": files.get("p/__main__.py", text)})
    seen = subprocess.run([sys.executable, "main.py"], cwd=root, capture_output=True, text=True, check=True).stdout
    assert len(seen.splitlines()) == 2
    case = open_case(root, is_simulated=False)
    told = [each for each in tell(case) if each.path == path]
    assert [each.severity for each in told] == ([severity] if severity else [])
    if severity:
        assert f"{second} {path}" in seen and f" as {second}" in told[0].message
        assert ("runpy", path) in {(start.kind, start.path) for start in case.resolver.starts}
    else:
        unknown = find_unknown_loads(case.facts.loads, case.facts.start_marks)
        assert [row[:2] for row in unknown] == [("main.py", code.count("\n"))]


def test_one_of_many_demonstrations_is_worth_knowing_and_a_program_among_them_more(make_tree: Tree) -> None:
    shown = "if __name__ == '__main__':\n    from p.all import show\n    show()\n"
    files = {
        "p/__init__.py": "", "p/all.py": "".join(f"import p.d{n}\n" for n in range(6)) + "import p.own\nshow = print\n",
        **{f"p/d{n}.py": f"class D{n}: ...\n{shown}" for n in range(6)},
        "p/own.py": f"class Own: ...\n{shown}    Own()\n",
    }  # fmt: skip
    grades = {told.path: told.severity for told in tell(open_case(make_tree(files), is_simulated=False))}
    assert grades == {**{f"p/d{n}.py": "P3" for n in range(6)}, "p/own.py": "P3"}
    run = {**files, "Makefile": "go:\n\tpython -m p.own\n"}
    grades = {told.path: told.severity for told in tell(open_case(make_tree(run), is_simulated=False))}
    assert grades["p/own.py"] == "P2"


def test_a_function_that_fills_a_registry_of_the_main_program_matters(make_tree: Tree) -> None:
    run = (
        "COMMANDS = {}\ndef command(f):\n    COMMANDS[f.__name__] = f\n    return f\ndef main():\n    assert COMMANDS\n"
    )
    files = {
        "bot/__init__.py": "", "bot/cmds.py": "from bot.run import command\n@command\ndef hi(): ...\n",
        "bot/run.py": f"{run}import bot.cmds\nif __name__ == '__main__':\n    main()\n",
    }  # fmt: skip
    root = make_tree(files)
    assert run_and_see(root, ["-m", "bot.run"]).error == "AssertionError"
    (found,) = tell(open_case(root))
    assert found.severity == "P1"  # the assertion that fails is simulated
    assert "The start fails at bot/run.py:6: AssertionError" in found.message
    assert "Its state COMMANDS exists twice" in found.message


def test_what_another_process_starts_is_a_main_program(make_tree: Tree) -> None:
    files = {
        "launch.py": "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'app.worker'], check=True)\n",
        "app/__init__.py": "", "app/jobs.py": "def make():\n    from app.worker import Job\n    return Job()\n",
        "app/worker.py": "class Job: ...\ndef main():\n    from app.jobs import make\n"
        "    assert isinstance(make(), Job)\nmain()\n",
    }  # fmt: skip
    root = make_tree(files)
    assert run_and_see(root, ["-m", "app.worker"]).error == "AssertionError"
    (found,) = tell(open_case(root))
    assert (found.severity, found.path) == ("P1", "app/worker.py")
    assert found.places[-2:] == ["launch.py:2", "app/worker.py:4"]
    assert "runs as __main__ (launch.py:2)" in found.message


EXECUTED = {
    "a path object": "exec(compile((Path(__file__).parent / 'p' / 'core.py').read_text(), 'core.py', 'exec'), {})\n",
    "an open file": "with open('p/core.py') as f:\n    code = f.read()\nexec(code, {})\n",
    "a file that is opened and read": "exec(open(os.path.join(os.path.dirname(__file__), 'p/core.py')).read(), {})\n",
}
SHOW = "import p.use\nprint(p.use.Core)\n"


@pytest.mark.parametrize("name", EXECUTED)
def test_a_file_whose_text_is_executed_makes_its_classes_again(make_tree: Tree, name: str) -> None:
    body = f"import os\nfrom pathlib import Path\n{EXECUTED[name]}{SHOW}"
    counted = {
        **CORE,
        "p/core.py": "import builtins\nbuiltins.times = getattr(builtins, 'times', 0) + 1\nclass Core: ...\n",
    }
    root = make_tree(counted | {"load.py": f"{body}import builtins\nassert builtins.times == 2\n"})
    subprocess.run([sys.executable, "-B", "load.py"], cwd=root, capture_output=True, check=True)
    (told,) = tell(open_case(root))
    assert (told.severity, told.path) == ("P1", "p/core.py")
    assert "as <exec>" in told.message


def test_constants_that_are_executed_and_texts_of_nobody_are_no_second_name(make_tree: Tree) -> None:
    files = {
        "pkg/__init__.py": "from pkg._version import version\n", "pkg/_version.py": "version = '1'\n",
        "setup.py": "about = {}\nexec(open('pkg/_version.py').read(), about)\nexec('A = 1')\nexec(input())\n",
    }  # fmt: skip
    assert tell(open_case(make_tree(files))) == []


# Tests that take what the product makes under another name

BESIDE = {
    "src/app/__init__.py": "",
    "pyproject.toml": '[project]\nname = "app"\n[tool.pytest.ini_options]\npythonpath = ["src", "."]\n',
}
#: The module, its user in the product, a test that takes it by the other name, and the grade.
BESIDE_TESTS = {
    "an exception": (
        "class Gone(Exception): ...\n", "from app.core import Gone\ndef get():\n    raise Gone\n",
        (
            "import pytest\nfrom src.app.core import Gone\nfrom app.use import get\n"
            "def test_it():\n    with pytest.raises(Gone):\n        get()\n"
        ),
        False, "P1",
    ),
    "a registry": (
        "KNOWN = {}\ndef register(f):\n    KNOWN[f.__name__] = f\n    return f\n",
        "from app.core import register\n@register\ndef job(): ...\n",
        "import app.use\nfrom src.app.core import KNOWN\ndef test_it():\n    assert 'job' in KNOWN\n", False, "P1",
    ),
    "a class that the product asks for": (
        "class M: ...\ndef is_m(x):\n    return isinstance(x, M)\n", "from app.core import is_m\n",
        "from app.use import is_m\nfrom src.app.core import M\ndef test_it():\n    assert is_m(M())\n", False, "P1",
    ),
    "a function": (
        "def add(a, b):\n    return a + b\n", "from app.core import add\n",
        "import app.use\nfrom src.app.core import add\ndef test_it():\n    assert add(1, 1) == app.use.add(1, 1)\n",
        True, "P3",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE_TESTS)
def test_a_test_with_a_class_of_its_own_is_graded_by_what_happens(make_tree: Tree, name: str) -> None:
    core, use, test, passes, severity = BESIDE_TESTS[name]
    root = make_tree(BESIDE | {"src/app/core.py": core, "src/app/use.py": use, "tests/test_it.py": test})
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    assert (subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 0) == passes
    (told,) = tell(open_case(root))
    assert (told.severity, told.path) == (severity, "src/app/core.py")


KEPT = "import pytest\nMADE = []\n@pytest.fixture\ndef box():\n    MADE.append(1)\n"
USING = "def test_it(box):\n    assert MADE == [1]\n"
ASKING = "import helpers\nfrom tests.helpers import Box\ndef test_it():\n    assert isinstance(helpers.Box(), Box)\n"
#: Tests that load one of their files twice, and what they say: the second twin has one name, and passes.
LOADED_BY_PYTEST: Mapping[str, tuple[dict[str, str], dict[str, str], str]] = {
    "a conftest": (
        {"tests/conftest.py": KEPT, "tests/test_a.py": f"from tests.conftest import MADE\n{USING}"},
        {"tests/test_a.py": f"from conftest import MADE\n{USING}"}, "pytest loads it as conftest",
    ),
    "helpers, in the mode append": (
        {"tests/helpers.py": "class Box: ...\n", "tests/test_a.py": ASKING,
         "pytest.ini": "[pytest]\naddopts = --import-mode=append\ntestpaths = tests\n"},
        {"tests/test_a.py": ASKING.replace("tests.helpers", "helpers")}, "as helpers",
    ),
    "a file of tests": (
        {"tests/test_base.py": "SEEN = []\ndef test_first():\n    SEEN.append(1)\n",
         "tests/test_last.py": "from tests.test_base import SEEN\ndef test_it():\n    assert SEEN\n"},
        {"tests/__init__.py": ""}, "pytest loads it as test_base",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOADED_BY_PYTEST)
def test_what_pytest_loads_by_its_short_name(make_tree: Tree, name: str) -> None:
    files, change, words = LOADED_BY_PYTEST[name]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    root = make_tree(files)
    assert b"1 failed" in subprocess.run(command, cwd=root, capture_output=True, check=False).stdout
    assert [(told.severity, words in told.message) for told in tell(open_case(root))] == [("P3", True)]
    for path, text in change.items():
        (root / path).write_text(text, encoding="utf-8")
    assert b"failed" not in subprocess.run(command, cwd=root, capture_output=True, check=False).stdout
    assert tell(open_case(root)) == []
