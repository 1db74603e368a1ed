"""Patches of a name that the product took before: Python runs the real one, and the rule says so."""

# ruff: noqa: E501
from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from rule_trees import judge

Tree = Callable[..., Path]
NET = {"p/__init__.py": "", "p/net.py": "def fetch():\n    return 'real'\n"}
JOB = {**NET, "p/job.py": "from p.net import fetch\ndef run():\n    return fetch()\n"}
HEAD = "from unittest.mock import patch\nfrom p.job import run\n"
WITH = "def test():\n    with {}:\n        assert run() == 'fake'\n"
#: The product and a test that fails where the patch has no effect; whether it has none.
CASES: Mapping[str, tuple[dict[str, str], str, bool]] = {
    "where it is defined": (JOB, HEAD + WITH.format("patch('p.net.fetch', return_value='fake')"), True),
    "as a decorator": (JOB, f"{HEAD}@patch('p.net.fetch', return_value='fake')\ndef test(fetch):\n    assert run() == 'fake'\n", True),
    "an object": (JOB, f"{HEAD}from p import net\n" + WITH.format("patch.object(net, 'fetch', return_value='fake')"), True),
    "a text of monkeypatch": (JOB, "from p.job import run\ndef test(monkeypatch):\n    monkeypatch.setattr('p.net.fetch', lambda: 'fake')\n    assert run() == 'fake'\n", True),
    "where it is used": (JOB, HEAD + WITH.format("patch('p.job.fetch', return_value='fake')"), False),
    "by its module": ({**NET, "p/job.py": "from p import net\ndef run():\n    return net.fetch()\n"}, HEAD + WITH.format("patch('p.net.fetch', return_value='fake')"), False),
    "in a function": ({**NET, "p/job.py": "def run():\n    from p.net import fetch\n    return fetch()\n"}, HEAD + WITH.format("patch('p.net.fetch', return_value='fake')"), False),
    "used by its own module": ({**JOB, "p/net.py": "def fetch():\n    return 'real'\ndef get():\n    return fetch()\n", "p/job.py": "from p.net import fetch, get\ndef run():\n    return get()\n"}, HEAD + WITH.format("patch('p.net.fetch', return_value='fake')"), False),
    "imported later": (JOB, "from unittest.mock import patch\ndef test():\n    with patch('p.net.fetch', return_value='fake'):\n        from p.job import run\n        assert run() == 'fake'\n", False),
    "an attribute of a class": ({**NET, "p/net.py": "class fetch:\n    def get():\n        return 'real'\n", "p/job.py": "from p.net import fetch\ndef run():\n    return fetch.get()\n"}, HEAD + WITH.format("patch('p.net.fetch.get', return_value='fake')"), False),
    "a table": ({**NET, "p/net.py": "fetch = {'a': 'real'}\n", "p/job.py": "from p.net import fetch\ndef run():\n    return fetch['a']\n"}, HEAD + WITH.format("patch.dict('p.net.fetch', a='fake')"), False),
}  # fmt: skip


def test_a_patch_is_reported_where_the_real_object_runs(make_tree: Tree) -> None:
    files, wrong = {}, set()
    for number, (product, test, is_wrong) in enumerate(CASES.values()):
        own = {**product, f"tests/test_job{number}.py": test}
        files |= {re.sub(r"^p/", f"p{number}/", path): re.sub(r"\bp\b", f"p{number}", own[path]) for path in own}
        wrong |= {f"tests/test_job{number}.py"} if is_wrong else set()
    root = make_tree(files)
    run = [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", "tests"]
    told = subprocess.run(run, cwd=root, capture_output=True, check=False, text=True, env={"PYTHONPATH": "."}).stdout
    found = [each for each in judge(root) if each.rule == "patch-without-effect"]
    assert set(re.findall(r"FAILED (tests/\w+\.py)", told)) == wrong
    assert sorted((each.severity, each.evidence[0].path) for each in found) == [("P3", path) for path in sorted(wrong)]
    assert all(re.search(r"Patch p\d\.job\.fetch$", each.message) for each in found)
