"""Processes and pickles: what fails in another process than the one that started, with CPython as the witness."""

# ruff: noqa: E501, ISC004
from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import Tree
from rule_trees import judge

WORK = {"work.py": "def do(n=1):\n    return n\n"}
MP = "import multiprocessing as mp\nfrom work import do\n"
SPAWN = "from multiprocessing import get_context\nfrom work import do\nctx = get_context('spawn')\n"
GUARD = "if __name__ == '__main__':\n"
#: What a file does, and how severe it is: it ends with an error where the new process imports the file again.
STARTS: Mapping[str, tuple[str, str]] = {
    "a process at the top": (f"{SPAWN}p = ctx.Process(target=do)\np.start()\np.join()\nassert p.exitcode == 0\n", "P1"),
    "a pool at the top": (
        "import multiprocessing\nfrom concurrent.futures import ProcessPoolExecutor\nfrom work import do\n"
        "with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context('spawn')) as pool:\n    list(pool.map(do, [1]))\n", "P1",
    ),
    "a function that is called at the top": (
        f"{SPAWN}def run():\n    p = ctx.Process(target=do)\n    p.start()\n    p.join()\n    assert p.exitcode == 0\n"
        "def main():\n    run()\nmain()\n", "P1",
    ),
    "under a guard": (f"{SPAWN}{GUARD}    p = ctx.Process(target=do)\n    p.start()\n    p.join()\n    assert p.exitcode == 0\n", ""),
    "a function that the guard calls": (
        f"{SPAWN}def main():\n    with ctx.Pool(1) as pool:\n        pool.map(do, [1])\n{GUARD}    main()\n", "",
    ),
    "a thread": ("import multiprocessing\nimport threading\nt = threading.Thread(target=print)\nt.start()\n", ""),
    "a process that does not start": (f"{MP}p = mp.Process(target=do)\n", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", STARTS)
def test_a_process_that_starts_on_import(make_tree: Tree, name: str) -> None:
    source, severity = STARTS[name]
    root = make_tree({"run.py": source, **WORK})
    ran = subprocess.run([sys.executable, "run.py"], cwd=root, capture_output=True, text=True, check=False, timeout=60)
    assert ("bootstrapping phase" in ran.stderr) == bool(severity)
    assert [each.severity for each in judge(root, "process-started-on-import")] == ([severity] if severity else [])


def test_the_platform_decides_where_no_way_is_chosen(make_tree: Tree) -> None:
    root = make_tree({"run.py": f"{MP}with mp.Pool(1) as pool:\n    pool.map(do, [1])\n", **WORK})
    assert [each.severity for each in judge(root, "process-started-on-import")] == ["P2"]


MODEL = "class Model:\n    size = 1\n    def save(self):\n        with open('m', 'wb') as file:\n            pickle.dump(self, file)\n"
DUMP = "def dump(model):\n    with open('m', 'wb') as file:\n        pickle.dump(model, file)\n"
LOAD = "import pickle\nwith open('m', 'rb') as file:\n    pickle.load(file)\n"
#: The program that writes, and how severe it is: the one that reads fails.
PICKLES: Mapping[str, tuple[dict[str, str], str]] = {
    "by a method": ({"train.py": f"import pickle\n{MODEL}{GUARD}    Model().save()\n"}, "P2"),
    "by a function": ({"train.py": f"import pickle\n{MODEL}{DUMP}def main():\n    dump(Model())\n{GUARD}    main()\n"}, "P2"),
    "in a table": ({"train.py": f"import pickle\n{MODEL}{GUARD}    model = Model()\n    dump = open('m', 'wb')\n    pickle.dump({{'a': model}}, dump)\n    dump.close()\n"}, "P2"),
    "of another module": (
        {"model.py": f"import pickle\n{MODEL}", "train.py": f"import pickle\nfrom model import Model\n{DUMP}{GUARD}    dump(Model())\n"}, "",
    ),
    "of plain data": ({"train.py": f"import pickle\n{MODEL}{DUMP}{GUARD}    dump({{'a': 1}})\n"}, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", PICKLES)
def test_what_the_main_program_pickles(make_tree: Tree, name: str) -> None:
    files, severity = PICKLES[name]
    root: Path = make_tree({**files, "serve.py": LOAD})
    ran = [
        subprocess.run([sys.executable, each], cwd=root, capture_output=True, text=True, check=False).stderr
        for each in ("train.py", "serve.py")
    ]
    assert ran[0] == ""
    assert ("Can't get attribute 'Model'" in ran[1]) == bool(severity)
    assert [each.severity for each in judge(root, "pickled-by-main-program")] == ([severity] if severity else [])
