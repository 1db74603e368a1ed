"""The ssot command, run as people and machines run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Tree = Callable[..., Path]
HERE = Path(__file__).parent.parent
SHOP = {
    "shop/__init__.py": "",
    "shop/api.py": "from shop.db import Order\nfrom shop.gone import x\n",
    "shop/db.py": "class Order: ...\n",
}


@pytest.fixture
def ssot(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs the command with data and reports of its own."""
    environment = {
        **os.environ, "SSOT_DATA": str(tmp_path / "data"), "SSOT_REPORTS": str(tmp_path / "reports"), "COLUMNS": "120"
    }  # fmt: skip

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "analysis.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=HERE, check=False)

    return run


Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_scan_prints_figures_and_findings_with_their_place(ssot: Run, make_tree: Tree) -> None:
    done = ssot("scan", make_tree(SHOP))
    assert done.returncode == 0
    assert "3 files, 3 modules, 1 class," in done.stdout
    assert "P1 shop/api.py:2 phantom-import" in done.stdout
    assert "scan: 3" in done.stderr


def test_quiet_prints_the_result_only(ssot: Run, make_tree: Tree) -> None:
    done = ssot("scan", make_tree(SHOP), "--quiet")
    assert Path(done.stdout.strip()).is_dir()
    assert done.stderr == ""


def test_json_is_what_machines_read(ssot: Run, make_tree: Tree) -> None:
    done = ssot("scan", make_tree(SHOP), "--json")
    described = json.loads(done.stdout)
    assert described["metrics"]["phantom-imports"] == 1
    assert described["findings"][0]["evidence"][0] == {
        "path": "shop/api.py", "line": 2, "source": "from shop.gone import x"
    }  # fmt: skip
    assert done.stderr == ""


def test_explain_prints_the_chains_of_a_folder_or_a_snapshot(ssot: Run, make_tree: Tree) -> None:
    root = make_tree(SHOP, "shop_tree")
    first = ssot("explain", "shop.api", "shop.db", "--in", root, "--quiet")
    second = ssot("explain", "shop.api", "shop.db", "--in", "shop_tree", "--json")
    assert first.stdout.strip() == "shop.api -> shop.db  shop/api.py:1"
    assert json.loads(second.stdout)[0][0]["imported"] == "shop.db"
    assert "does not import" in ssot("explain", "shop.db", "shop.api", "--in", root, "-q").stdout


def test_why_prints_the_predicted_traceback(ssot: Run, make_tree: Tree) -> None:
    root = make_tree(SHOP, "shop_tree")
    done = ssot("why", "shop.api", "--in", root, "--quiet")
    assert done.returncode == 0
    assert '  File "shop/api.py", line 2, in shop.api\n    from shop.gone import x\n' in done.stdout
    assert json.loads(ssot("why", "shop.db", "--in", "shop_tree", "--json").stdout)["outcome"] == "ok"
    unknown = ssot("why", "shop.apu", "--in", "shop_tree")
    assert unknown.returncode == 2
    assert unknown.stderr == "ssot: no module shop.apu in the target. Did you mean shop.api, shop.db, shop?\n"


def test_paths_says_which_one_to_use(ssot: Run, make_tree: Tree) -> None:
    files = {**SHOP, "shop/cart.py": "from shop.api import Order\n"}
    root = make_tree(files)
    done = ssot("paths", "Order", "--in", root, "--quiet")
    first, second, third, _ = done.stdout.splitlines()
    assert first.startswith("shop.db:Order")
    assert "shop.db.Order  definition, 1 import in 1 file" in second
    assert "use this" in second
    assert "shop.api.Order  shim, 1 import in 1 file  shop/api.py:1 it should use shop.db.Order" in third
    rows = json.loads(ssot("paths", "shop.api.Order", "--in", root, "--json").stdout)
    assert [row["import_path"] for row in rows] == ["shop.db.Order", "shop.api.Order", "shop.cart.Order"]
    assert "Did you mean shop.db.Order" in ssot("paths", "Ordr", "--in", root, "-q").stderr


@pytest.mark.parametrize(
    ("make", "code", "message"),
    [
        (lambda tmp: ["scan", tmp / "none"], 3, "no such folder"),
        (lambda tmp: ["scan", _touch(tmp / "a.py")], 3, "is a file, not a folder"),
        (lambda tmp: ["scan", _touch(tmp / "empty" / "a.txt").parent], 3, "no Python file"),
        (lambda tmp: ["report", tmp / "none"], 3, "no such folder"),
        (lambda _: ["report"], 2, "name a TARGET, or --snapshot NAME"),
        (lambda _: ["report", "--snapshot", "none"], 2, "no snapshot of none"),
        (lambda tmp: ["scan", tmp, "--policy", tmp / "none.toml"], 2, "cannot read the policy"),
        (lambda tmp: ["scan", tmp, "--jobs", "-1"], 2, "Input should be greater than or equal to 0"),
        (lambda _: ["scan"], 2, "Missing argument 'TARGET'"),
        (lambda _: ["bogus"], 2, "No such command 'bogus'"),
        (lambda _: ["explain", "a", "b", "--in", "none"], 2, "no snapshot of none"),
    ],
)
def test_what_is_wrong_is_one_line_and_an_exit_code(
    ssot: Run, tmp_path: Path, make: Callable[[Path], list[object]], code: int, message: str
) -> None:
    done = ssot(*make(tmp_path))
    assert done.returncode == code
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("ssot: ")
    assert done.stdout == ""


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


