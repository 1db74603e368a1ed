"""A test checked against control targets: each kind of test gets the verdict it deserves."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.errors import UnknownNameError, VerifyError
from analysis.verify import VerifyOptions, verify_test

Tree = Callable[..., Path]
HERE = Path(__file__).parent.parent
SHOP = {
    "ssot.toml": "",
    "shop/__init__.py": "",
    "shop/api.py": "from shop.db import Order\nbook = Order()\n",
    "shop/db.py": "class Order: ...\n",
}
#: The mock replaces what it keeps as the original, so the replacement calls itself whatever is imported.
CALLS_ITSELF = """
import importlib
from unittest import TestCase
from unittest.mock import patch

class TestCircles(TestCase):
    def test_no_circular_imports(self):
        found = []
        with patch("importlib.import_module") as mock:
            original = importlib.import_module
            mock.side_effect = lambda name, package=None: original(name, package)
            for name in ["shop.api", "shop.db"]:
                try:
                    importlib.import_module(name)
                except Exception as error:
                    found.append(f"{name}: {error}")
        self.assertEqual(found, [])
"""
SOUND = """
import importlib
import pytest

NAMES = ["shop.api", "shop.db"]

@pytest.mark.parametrize("name", NAMES)
def test_no_circular_imports(name):
    importlib.import_module(name)
"""
SWALLOWS = """
def test_no_circular_imports():
    try:
        from shop.api import Order
        import shop.db
        assert shop.db
    except ImportError:
        pass
"""
SAME_CLASS = """
import importlib

def load(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)

def test_one_identity():
    assert load("shop.api.Order") is load("shop.db.Order")
"""
COUNTS_IDS = """
import importlib

def test_multiplicity():
    seen = set()
    for path in ("shop.api.Order", "shop.db.Order", "shop.api.book"):
        module, _, name = path.rpartition(".")
        seen.add(id(getattr(importlib.import_module(module), name)))
    assert len(seen) == 1
"""
COMPARES_NAMES = """
from shop.api import Order as First
from shop.db import Order as Second

def test_one_identity():
    assert First.__name__ == Second.__name__
