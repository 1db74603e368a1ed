"""Scaffolds in place of shared state run in CPython, and say what is left to do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from report_trees import investigate

from analysis.facts.source_tree import WorkingTree
from analysis.fixes.offers import Offer, Refusal, read_changes
from analysis.fixes.scaffold_state import offer_scaffolds

USER = '''"""Who asks."""
import logging

_current_user = None  # the last one


def note(user, log=logging):
    global _current_user
    _current_user = user
    log.debug( _current_user )


def read():
    def inner():
        return _current_user
    return inner()
'''
POLICY = '[[factory]]\nmatch = ["*Factory"]\nrequire_methods = ["create", "get"]\n'


def offer(folder: Path, files: Mapping[str, str], policy: str = "") -> list[Offer | Refusal]:
    inv = investigate(folder, {"shop/__init__.py": "", **files}, policy, name="tree")
    return list(offer_scaffolds(inv, WorkingTree(folder / "tree")))


def apply(folder: Path, found: list[Offer | Refusal]) -> Path:
    root = folder / "tree"
    [made] = found
    assert isinstance(made, Offer) and made.is_scaffold, made
    for path, content in read_changes(WorkingTree(root), made.edits, made.new_files).items():
        assert content is not None
        (root / path).write_bytes(content)
    return root


def run(root: Path, code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip()


def test_each_context_has_its_own_value_of_a_former_global(tmp_path: Path) -> None:
    """Two contexts do not see each other's user; who reads the module's attribute gets that of its context."""
    reader = "from shop import user\n\n\ndef show():\n    return user._current_user\n"
    root = apply(tmp_path, offer(tmp_path, {"shop/user.py": USER, "shop/reader.py": reader}))
    code = (
        "import contextvars\nfrom shop import user, reader\n"
        "first, second = (contextvars.copy_context() for _ in 'ab')\n"
        "first.run(user.note, 'ann')\nsecond.run(user.set_current_user, 'bob')\n"
        "print(first.run(user.read), second.run(reader.show), user.get_current_user())"
    )
    assert run(root, code) == "ann bob None"
    text = (root / "shop/user.py").read_text()
    assert "    log.debug( _current_user_of_context.get() )\n" in text
    assert "# Scaffold: " in text and "TODO" not in text
    assert not offer(tmp_path, {})


def test_what_is_added_to_the_value_is_set_too(tmp_path: Path) -> None:
    """An augmented assignment reads and sets; an annotation is kept; other globals of the statement stay."""
    source = (
        "from contextvars import ContextVar\nrequest: int = 0\nother = 1\n\n\ndef add(request_id):\n"
        "    global request, other\n"
        "    request += request_id * 2\n    other = 1\n    return request\n"
    )
    root = apply(tmp_path, offer(tmp_path, {"shop/a.py": source}))
    text = (root / "shop/a.py").read_text()
    assert "    global other\n" in text and 'request_of_context: "ContextVar[int]" = ' in text
    assert run(root, "from shop.a import add; print(add(2), add(3))") == "4 10"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (USER.replace("= None  #", "= []  #"), "no constant"),
        (USER.replace("note(user, log", "note(level, log").replace("= user\n", "= level\n"), "may be the process's"),
        (USER + "\n\nprint(_current_user)\n", "read while the module is imported"),
        (USER.replace("= user\n", "= user\n    _current_user, x = user, 1\n"), "another way"),
        (USER + "\n\ndef get_current_user(): ...\n", "has get_current_user already"),
        (USER + "\n\ndef find(name):\n    return globals()[name]\n", "globals()"),
    ],
)
def test_what_a_context_cannot_hold_is_refused(tmp_path: Path, source: str, reason: str) -> None:
    """With the reason."""
    found = offer(tmp_path, {"shop/user.py": source})
    assert [reason in each.reason for each in found if isinstance(each, Refusal)] == [True] and len(found) == 1


def test_somebody_who_binds_the_attribute_of_the_module_is_named(tmp_path: Path) -> None:
    """The value would hide the variable."""
    writer = "from shop import user\n\n\ndef end():\n    user._current_user = None\n"
    [refusal] = offer(tmp_path, {"shop/user.py": USER, "shop/writer.py": writer})
    assert isinstance(refusal, Refusal) and "shop/writer.py:5 binds ._current_user" in refusal.reason
    assert "_current_user" in USER.splitlines()[refusal.line - 1] and refusal.line > 1


def test_a_factory_gets_the_methods_that_the_policy_requires(tmp_path: Path) -> None:
    """By the one method of a like name; without one each context gets an object of its own."""
    source = (
        "class JobFactory:\n    _instance = None\n\n    def __new__(cls):\n        if cls._instance is None:\n"
        "            cls._instance = super().__new__(cls)\n        return cls._instance\n\n    def __init__(self):\n"
        "        self.jobs = []\n"
    )
    found = [each for each in offer(tmp_path, {"shop/jobs.py": source}, POLICY) if "JobFactory" in each.subject]
    root = apply(tmp_path, found)
    code = (
        "import contextvars\nfrom shop.jobs import JobFactory as F\nprint(F() is F(), F.create() is F.create(), "
        "F.get() is F.get(), contextvars.copy_context().run(F.get) is F.get(), "
        "contextvars.Context().run(F.get) is F.get())"
    )
    assert run(root, code) == "True False True True False"
    inv = investigate(tmp_path, {}, POLICY, name="tree")
    assert not inv.find_findings(rule="factory-without-method").num_rows


def test_a_method_of_a_like_name_does_the_work(tmp_path: Path) -> None:
    """With its signature, and awaited where it is."""
    source = (
        "class JobFactory:\n    async def create_for_user(self, user, *names, limit=3, **more):\n"
        "        return user, names, limit, more\n\n    @staticmethod\n    def get_job(key): return key\n"
    )
    root = apply(tmp_path, offer(tmp_path, {"shop/jobs.py": source}, POLICY))
    code = (
        "import asyncio\nfrom shop.jobs import JobFactory as F\n"
        "print(asyncio.run(F().create('u', 1, limit=2, z=4)), F.get(5))"
    )
    assert run(root, code) == "('u', (1,), 2, {'z': 4}) 5"


def test_what_several_methods_may_do_is_refused(tmp_path: Path) -> None:
    """Nobody knows which one is meant."""
    source = "class JobFactory:\n    def create_a(self): ...\n    def create_b(self): ...\n    def get(self): ...\n"
    [refusal] = offer(tmp_path, {"shop/jobs.py": source}, POLICY)
    assert isinstance(refusal, Refusal) and "create_a(), create_b() may each be" in refusal.reason
