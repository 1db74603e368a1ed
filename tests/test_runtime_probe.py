"""The probe imports each module first, in a process of its own, and survives whatever they do."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import ProbeError
from analysis.facts import scan
from analysis.graph import build_import_graph
from analysis.runtime import ProbeOptions, ProbeResult, find_entries, run_probe
from analysis.runtime.plan import find_empty, find_leads, find_rounds

Tree = Callable[..., Path]
Rows = list[dict[str, Any]]
PYTHONS = [
    path
    for version in ("3.8", "3.9", "3.10", "3.12", "3.13")
    for path in sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))[:1]
]


def probe(root: Path, **options: Any) -> ProbeResult:
    """Probe a tree."""
    facts = scan(root)
    return run_probe(facts, build_import_graph(facts), ProbeOptions(**options))


def rows(result: ProbeResult, table: str) -> Rows:
    """Return a table as dictionaries."""
    found: Rows = result.tables[table].to_pylist()
    return found


def outcomes(result: ProbeResult) -> dict[str, str]:
    """Return the outcome of each module by the last part of its name."""
    return {row["module"].rpartition(".")[2]: row["outcome"] for row in rows(result, "probed")}


def hash_tree(root: Path) -> str:
    """Return a hash of all names and bytes."""
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        found.update(str(path).encode() + (path.read_bytes() if path.is_file() else b""))
    return found.hexdigest()


def test_a_tree_without_modules_has_no_rows(make_tree: Tree) -> None:
    result = probe(make_tree({"not-a-name.py": ""}))
    assert {name: table.num_rows for name, table in result.tables.items() if table.num_rows} == {}


def test_one_module_is_imported_and_its_names_described(make_tree: Tree) -> None:
    source = "import json\nclass A:\n    def f(self): ...\na, n, k = A(), None, 3\ndef g(): ...\n"
    result = probe(make_tree({"m.py": source}))
    (row,) = rows(result, "probed")
    assert (row["module"], row["outcome"], row["modules_run"], row["chain"]) == ("m", "ok", 1, [])
    assert row["seconds"] > 0
    assert row["peak_memory"] > 1 << 20
    columns = ("kind", "definition", "qualname")
    assert {each["name"]: tuple(each[name] for name in columns) for each in rows(result, "live_bindings")} == {
        "A": ("class", "m.py:2", "A"), "a": ("instance", "m.py:2", "A"), "g": ("function", "m.py:5", "g"),
        "json": ("module", "", "json"), "k": ("instance", "", "int"), "n": ("none", "", ""),
    }  # fmt: skip


CIRCLES = {
    "p/__init__.py": "",
    "p/a.py": "from p.b import B\nclass A: ...\n",
    "p/b.py": "from p.a import A\nclass B: ...\n",
    "p/c.py": "from p import d\nclass C:\n    def f(self): ...\n",
    "p/d.py": "try:\n    from p.c import C\nexcept ImportError:\n    C = None\n",
    "p/e.py": "import p.b as b\nprint(b.B)\n",
}


def test_a_circle_fails_at_the_statement_that_needs_what_is_not_there(make_tree: Tree) -> None:
    result = probe(make_tree(CIRCLES))
    assert outcomes(result) == {
        "p": "ok", "a": "circular", "b": "circular", "c": "ok", "d": "ok", "e": "circular",
    }  # fmt: skip
    row = next(row for row in rows(result, "probed") if row["module"] == "p.e")
    assert (row["failed_path"], row["failed_line"]) == ("p/a.py", 1)
    assert (row["failed_module"], row["failed_name"]) == ("p.b", "B")
    assert [hop.partition(" ")[0] for hop in row["chain"]] == ["p/e.py:1", "p/b.py:1", "p/a.py:1"]


def test_what_is_swallowed_is_told_with_both_statements_and_depends_on_the_order(make_tree: Tree) -> None:
    result = probe(make_tree(CIRCLES))
    (row,) = rows(result, "swallowed")
    assert (row["entry"], row["outcome"], row["path"], row["line"]) == ("p.c", "circular", "p/d.py", 2)
    assert (row["module"], row["name"], row["caught_path"], row["caught_line"]) == ("p.c", "C", "p/d.py", 2)
    (name,) = rows(result, "order_dependent")
    assert (name["module"], name["name"]) == ("p.d", "C")
    assert {name["first_entry"]: name["first_result"], name["second_entry"]: name["second_result"]} == {
        "p.c": "none", "p.d": "class C p/c.py:2",
    }  # fmt: skip


AGAIN = {
    "q/__init__.py": "",
    "q/main.py": "try:\n    from q.x import X\nexcept ImportError:\n    X = None\nfrom q.x import X as Later\n",
    "q/x.py": "class Base:\n    def f(self): ...\nimport q.y as y\ny.keep(Base)\ny.ready()\nclass X: ...\n",
    "q/y.py": "kept = []\ndef keep(x):\n    kept.append(x)\n"
    "def ready():\n    if len(kept) < 2:\n        raise ImportError('later')\n",
}


def test_a_module_that_fails_and_is_tried_again_runs_twice_and_leaves_two_live_classes(make_tree: Tree) -> None:
    result = probe(make_tree(AGAIN))
    (run,) = [row for row in rows(result, "executions") if row["entry"] == "q.main"]
    assert (run["module"], run["path"], run["times"], run["names"]) == ("q.x", "q/x.py", 2, ["q.x"])
    (twin,) = [row for row in rows(result, "live_twins") if row["entry"] == "q.main"]
    assert (twin["qualname"], twin["definition"], twin["objects"], twin["holders"]) == (
        "Base",
        "q/x.py:1",
        2,
        ["q.x.Base"],
    )


def test_one_file_under_two_names_is_seen(make_tree: Tree) -> None:
    files = {
        "app/__init__.py": "", "app/core.py": "class C: ...\n", "app/run.py": "import sys, os\n"
        "sys.path.insert(0, os.path.dirname(__file__))\nimport core\nimport app.core\n",
    }  # fmt: skip
    found = [row for row in rows(probe(make_tree(files)), "executions") if row["entry"] == "app.run"]
    assert [(row["path"], row["times"], row["names"]) for row in found] == [("app/core.py", 2, ["app.core", "core"])]


MISSING = {
    "p/__init__.py": "",
    "p/here.py": "x = 1\n",
    "p/third.py": "import nobody_has_this\n",
    "p/gone.py": "import p.nowhere\n",
    "p/name.py": "from p.here import y\n",
    "p/broken.py": "def (\n",
    "p/deep.py": "def f(): f()\nf()\n",
    "p/out.py": "import sys\nprint('bye')\nsys.exit(3)\n",
    "p/wrong.py": "1 / 0\n",
}


def test_every_failure_has_its_name(make_tree: Tree) -> None:
    result = probe(make_tree(MISSING))
    assert outcomes(result) == {
        "p": "ok", "here": "ok", "third": "missing-third-party", "gone": "missing-in-tree", "name": "missing-name",
        "broken": "syntax", "deep": "recursion", "out": "exit", "wrong": "other",
    }  # fmt: skip
    by_name = {row["module"]: row for row in rows(result, "probed")}
    assert by_name["p.out"]["output"] == "bye\n"
    assert (by_name["p.broken"]["failed_path"], by_name["p.broken"]["failed_line"]) == ("p/broken.py", 1)


def test_the_class_is_where_its_source_says_whatever_it_says_of_itself(make_tree: Tree) -> None:
    files = {
        "a.py": "class A:\n    __module__ = 'elsewhere'\n    def f(self): ...\n"
        "if True:\n    class A:\n        def f(self): ...\n",
        "b.py": "from a import A\nimport a as m\n",
    }
    found = {(row["module"], row["name"]): row for row in rows(probe(make_tree(files)), "live_bindings")}
    assert found["a", "A"]["definition"] == found["b", "A"]["definition"] == "a.py:5"
    assert found["a", "A"]["group"] == found["b", "A"]["group"]


#: Four modules begin with one import; one of them is imported by it, and one would be in the middle of that.
LED = {
    "led/__init__.py": "",
    "led/first.py": "import led.partner\nclass First: ...\n",
    "led/partner.py": "from led.first import First\nfrom led.first import First as Same\n",
    **{f"led/user{n}.py": f"from led.first import First\nclass User{n}(First): ...\n" for n in range(3)},
    "led/sound.py": "class Sound: ...\n",
    "led/inner.py": "import led.sound\nN = 1\n",
    "led/late.py": "import led.sound\nimport led.inner\nN = led.inner.N\n",
    **{f"led/hearer{n}.py": f"from led import sound\nfrom led.late import N\nX{n} = sound.Sound\n" for n in range(4)},
}


def test_what_several_modules_begin_with_comes_first() -> None:
    leads = {name: [("p.b", "")] for name in "acd"} | {"e": [("q", "")]}
    assert find_rounds(["a", "c", "d", "e", "p", "p.b", "q"], leads) == [["p", "p.b"], ["a", "c", "d", "e", "q"]]


def test_a_module_begins_with_imports_until_it_does_something_else(make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "",
        "p/a.py": "import json, p.b\nX = 1\nfrom . import c, d\nprint()\nimport p.e\n",
        "p/b.py": "from .c import *\nimport p.d\n",
        "p/c.py": "",
        "p/d.py": "print()\n",
        "p/e.py": "",
    }
    facts = scan(make_tree(files))
    assert find_leads(facts, find_entries(facts)) == {"p.a": [("p.b", ""), ("p", "c"), ("p", "d")]}
    assert sorted(find_empty(facts)) == ["p"]


def test_sharing_and_preloading_change_no_row(make_tree: Tree) -> None:
    root = make_tree({**CIRCLES, **AGAIN, **MISSING, **LED})
    seen = []
    free = {"seconds", "peak_memory", "message"}
    for options in ({}, {"share": False}, {"share": False, "preload": False}):
        result = probe(root, **options)
        seen.append(
            {
                name: [
                    {column: value for column, value in row.items() if column not in free} for row in table.to_pylist()
                ]
                for name, table in result.tables.items()
                if name != "import_costs"
            }
        )
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]["probed"]) == 31


HOSTILE = {
    "h/__init__.py": "",
    "h/fine.py": "class A: ...\n",
    "h/storm.py": "import os, time\nfor _ in range(200):\n    if os.fork() == 0:\n        os.setsid()\n"
    "        time.sleep(600)\n        os._exit(0)\n",
    "h/loop.py": "while True: pass\n",
    "h/leave.py": "import os\nos._exit(0)\n",
    "h/kill.py": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "h/memory.py": "x = bytearray(10 << 30)\n",
    "h/chatter.py": "while True: print('x' * 10000)\n",
    "h/closer.py": "import os\nos.closerange(0, 1000)\n",
    "h/base.py": "class E(BaseException): ...\nraise E('no')\n",
    "h/threads.py": "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\n",
    "h/home.py": "import shutil, pathlib\nh = pathlib.Path.home()\n(h / 'a').write_text('x')\nshutil.rmtree(h)\n",
    "h/net.py": "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=1)\n",
    "h/meta.py": "class M(type):\n    def __getattribute__(c, n): raise SystemExit\nclass A(metaclass=M): ...\n",
    "h/mods.py": "import sys\nsys.modules.clear()\n",
    "h/hook.py": "import builtins\nbuiltins.__import__ = None\n",
}
HOSTILE_ENDINGS = {
    "h": "ok", "fine": "ok", "storm": "ok", "loop": "timeout", "leave": "crash", "kill": "crash", "memory": "other",
    "chatter": "timeout", "closer": "ok", "base": "other", "threads": "ok", "home": "ok", "net": "other", "meta": "ok",
    "mods": "other", "hook": "ok",
}  # fmt: skip


def find_marked(mark: str) -> list[str]:
    """Return the processes that carry a mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_hostile_modules_are_one_row_each_and_nothing_of_them_is_left(make_tree: Tree) -> None:
    root = make_tree(HOSTILE)
    before, mark = hash_tree(root), f"ssot-test-{os.getpid()}"
    result = probe(root, timeout=3.0, cpu_seconds=2, environment={"SSOT_MARK": mark})
    assert outcomes(result) == HOSTILE_ENDINGS
    assert hash_tree(root) == before
    assert find_marked(mark) == []
    by_name = {row["module"]: row for row in rows(result, "probed")}
    assert (by_name["h.kill"]["exception"], by_name["h.leave"]["exception"]) == ("SIGKILL", "")
    assert len(by_name["h.chatter"]["output"]) == 1000


