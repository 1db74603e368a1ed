"""Containers that cached functions return and callers change: the next caller gets what Python gives it."""

# ruff: noqa: E501
from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rule_trees import judge

Tree = Callable[..., Path]
HEAD = "from functools import cache, lru_cache\n@lru_cache(maxsize=None)\ndef menu(shop):\n    return ['soup']\n"
OTHER = {"p/menu.py": HEAD}
#: Modules with a function ``f`` that is called for ann, then for bob; with the severity, empty for none.
CASES: Mapping[str, tuple[dict[str, str], str]] = {
    "a local name": ({"p/a.py": f"{HEAD}def f(user):\n    found = menu(1)\n    found.append(user)\n    return found\n"}, "P1"),
    "the call itself": ({"p/a.py": f"{HEAD}def f(user):\n    menu(1).append(user)\n    return menu(1)\n"}, "P1"),
    "what no user hands over": ({"p/a.py": f"{HEAD}def f(what):\n    found = menu(1)\n    found += [what]\n    return found\n"}, "P2"),
    "a table of a local name": ({"p/a.py": "import functools\n@functools.cache\ndef rules():\n    found = {'a': 1}\n    return found\ndef f(user):\n    rules()['who'] = user if 'who' not in rules() else rules()['who']\n    return rules().values()\n"}, "P1"),
    "an empty registry": ({"p/a.py": "import functools\n@functools.cache\ndef rules():\n    return {}\ndef f(what):\n    rules()[what] = what\n    return rules()\n"}, "P3"),
    "by another name": ({**OTHER, "p/a.py": "from p.menu import menu as find\ndef menu(x): ...\ndef f(user):\n    found = find(1)\n    found.append(user)\n    return found\n"}, "P1"),
    "by its import": ({**OTHER, "p/a.py": "from p.menu import menu\ndef f(user):\n    found = menu(1)\n    found.append(user)\n    return found\n"}, "P1"),
    "by its module": ({**OTHER, "p/a.py": "import p.menu as m\ndef f(user):\n    found = m.menu(1)\n    found.append(user)\n    return found\n"}, "P1"),
    "a method": ({"p/a.py": "from functools import lru_cache\nclass S:\n    @lru_cache\n    def menu(self):\n        return ['soup']\n    def f(self, user):\n        self.menu().append(user)\n        return self.menu()\nf = S().f\n"}, "P1"),
    "a method of another class": ({"p/a.py": "from functools import lru_cache\nclass S:\n    @lru_cache\n    def menu(self):\n        return ['soup']\nclass T:\n    def menu(self):\n        return []\n    def f(self, user):\n        self.menu().append(user)\n        return self.menu()\nf = T().f\n"}, ""),
    "a method of a subclass": ({"p/a.py": "from functools import lru_cache\nclass S:\n    @lru_cache\n    def menu(self):\n        return ['soup']\nclass T(S):\n    def f(self, user):\n        self.menu().append(user)\n        return self.menu()\nf = T().f\n"}, "P1"),
    "a copy": ({"p/a.py": f"{HEAD}def f(user):\n    found = list(menu(1))\n    found.append(user)\n    return found\n"}, ""),
    "rebound": ({"p/a.py": f"{HEAD}def f(user):\n    found = menu(1)\n    found = [*found]\n    found.append(user)\n    return found\n"}, ""),
    "a tuple": ({"p/a.py": f"{HEAD.replace('[', '(').replace(']', ',)')}def f(user):\n    found = menu(1)\n    found += (user,)\n    return found\n"}, ""),
    "another name": ({**OTHER, "p/a.py": "import p.menu\ndef menu(x):\n    return []\ndef f(user):\n    found = menu(1)\n    found.append(user)\n    return found\n"}, ""),
    "a cache that copies": ({"p/a.py": "def cache(f):\n    return lambda *a: list(f(*a))\n@cache\ndef menu(x):\n    return ['soup']\ndef f(user):\n    menu(1).append(user)\n    return menu(1)\n"}, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_changed_result_of_a_cache_is_reported_where_the_next_caller_gets_it(case: str, make_tree: Tree) -> None:
    files, severity = CASES[case]
    root = make_tree({"p/__init__.py": "", **files})
    run = [sys.executable, "-c", "from p.a import f; f('ann'); assert 'ann' not in f('bob')"]
    is_carried = subprocess.run(run, cwd=root, capture_output=True, check=False).returncode != 0
    found = [each.severity for each in judge(root) if each.rule == "cached-result-changed"]
    assert (found, is_carried) == ([severity] if severity else [], bool(severity))


DESK = "from functools import lru_cache\nclass Desk:\n    def __init__(self):\n        self.user = ''\n    def login(self, {0}):\n        self.user = {0}\n    {1}def show(self):\n        return self.user\n"
METHODS: Mapping[str, tuple[str, str]] = {
    "a user": (DESK.format("user", "@lru_cache\n    "), "P1"),
    "anything": (DESK.format("what", "@lru_cache(maxsize=9)\n    "), "P2"),
    "no cache": (DESK.format("user", ""), ""),
    "cleared": (DESK.format("user", "@lru_cache\n    ").replace("self.user = user", "self.user = user\n        Desk.show.cache_clear()"), ""),
    "a cache of another name": (DESK.format("user", "@reflection.cache\n    ").replace("class Desk", "class reflection:\n    cache = staticmethod(lambda f: f)\nclass Desk"), ""),
    "a cache of one's own": (DESK.format("user", "@cache\n    ").replace("from functools import lru_cache", "def cache(f): return f"), ""),
    "another attribute": (DESK.format("user", "@lru_cache\n    ").replace("return self.user", "return type(self)"), ""),
}  # fmt: skip


@pytest.mark.parametrize("case", METHODS)
def test_a_cached_method_is_reported_where_it_gives_what_was_true_before(case: str, make_tree: Tree) -> None:
    source, severity = METHODS[case]
    root = make_tree({"p/__init__.py": "", "p/a.py": source})
    code = (
        "from p.a import Desk; d = Desk(); d.login('ann'); d.show(); d.login('bob'); assert d.show() in ('bob', Desk)"
    )
    is_stale = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=False).returncode != 0
    found = [each.severity for each in judge(root) if each.rule == "cached-method-stale"]
    assert (found, is_stale) == ([severity] if severity else [], bool(severity))
