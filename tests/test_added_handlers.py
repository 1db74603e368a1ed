"""Handlers that each call adds to a logger: Python counts them, and so does the rule."""

# ruff: noqa: E501
from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rule_trees import judge

Tree = Callable[..., Path]
HEAD = "import logging\nimport functools\nlog = None\n"
BODY = "    logger = logging.getLogger('a')\n    logger.addHandler(logging.StreamHandler())\n    return logger\n"
#: A module whose function ``f`` is called twice, and the severity; empty for none.
CASES: Mapping[str, tuple[str, str]] = {
    "a getter": (f"{HEAD}def f():\n{BODY}", "P2"),
    "a handler of a local name": (f"{HEAD}def f():\n    logger = logging.getLogger('a')\n    h = logging.StreamHandler()\n    h.setLevel(10)\n    logger.addHandler(h)\n    return logger\n", "P2"),
    "a name that is given": (f"{HEAD}def f(name='a'):\n{BODY.replace(chr(39) + 'a' + chr(39), 'name')}def g():\n    return f('a')\n", "P2"),
    "a name of each module": (f"{HEAD}def f(name='a'):\n{BODY.replace(chr(39) + 'a' + chr(39), 'name')}", "P3"),
    "a method that is given a name": (f"{HEAD}class S:\n    def get(self, name='a'):\n{BODY.replace('    ', '        ').replace(chr(39) + 'a' + chr(39), 'name')}f = S().get\n", "P3"),
    "each object": (f"{HEAD}class f:\n    def __init__(self):\n        self.log = logging.getLogger('a')\n        self.log.addHandler(logging.StreamHandler())\n", "P3"),
    "asked before": (f"{HEAD}def f():\n    logger = logging.getLogger('a')\n    if not logger.handlers:\n        logger.addHandler(logging.StreamHandler())\n    return logger\n", ""),
    "left before": (f"{HEAD}done = []\ndef f():\n    logger = logging.getLogger('a')\n    if done:\n        return logger\n    done.append(1)\n    logger.addHandler(logging.StreamHandler())\n    return logger\n", ""),
    "cached": (f"{HEAD}@functools.cache\ndef f():\n{BODY}", ""),
    "emptied before": (f"{HEAD}def f():\n    logger = logging.getLogger('a')\n    logger.handlers.clear()\n    logger.addHandler(logging.StreamHandler())\n    return logger\n", ""),
    "one handler for all": (f"{HEAD}H = logging.StreamHandler()\ndef f():\n    logger = logging.getLogger('a')\n    logger.addHandler(H)\n    return logger\n", ""),
    "a logger of its own": (f"{HEAD}def f():\n    logger = logging.Logger('a')\n    logger.addHandler(logging.StreamHandler())\n    return logger\n", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_handler_that_each_call_adds_is_reported(case: str, make_tree: Tree) -> None:
    source, severity = CASES[case]
    root = make_tree({"p/__init__.py": "", "p/a.py": source})
    run = [
        sys.executable,
        "-c",
        "from p.a import f, logging; f(); f(); assert len(logging.getLogger('a').handlers) < 2",
    ]
    is_added = subprocess.run(run, cwd=root, capture_output=True, check=False).returncode != 0
    found = [each.severity for each in judge(root) if each.rule == "handler-added-again"]
    assert (found, is_added) == ([severity] if severity else [], bool(severity))