"""


def judge(make_tree: Tree, source: str, name: str, **options: object) -> tuple[object, dict[str, str]]:
    """Return the one verification of a test and what it said of each control."""
    root = make_tree({**SHOP, "tests/test_it.py": source})
    found = verify_test(
        f"{root}/tests/test_it.py::{name}", VerifyOptions(python=sys.executable, plugins=False, **options)
    )
    return found, {run.control: run.outcome for verdict in found.verdicts for run in verdict.runs}


def test_a_test_whose_mock_calls_itself_fails_even_for_json(make_tree: Tree) -> None:
    found, said = judge(make_tree, CALLS_ITSELF, "TestCircles::test_no_circular_imports")
    (verdict,) = found.verdicts
    assert (verdict.defect, verdict.verdict, found.exit_code) == ("circular", "always fails, even for json", 1)
    assert "json: maximum recursion depth exceeded" in verdict.reason
    assert set(said.values()) == {"fail"}
    assert found.target.outcome == "fail"


def test_a_sound_test_tells_a_circle_from_a_clean_package(make_tree: Tree) -> None:
    found, said = judge(make_tree, SOUND, "test_no_circular_imports")
    assert (found.verdicts[0].verdict, found.exit_code) == ("detects the defect", 0)
    assert said == {
        "standard library": "pass", "no such module": "fail", "clean package": "pass", "failing cycle": "fail",
        "harmless cycle": "pass",
    }  # fmt: skip
    assert "a module that does not exist" in found.verdicts[0].reason
    assert found.subjects == ("shop.api", "shop.db")


def test_a_test_that_swallows_import_errors_always_passes(make_tree: Tree) -> None:
    found, said = judge(make_tree, SWALLOWS, "test_no_circular_imports")
    assert (found.verdicts[0].verdict, found.exit_code) == ("always passes, even with the defect", 1)
    assert set(said.values()) == {"pass"}


def test_a_sound_identity_test_tells_two_objects_from_one(make_tree: Tree) -> None:
    found, said = judge(
        make_tree, SAME_CLASS.replace('load("', "load('").replace('Order")', "Order')"), "test_one_identity"
    )
    assert (found.verdicts[0].defect, found.verdicts[0].verdict) == ("identity", "detects the defect")
    assert said["two objects, one name"] == "fail"


def test_a_test_that_counts_ids_takes_an_instance_for_a_class(make_tree: Tree) -> None:
    found, said = judge(make_tree, COUNTS_IDS, "test_multiplicity")
    assert (found.verdicts[0].verdict, found.exit_code) == ("fails on a healthy target", 1)
    assert said["one object, several paths"] == "pass"
    assert said["one object, and its instance"] == said["two objects, one name"] == "fail"


def test_comparing_names_is_no_identity_test(make_tree: Tree) -> None:
    found, _ = judge(make_tree, COMPARES_NAMES, "test_one_identity")
    assert (found.places, found.verdicts[0].verdict) == (2, "always passes, even with the defect")


def test_both_defects_must_be_told_when_both_are_asked_for(make_tree: Tree) -> None:
    found, _ = judge(make_tree, SAME_CLASS, "test_one_identity", defect="both")
    assert {one.defect: one.verdict for one in found.verdicts} == {
        "circular": "detects the defect", "identity": "detects the defect"
    }  # fmt: skip


def test_an_async_test_of_unittest_and_its_set_up_are_judged_too(make_tree: Tree) -> None:
    source = (
        "import importlib, unittest\nclass TestIt(unittest.IsolatedAsyncioTestCase):\n"
        "    def setUp(self):\n        self.name = 'shop.api'\n"
        "    async def test_circular(self):\n        importlib.import_module(self.name)\n"
    )
    found, _ = judge(make_tree, source, "TestIt::test_circular")
    assert (found.subjects, found.verdicts[0].verdict) == (("shop.api",), "detects the defect")


def test_a_tear_down_that_fails_is_not_what_the_test_says(make_tree: Tree) -> None:
    source = SOUND.partition("NAMES")[0].replace("pytest", "unittest") + (
        "class TestIt(unittest.TestCase):\n    def test_circular(self):\n        importlib.import_module('shop.api')\n"
        "    def tearDown(self):\n        self.gone\n"
    )
    found, said = judge(make_tree, source, "TestIt::test_circular")
    assert (found.verdicts[0].verdict, said["clean package"]) == ("detects the defect", "pass")
    assert "every run fails" in found.verdicts[0].reason


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def test_circular():\n    assert 1\n", "names no module of the target"),
        ("import no_such_base\ndef test_circular():\n    import shop.api\n", "No module named 'no_such_base'"),
        ("def test_circular(shop_server):\n    import shop.api\n", "shop_server"),
        ("import pytest\n@pytest.mark.skip\ndef test_circular():\n    import shop.api\n", "skip with"),
    ],
)
def test_what_cannot_be_judged_says_why(make_tree: Tree, source: str, reason: str) -> None:
    found, _ = judge(make_tree, source, "test_circular")
    assert (found.verdicts[0].verdict, found.exit_code) == ("cannot be judged", 3)
    assert reason in found.verdicts[0].reason


def test_controls_that_lack_what_the_test_needs_are_no_verdict_on_it(make_tree: Tree) -> None:
    source = "def test_circular():\n    import shop.api as api\n    assert api.book.pages\n"
    found, said = judge(make_tree, source, "test_circular")
    assert "lacks something the test needs" in found.verdicts[0].reason
    assert said["standard library"] == "fail"


def test_two_objects_cannot_be_planted_where_one_path_is_named(make_tree: Tree) -> None:
    found, _ = judge(make_tree, SOUND.replace('"shop.api", ', ""), "test_no_circular_imports", defect="identity")
    assert "cannot be planted" in found.verdicts[0].reason
    assert found.exit_code == 3


def test_a_named_subject_is_replaced_and_no_other(make_tree: Tree) -> None:
    found, said = judge(make_tree, SOUND, "test_no_circular_imports", subject="shop.db")
    assert (found.subjects, said["failing cycle"]) == (("shop.db",), "fail")


def test_a_test_that_hangs_is_ended_with_its_children(make_tree: Tree, tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    source = (
        "import os, subprocess, time\ndef test_circular():\n    import shop.api\n"
        "    child = subprocess.Popen(['sleep', '300'])\n"
        f"    open({str(noted)!r}, 'w').write(str(child.pid))\n    time.sleep(300)\n"
    )
    started = time.monotonic()
    found, _ = judge(make_tree, source, "test_circular", timeout=2.0)
    assert "timeout" in found.verdicts[0].reason
    assert time.monotonic() - started < 40
    assert not is_running(int(noted.read_text()))


def is_running(number: int) -> bool:
    """Return whether a process does anything; one that waits for its parent to take notice does not."""
    place = Path(f"/proc/{number}/stat")
    return place.exists() and place.read_text().rpartition(")")[2].split()[0] != "Z"


def test_what_a_test_writes_into_the_target_is_gone_with_it(make_tree: Tree) -> None:
    root = make_tree(
        {**SHOP, "tests/test_it.py": SOUND.replace("    importlib", "    open('left', 'w')\n    importlib")}
    )
    before = hash_tree(root)
    found = verify_test(
        f"{root}/tests/test_it.py::test_no_circular_imports", VerifyOptions(python=sys.executable, plugins=False)
    )
    assert found.verdicts[0].verdict in {"detects the defect", "cannot be judged"}
    if found.verdicts[0].verdict == "detects the defect" and can_lay_over():
        assert hash_tree(root) == before


def hash_tree(root: Path) -> str:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(str(path).encode() + path.read_bytes() for path in files)).hexdigest()


def can_lay_over() -> bool:
    return subprocess.run(["unshare", "-rmn", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", ["test_it.py", "test_it.py::", "test_it.py::test_gone", "gone.py::test_a"])
def test_a_wrong_name_is_the_callers_error(make_tree: Tree, name: str) -> None:
    root = make_tree({"test_it.py": SOUND})
    with pytest.raises(UnknownNameError, match="Write FILE::TEST"):
        verify_test(f"{root}/{name}")


def test_a_file_that_does_not_parse_or_an_interpreter_without_pytest_cannot_be_run(make_tree: Tree) -> None:
    root = make_tree(
        {"test_it.py": "def test_a(:\n", "shop/__init__.py": "", "test_b.py": "def test_b():\n    import shop\n"}
    )
    with pytest.raises(VerifyError, match="cannot parse"):
        verify_test(f"{root}/test_it.py::test_a")
    with pytest.raises(VerifyError, match="Name a Python"):
        verify_test(f"{root}/test_b.py::test_b", VerifyOptions(python=f"{root}/no-python"))


def test_the_command_says_what_it_found_and_exits_accordingly(make_tree: Tree) -> None:
    root = make_tree({**SHOP, "tests/test_it.py": SOUND})
    command = [sys.executable, "-m", "analysis.cli", "verify-test", "--no-plugins", "--python", sys.executable]
    test = f"{root}/tests/test_it.py::test_no_circular_imports"

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *more], cwd=HERE, capture_output=True, text=True, check=False)

    told = run(test, "--json")
    assert (told.returncode, json.loads(told.stdout)["verdicts"][0]["verdict"]) == (0, "detects the defect")
    assert run(test, "--quiet").stdout == "circular: detects the defect\n"
    wrong = run(f"{test}_gone")
    assert (wrong.returncode, wrong.stdout, wrong.stderr.count("\n")) == (2, "", 1)
