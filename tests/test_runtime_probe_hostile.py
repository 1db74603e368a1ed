"""What a probed module does to others, to the probe or to the tree costs its own row and no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from analysis.facts import scan
from analysis.graph import build_import_graph
from analysis.runtime import ProbeOptions, ProbeResult, run_probe

Tree = Callable[..., Path]
HERE = Path(__file__).resolve().parent.parent
linux = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
#: Modules that notice what others did; some are forked from a process that has imported their package.
GOOD = {
    "data.txt": "whole",
    "good/__init__.py": "import os\nKEPT = os.environ['HOME']\nclass Shared: ...\n",
    "good/a.py": "from good import Shared\nclass A(Shared): ...\n",
    "good/b.py": "from good.a import A\nprint(open('data.txt').read())\n",
    "good/c.py": "from good.a import A\nfrom good.b import A as Same\nclass C(A): ...\n",
    "good/d.py": "from good.a import A\nimport good.c\ndef f(): ...\n",
    "good/home.py": "import os, tempfile\nfrom good import KEPT\n"
    "print(os.listdir(os.environ['HOME']), os.listdir(tempfile.gettempdir()), os.environ['HOME'] == KEPT)\n"
    "print([name for name in os.listdir('/tmp') + os.listdir('/dev/shm') if name.startswith('ssot-hostile')])\n",
    "zero.py": "import good.d\nX = 1\n",
    "zlast.py": "import os\n"
    "print(os.path.exists('new.txt'), os.getpriority(os.PRIO_PROCESS, 0), os.environ.get('EVIL'))\n",
}
PROCESSES = "[int(n) for n in os.listdir('/proc') if n.isdigit() and int(n) != os.getpid()]"
#: Before what would hurt the machine that the test runs on, were the module not cut off: its parent is then not 1.
ALONE = "import os\nassert os.getppid() == 1\n"
#: What a module does, by its name, and how it ends with all namespaces.
HOSTILE: dict[str, tuple[str, str]] = {
    "kill_parent": ("import os\nos.kill(os.getppid(), 9)\n", "ok"),
    "stop_parent": ("import os\nos.kill(os.getppid(), 19)\n", "ok"),
    "kill_group": ("import os\nos.killpg(0, 9)\n", "crash"),
    "kill_all": (ALONE + "os.kill(-1, 9)\n", "other"),
    "kill_first": (ALONE + "os.kill(1, 9)\n", "ok"),
    "kill_proc": (
        f"{ALONE}for pid in {PROCESSES}:\n    try: os.kill(pid, 9)\n    except OSError: pass\n", "ok",
    ),
    "leave": ("import os\nos._exit(0)\n", "crash"),
    "other_program": ("import os\nos.execv('/bin/true', ['true'])\n", "crash"),
    "forge": (
        "import os, json\nfor fd in range(3, 4096):\n    for name in ('good.a', 'good.b', 'zero', 'zlast'):\n"
        "        row = json.dumps({'module': name, 'outcome': 'other', 'message': 'forged'})\n"
        "        try: os.write(fd, ('\\n' + row + '\\nR0 ' + json.dumps(name) + '\\t' + row + '\\n').encode())\n"
        "        except OSError: break\n", "ok",
    ),
    "half_row": (
        "import os\nfor fd in range(3, 4096):\n    try: os.write(fd, b'R1 \"good.a\"\\t{\"module\": \"go')\n"
        "    except OSError: pass\n", "ok",
    ),
    "close_all": ("import os\nos.closerange(0, 1000)\n", "ok"),
    "bomb": (ALONE + "import signal\nwhile True:\n    if os.fork() == 0: signal.pause()\n", "crash"),
    "disk": (
        "import os\nfor n in range(20):\n    with open('fill%d' % n, 'wb') as f: f.write(bytes(40 << 20))\n", "other",
    ),
    "daemon": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True:\n"
        "            time.sleep(0.01)\n            open('/tmp/ssot-hostile-daemon', 'a').write('x')\n    os._exit(0)\n",
        "ok",
    ),
    "delete": (
        "import os, shutil\nshutil.rmtree('good')\nos.unlink('data.txt')\nos.unlink('zlast.py')\n"
        "os.mkdir('good')\nopen('new.txt', 'w').write('x')\nopen('zero.py', 'w').write('1/0')\n", "ok",
    ),
    "temporary": (
        "import os, tempfile\nfor top in (os.environ['HOME'], tempfile.gettempdir(), '/tmp', '/dev/shm'):\n"
        "    open(os.path.join(top, 'ssot-hostile'), 'w').write('x')\n", "ok",
    ),
    "scratch": (
        "import os, shutil\ntop = os.path.dirname(os.environ['HOME'])\nprint(sorted(os.listdir(top)))\n"
        "for name in os.listdir(top):\n    shutil.rmtree(os.path.join(top, name), ignore_errors=True)\n", "ok",
    ),
    "memory": (
        f"import os\nfor pid in {PROCESSES}:\n    try: fd = os.open('/proc/%d/mem' % pid, os.O_RDWR)\n"
        "    except OSError: continue\n    raise SystemExit('opened')\n", "ok",
    ),
    "limits": (
        "import os, resource\nfor kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_CPU):\n"
        "    try: resource.prlimit(os.getppid(), kind, (1, 1))\n    except OSError: pass\n", "ok",
    ),
    "priority": (
        "import os\nfor which in (os.PRIO_USER, os.PRIO_PGRP, os.PRIO_PROCESS):\n"
        "    try: os.setpriority(which, os.getppid() if which == os.PRIO_PROCESS else 0, 19)\n"
        "    except OSError: pass\n", "ok",
    ),
    "unmount": (
        "import ctypes, os\nlibc = ctypes.CDLL(None)\nhere = os.path.dirname(os.path.abspath(__file__))\n"
        "print(libc.umount2(here.encode(), 2), libc.umount2(b'/tmp', 2))\nos.chdir(here)\nopen('new.txt', 'w')\n", "ok",
    ),
    "environment": (
        "import os, sys\nos.environ['EVIL'] = 'x'\nos.chdir('/')\nsys.path.clear()\nsys.setrecursionlimit(60)\n", "ok",
    ),
    "huge": ("globals().update({'n%d' % n: 1 for n in range(20000)})\n", "ok"),
    "forgets": ("import json\njson.dumps = lambda row: '{\"module\": \"good.a\", \"outcome\": \"ok\"}'\n", "crash"),
    "odd_text": ("raise ValueError('\\ud800 \\x00')\n", "other"),
    "patient": (
        "import threading, os\nthreading.Timer(0.2, lambda: os.kill(os.getppid(), 9)).start()\nX = 1\n", "ok",
    ),
    "at_exit": ("import atexit, os\natexit.register(os.kill, os.getppid(), 9)\n", "ok"),
}  # fmt: skip
#: What two runs of one module need not have in common.
FREE = {"seconds", "peak_memory"}


def probe(root: Path, **options: Any) -> ProbeResult:
    """Probe a tree with short limits."""
    facts = scan(root)
    return run_probe(facts, build_import_graph(facts), ProbeOptions(**{"timeout": 6.0, "cpu_seconds": 4, **options}))


def outcomes(result: ProbeResult) -> dict[str, str]:
    """Return the outcome of each module."""
    return {row["module"]: row["outcome"] for row in result.tables["probed"].to_pylist()}


def keep_good(result: ProbeResult, bad: set[str]) -> dict[str, list[dict[str, Any]]]:
    """Return all rows that are not about hostile modules."""
    return {
        name: [
            {key: value for key, value in row.items() if key not in FREE}
            for row in table.to_pylist()
            if bad.isdisjoint(row.get(key) for key in ("entry", "module", "first_entry", "second_entry"))
        ]
        for name, table in result.tables.items()
        if name != "import_costs"
    }


def read_tree(root: Path) -> dict[str, bytes]:
    """Return all files with their bytes."""
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@linux
@pytest.mark.parametrize("options", [{}, {"jobs": 1, "share": False}], ids=["shared", "one by one"])
def test_every_row_of_the_others_is_as_without_the_hostile_modules(make_tree: Tree, options: dict[str, Any]) -> None:
    expected = probe(make_tree(GOOD), **options)
    if not expected.run.processes.startswith("apart"):
        pytest.skip("no namespaces here")
    bad = {f"{letter}_{name}" for letter, name in zip("hn" * 40, HOSTILE, strict=False)}
    root = make_tree(GOOD | {f"{name}.py": HOSTILE[name[2:]][0] for name in bad})
    before = read_tree(root)
    result = probe(root, **options)
    assert {name: each for name, each in outcomes(result).items() if name in bad} == {
        name: HOSTILE[name[2:]][1] for name in bad
    }
    assert keep_good(result, bad) == keep_good(expected, bad)
    assert set(outcomes(expected).values()) == {"ok"}
    assert read_tree(root) == before
    assert not list(Path("/tmp").glob("ssot-hostile*"))
    assert (result.run.lost, result.run.restarts) == (0, 0)
    by_name = {row["module"][2:]: row for row in result.tables["probed"].to_pylist()}
    assert by_name["scratch"]["output"] == "['home']\n"
    assert by_name["unmount"]["output"] == "-1 -1\n"
    assert by_name["bomb"]["message"] == "ended: it had more than 512 processes"


#: What can still end the server where there are no namespaces, found by looking for it.
KILL_SERVER = (
    "import os, signal\npid = os.getppid()\n"
    "pid = int(open('/proc/%d/stat' % pid).read().rpartition(')')[2].split()[1])\nos.kill(pid, 9)\n"
    "signal.pause()\n"
)


@linux
@pytest.mark.parametrize("jobs", [1, 2])
def test_without_namespaces_a_server_that_is_ended_is_started_again_as_often_as_needed(
    make_tree: Tree, jobs: int
) -> None:
    good = {name: source for name, source in GOOD.items() if name != "good/home.py"}
    expected = probe(make_tree(good), isolate=False, jobs=jobs)
    bad = {f"killer{number:02}" for number in range(15)} | {"yet"}
    root = make_tree(good | {f"{name}.py": KILL_SERVER for name in bad})
    result = probe(root, isolate=False, jobs=jobs)
    assert keep_good(result, bad) == keep_good(expected, bad)
    found = {row["module"]: row for row in result.tables["probed"].to_pylist() if row["module"] in bad}
    assert {row["message"] for row in found.values()} == {"it ended the probe's server process"}
    assert {row["outcome"] for row in found.values()} == {"crash"}
    assert set(found) == bad
    assert result.run.restarts >= 16
    assert result.run.lost == 0


@linux
def test_without_namespaces_the_keeper_of_a_module_is_all_that_it_kills(make_tree: Tree) -> None:
    names = ("kill_parent", "kill_group", "leave", "other_program", "forge", "half_row", "close_all", "daemon")
    sources = {f"h_{name}.py": HOSTILE[name][0] for name in names}
    sources["h_kill_parent.py"] += "import signal\nsignal.pause()\n"
    result = probe(make_tree(GOOD | sources), isolate=False)
    found = {name[2:]: outcome for name, outcome in outcomes(result).items() if name.startswith("h_")}
    assert found == {name: HOSTILE[name][1] for name in names} | {"kill_parent": "crash"}
    assert {outcome for name, outcome in outcomes(result).items() if not name.startswith("h_")} == {"ok"}
    assert (result.run.lost, result.run.restarts) == (0, 0)
    size = Path("/tmp/ssot-hostile-daemon")
    first = size.stat().st_size if size.exists() else 0
    time.sleep(0.1)
    assert (size.stat().st_size if size.exists() else 0) == first
    size.unlink(missing_ok=True)


def test_without_layers_it_is_said_who_changed_the_tree(make_tree: Tree) -> None:
    root = make_tree({"a.py": "X = 1\n", "b.py": "open('new.txt', 'w').write('x')\n", "c.py": ""})
    result = probe(root, isolate=False, jobs=1)
    assert result.run.target.startswith("writable")
    assert {name for change in result.run.changed for name in change.changed} == {"new.txt"}
    assert any("b" in change.by for change in result.run.changed)
    assert probe(make_tree({"a.py": ""}), isolate=False).run.changed == ()


#: A package that is harmless when it is imported first and does something to the process that serves its modules.
PACKAGES: Mapping[str, str] = {
    "ends_it_when_served": "import os\nif os.getpid() == 1: os._exit(0)\n",
    "kills_it_when_served": "import os\nif os.getpid() == 1: os.kill(os.getpid(), 9); os.abort()\n",
    "ends_it_at_a_fork": "import os\nn = []\ndef f():\n    n.append(1)\n    if len(n) > 1: os._exit(0)\n"
    "os.register_at_fork(before=f)\n",
    "ends_its_forks": "import os\nos.register_at_fork(after_in_child=lambda: os._exit(0))\n",
    "leaves_files": "open('left.txt', 'a').write('x')\n",
    "leaves_home": "import os\nopen(os.path.join(os.environ['HOME'], 'left.txt'), 'a').write('x')\n",
    "goes_away": "import os, sys\nos.chdir('/')\nos.environ['EVIL'] = 'x'\n",
    "opens_a_file": "import os\nlog = os.open('/dev/null', os.O_WRONLY)\n",
    "writes_rows": "import os, json\ndef forge():\n    for fd in range(3, 1024):\n"
    "        row = json.dumps({'module': 'fine', 'outcome': 'other', 'message': 'forged'})\n"
    "        try: os.write(fd, ('R0 \"fine\"\\t' + row + '\\n').encode())\n        except OSError: pass\n"
    "if os.getpid() == 1: forge()\n",
    "falls_silent": "import os, signal\nif os.getpid() == 1: signal.alarm(0); os.fork = signal.pause\n",
}


@linux
@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_that_damages_the_process_that_serves_its_modules_changes_no_row(make_tree: Tree, name: str) -> None:
    source = (
        "import os\nfrom p import X\nprint(os.path.exists('left.txt'), os.getcwd() == '/', os.environ.get('EVIL'))\n"
    )
    files = {
        "p/__init__.py": PACKAGES[name] + "\nX = 1\n", "fine.py": "Y = 1\n",
        **{f"p/m{number}.py": source for number in range(4)},
        "p/log.py": "import os, p\nprint(os.write(getattr(p, 'log', 1), b'x'))\n",
    }  # fmt: skip
    shared, alone = (probe(make_tree(files), share=share, timeout=1.0) for share in (True, False))
    assert keep_good(shared, set()) == keep_good(alone, set())
    assert len(outcomes(shared)) == 7
    assert outcomes(shared)["fine"] == "ok"
    assert shared.run.lost == 0


@linux
def test_a_probe_by_a_user_without_powers_is_isolated_too(tmp_path: Path) -> None:
    if os.geteuid() != 0 or not Path("/usr/bin/python3").exists():
        pytest.skip("needs root, to become somebody else, and an interpreter for everybody")
    script = (
        "import dataclasses, json, os, sys, tempfile\nfrom pathlib import Path\nfrom analysis.facts import scan\n"
        "from analysis.graph import build_import_graph\nfrom analysis.runtime import ProbeOptions, run_probe\n"
        "root = Path(tempfile.mkdtemp(prefix='ssot-test-'))\n"
        "for name, source in json.loads(sys.argv[1]).items():\n"
        "    path = root / name\n    path.parent.mkdir(exist_ok=True)\n    path.write_text(source)\n"
        "os.system(f'chown -R 65534:65534 {root}')\n"
        "facts = scan(root)\ngraph = build_import_graph(facts)\nos.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\n"
        "options = ProbeOptions(python='/usr/bin/python3', timeout=6.0, cpu_seconds=4)\n"
        "result = run_probe(facts, graph, options)\n"
        "rows = {row['module']: row['outcome'] for row in result.tables['probed'].to_pylist()}\n"
        "print(json.dumps([dataclasses.asdict(result.run), rows, sorted(each.name for each in root.iterdir())]))\n"
    )
    names = [name for name in HOSTILE if name not in {"disk", "huge"}]
    files = GOOD | {f"h_{name}.py": HOSTILE[name][0] for name in names}
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(files)], cwd=HERE, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )  # fmt: skip
    if "Permission denied" in done.stderr or "cannot run" in done.stderr:
        pytest.skip("that user cannot read the kit")
    assert done.returncode == 0, done.stderr
    described, rows, left = json.loads(done.stdout)
    if not described["processes"].startswith("apart"):
        pytest.skip(described["processes"])
    assert described["target"].startswith("untouched")
    assert {name[2:]: outcome for name, outcome in rows.items() if name.startswith("h_")} == {
        name: HOSTILE[name][1] for name in names
    }
    assert {outcome for name, outcome in rows.items() if not name.startswith("h_")} == {"ok"}
    assert "new.txt" not in left
    assert "data.txt" in left