@pytest.mark.parametrize("command", ["", "scan", "report", "explain", "paths", "lab"])
def test_help_has_examples_and_the_top_the_exit_codes(ssot: Run, command: str) -> None:
    done = ssot(*filter(None, [command]), "--help")
    assert done.returncode == 0
    assert ("Exit codes" if not command else "Example") in done.stdout


def test_nothing_of_the_target_is_executed(ssot: Run, make_tree: Tree, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    spring = f"open({str(trap)!r}, 'w')\n"
    names = ("__init__.py", "conftest.py", "setup.py", "sitecustomize.py", "typing.py", "json.py", "analysis.py")
    assert ssot("scan", make_tree(dict.fromkeys(names, spring))).returncode == 0
    assert not trap.exists()


def test_an_interrupt_is_one_line(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({f"m{n}.py": "x = 1\n" * 30_000 for n in range(60)})
    code = (
        "import os, signal, threading; from analysis.cli import main; "
        "threading.Timer(1.2, os.kill, (os.getpid(), signal.SIGINT)).start(); main()"
    )
    environment = {**os.environ, "SSOT_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-c", code, "scan", str(root), "-q", "-j", "1"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=HERE, check=False)
    assert (done.returncode, done.stderr) in [(130, "ssot: interrupted; no incomplete file was left\n"), (0, "")]
    assert "Traceback" not in done.stderr


def test_the_probe_runs_only_when_asked_for(
    ssot: Callable[..., subprocess.CompletedProcess[str]], make_tree: Tree, tmp_path: Path
) -> None:
    root = make_tree({"a.py": "import sys\nsys.exit(7)\n"})
    told = [json.loads(ssot("scan", root, "--json", *options).stdout)["findings"] for options in ((), ("--probe",))]
    assert [[row["rule"] for row in rows] for rows in told] == [[], ["import-stops-the-program"]]
    done = ssot("scan", root, "--json", "--probe")
    assert json.loads(done.stdout)["metrics"]["modules-importable"] == 0


def test_an_interpreter_without_a_probe_is_wrong_usage(
    ssot: Callable[..., subprocess.CompletedProcess[str]], make_tree: Tree
) -> None:
    root = make_tree({"a.py": ""})
    done = ssot("scan", root, "--python", sys.executable)
    assert (done.returncode, done.stdout) == (2, "")
    assert "need --probe" in done.stderr
    done = ssot("scan", root, "--probe", "--python", "/no/such/python", "-q")
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
    assert "Name a Python with --python" in done.stderr


def test_a_policy_asks_for_the_probe_only_when_it_is_named(
    ssot: Callable[..., subprocess.CompletedProcess[str]], make_tree: Tree
) -> None:
    policy = '[target]\nprobe = true\npythonpath = ["more"]\nenvironment = { SHOP = "open" }\nexclude = ["more"]\n'
    files = {"a.py": "import os\nimport extra\nassert os.environ['SHOP'] == 'open'\n", "more/extra.py": ""}
    root = make_tree({**files, "ssot.toml": policy})
    done = ssot("scan", root)
    assert "name it with --policy" in " ".join(done.stdout.split())
    assert "modules-importable" not in json.loads(ssot("scan", root, "--json").stdout)["metrics"]
    done = ssot("scan", root, "--json", "--policy", root / "ssot.toml")
    assert json.loads(done.stdout)["metrics"]["modules-importable"] == 1


def test_the_command_line_says_where_the_probe_imports_from_and_what_it_sets(
    ssot: Callable[..., subprocess.CompletedProcess[str]], make_tree: Tree, tmp_path: Path
) -> None:
    root = make_tree({"a.py": "import os\nimport extra\nassert os.environ['SHOP'] == 'a=b'\n"})
    (tmp_path / "more").mkdir()
    (tmp_path / "more/extra.py").touch()
    given = ("--pythonpath", tmp_path / "more", "--env", "SHOP=a=b")
    done = ssot("scan", root, "--json", "--probe", *given)
    assert json.loads(done.stdout)["metrics"]["modules-importable"] == 1
    for wrong in (("--env", "SHOP"), ("--pythonpath", tmp_path / "nowhere"), ("--env", "=x")):
        done = ssot("scan", root, "--probe", *wrong)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert ssot("scan", root, *given).returncode == 2


@pytest.mark.parametrize("question", ["--version", "--help"])
def test_a_question_about_the_command_itself_loads_none_of_the_analysis(question: str) -> None:
    code = (
        "import sys; sys.argv = ['ssot', sys.argv[1]]\nfrom analysis.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({'pyarrow', 'numpy', 'pandas', 'networkx', 'pydantic', 'analysis.rules'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, question], capture_output=True, text=True, cwd=HERE, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