def test_what_a_module_writes_into_its_tree_is_thrown_away_or_forbidden_where_the_system_can(make_tree: Tree) -> None:
    source = "import pathlib\np = pathlib.Path(__file__).with_name('new.py')\np.write_text('x')\nprint(p.read_text())\n"
    root = make_tree({"w.py": source})
    result = probe(root)
    told = result.run.target
    if told.startswith("untouched"):
        assert rows(result, "probed")[0]["output"] == "x\n"
    elif told == "read-only":
        assert outcomes(result) == {"w": "other"}
    else:
        assert told.startswith("writable: ")
        return
    assert not (root / "new.py").exists()


def test_an_interrupted_probe_goes_on_where_it_stopped(make_tree: Tree, tmp_path: Path) -> None:
    names = [f"m{number}" for number in range(6)]
    log = tmp_path / "log"
    source = f"import time\nopen({str(log)!r}, 'a').write(__name__ + ' ')\ntime.sleep(0.3)\n"
    root = make_tree({f"{name}.py": source for name in names})
    facts, stream = scan(root), tmp_path / "probes"
    graph = build_import_graph(facts)

    def stop(_step: str, done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_probe(facts, graph, ProbeOptions(jobs=1, isolate=False), stream=stream, progress=stop)
    (kept,) = stream.iterdir()
    assert 2 <= len(kept.read_text().splitlines()) <= 3
    kept.write_text(kept.read_text() + '{"module": "m5", "outc')
    result = run_probe(facts, graph, ProbeOptions(jobs=1, isolate=False), stream=stream)
    assert result.run.taken_over in {2, 3}
    assert set(outcomes(result).values()) == {"ok"}
    assert list(stream.iterdir()) == []
    assert log.read_text().split().count("m0") == 1


@pytest.mark.parametrize(
    ("python", "told"),
    [("/no/such/python", "cannot run /no/such/python"), ("/bin/true", "does not answer as Python does")],
)
def test_no_interpreter_is_one_line_that_names_the_remedy(make_tree: Tree, python: str, told: str) -> None:
    with pytest.raises(ProbeError, match=rf"{told}.*--python"):
        probe(make_tree({"a.py": ""}), python=python)


def test_the_targets_own_environment_is_preferred(make_tree: Tree) -> None:
    root = make_tree({"a.py": "import sys\nprint(sys.executable)\n"})
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/bin/python").write_text(f'#!/bin/sh\nSSOT_OWN=1 exec {sys.executable} "$@"\n')
    (root / ".venv/bin/python").chmod(0o755)
    assert probe(root).run.python == sys.executable
    (root / ".venv/bin/python").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(ProbeError, match=r"\.venv/bin/python"):
        probe(root)


def test_what_the_environment_holds_is_not_told_to_the_target(make_tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_SECRET", "hush")
    root = make_tree({"a.py": "import os\nprint(os.environ.get('SSOT_SECRET'), os.environ['GIVEN'])\n"})
    (row,) = rows(probe(root, environment={"GIVEN": "yes"}), "probed")
    assert row["output"] == "None yes\n"


@pytest.mark.parametrize("python", PYTHONS, ids=lambda path: path.parts[-3])
def test_other_interpreters_say_the_same(make_tree: Tree, python: Path) -> None:
    root = make_tree({**CIRCLES, **AGAIN})
    expected, found = probe(root), probe(root, python=str(python))
    assert found.run.version.startswith(python.parts[-3])
    columns = ("outcome", "failed_path", "failed_line", "failed_module", "failed_name", "modules_run")
    for result in (expected, found):
        assert len(rows(result, "probed")) == 10
    assert [[row[name] for name in columns] for row in rows(found, "probed")] == [
        [row[name] for name in columns] for row in rows(expected, "probed")
    ]
    for table in ("executions", "live_bindings", "live_twins", "order_dependent"):
        assert rows(found, table) == rows(expected, table), table


def test_plain_python_agrees(make_tree: Tree) -> None:
    root = make_tree({**CIRCLES, **MISSING})
    seen: Mapping[str, str] = {row["module"]: row["outcome"] for row in rows(probe(root), "probed")}
    code = (
        "import importlib, json, sys\ntry:\n    importlib.import_module(sys.argv[1])\n    print(json.dumps('ok'))\n"
        "except BaseException as error:\n    print(json.dumps(type(error).__name__))"
    )
    kinds = {
        "circular": "ImportError", "missing-third-party": "ModuleNotFoundError",
        "missing-in-tree": "ModuleNotFoundError",
        "missing-name": "ImportError", "syntax": "SyntaxError", "recursion": "RecursionError", "exit": "SystemExit",
        "other": "ZeroDivisionError", "ok": "ok",
    }  # fmt: skip
    for module, outcome in seen.items():
        done = subprocess.run(
            [sys.executable, "-B", "-c", code, module], cwd=root, capture_output=True, text=True, check=True
        )
        assert json.loads(done.stdout.splitlines()[-1]) == kinds[outcome], module
