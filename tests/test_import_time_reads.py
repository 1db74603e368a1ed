"""What is read too early, taken from the wrong neighbour, or set for a whole thread, with CPython as the witness."""

# ruff: noqa: E501
from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import Tree
from rule_trees import judge


def run(root: Path, *command: str) -> bool:
    """Return whether a command of Python ends well."""
    return subprocess.run([sys.executable, "-B", *command], cwd=root, capture_output=True, check=False).returncode == 0


def list_severities(root: Path, rule: str) -> list[str]:
    return [each.severity for each in judge(root, rule)]


CONF = {"conf.py": "URL = None\ndef load():\n    global URL\n    URL = 'x'\n"}
MAIN = "import conf\nimport net\nconf.load()\nassert net.get() == 'x'\n"
#: A module that reads what is set later, and whether it has it then.
EARLY: Mapping[str, tuple[str, bool]] = {
    "a default": ("import conf\ndef get(url=conf.URL):\n    return url\n", False),
    "a default of a keyword": ("import conf as c\ndef get(*, url=c.URL):\n    return url\n", False),
    "a class body": ("import conf\nclass Client:\n    url = conf.URL\ndef get():\n    return Client.url\n", False),
    "an argument": ("import conf\nCLIENT = dict(url=conf.URL)\ndef get():\n    return CLIENT['url']\n", False),
    "a branch": ("import conf\nif conf:\n    S = [conf.URL]\ndef get():\n    return S[0]\n", False),
    "what type checkers read": ("import conf\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    S = [conf.URL]\ndef get():\n    return conf.URL\n", True),
    "a function": ("import conf\ndef get(url=None):\n    return url or conf.URL\n", True),
    "a lambda": ("import conf\nget = lambda: conf.URL\n", True),
    "another name": ("import conf\nclass Client:\n    url = conf.load\ndef get():\n    return conf.URL\n", True),
}  # fmt: skip


def test_an_attribute_of_a_module_that_is_read_before_it_is_set(make_tree: Tree) -> None:
    root = make_tree({
        f"t{number}/{path}": text for number, (source, _) in enumerate(EARLY.values()) for path, text in ({**CONF, "net.py": source}).items()
    })  # fmt: skip
    for number, (name, (_, is_right)) in enumerate(EARLY.items()):
        assert run(root / f"t{number}", "-c", MAIN) == is_right, name
        assert list_severities(root / f"t{number}", "stale-global-copy") == ([] if is_right else ["P2"]), name


IMPORTS_ENUM = "import enum\nif __name__ == '__main__':\n    print(enum)\n"
#: A script with its neighbour, and how severe it is.
NEIGHBOURS: Mapping[str, tuple[dict[str, str], str]] = {
    "when the library is imported": ({"svc/types.py": "X = 1\n", "svc/run.py": IMPORTS_ENUM}, "P1"),
    "nobody says that it is started": ({"svc/types.py": "X = 1\n", "svc/run.py": "import enum\nprint(enum)\n"}, "P2"),
    "in a branch of the library": ({"svc/platform.py": "X = 1\n", "svc/run.py": "import uuid\nif __name__ == '__main__':\n    print(uuid)\n"}, "P2"),
    "in a function of the library": (
        {"svc/signal.py": "X = 1\n", "svc/run.py": "import asyncio\nasync def go(): ...\nif __name__ == '__main__':\n    asyncio.run(go())\n"}, "P2",
    ),
    "of another name": ({"svc/kinds.py": "X = 1\n", "svc/run.py": IMPORTS_ENUM}, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_neighbour_that_the_library_takes_for_its_own(make_tree: Tree, name: str) -> None:
    files, severity = NEIGHBOURS[name]
    root = make_tree(files)
    assert run(root, "svc/run.py") == (not severity)
    assert list_severities(root, "library-hidden-from-script") == ([severity] if severity else [])


SERVE = "import asyncio\nfrom now import NOW, set_user\nasync def serve(user):\n    set_user(user)\n    await asyncio.sleep(0)\n    return NOW.user == user\n"
BOTH = "import asyncio, app\nasync def main():\n    return await asyncio.gather(app.serve('ann'), app.serve('bob'))\nassert all(asyncio.run(main()))\n"
LOCAL = "import threading\nNOW = threading.local()\n"
#: What tasks share, and whether they mix it up.
TASKS: Mapping[str, tuple[dict[str, str], bool]] = {
    "by a function": ({"now.py": f"{LOCAL}def set_user(user):\n    NOW.user = user\n", "app.py": SERVE}, True),
    "by the coroutine": ({"app.py": f"import asyncio\n{LOCAL}async def serve(user):\n    NOW.user = user\n    await asyncio.sleep(0)\n    return NOW.user == user\n"}, True),
    "by a method": ({"now.py": f"{LOCAL}class Desk:\n    def set_user(self, user):\n        NOW.user = user\nset_user = Desk().set_user\nDESK = Desk()\n", "app.py": SERVE.replace("set_user(user)", "DESK.set_user(user)").replace("NOW, set_user", "DESK, NOW")}, True),
    "by another method of that name": ({"now.py": f"{LOCAL}class Desk:\n    def update(self, user):\n        NOW.user = user\n", "app.py": "import asyncio, now\nasync def serve(user):\n    kept = {}\n    kept.update(user=user)\n    await asyncio.sleep(0)\n    return kept['user'] == user\n"}, False),
    "in another thread": ({"now.py": f"{LOCAL}def set_user(user):\n    NOW.user = user\n", "app.py": SERVE.replace("    set_user(user)\n    await asyncio.sleep(0)\n    return NOW.user", "    def work():\n        set_user(user)\n        return NOW.user\n    return await asyncio.to_thread(work)")}, False),
    "without waiting": ({"app.py": f"{LOCAL}async def serve(user):\n    NOW.user = user\n    return NOW.user == user\n"}, False),
}  # fmt: skip


@pytest.mark.parametrize("name", TASKS)
def test_tasks_of_one_thread_share_its_state(make_tree: Tree, name: str) -> None:
    files, is_mixed = TASKS[name]
    root = make_tree(files)
    assert run(root, "-c", BOTH) == (not is_mixed)
    assert list_severities(root, "thread-local-in-coroutine") == (["P2"] if is_mixed else [])
