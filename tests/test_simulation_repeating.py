"""What bodies and calls did in one simulated process is repeated in others only where it would be done again."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from first_imports import compare
from test_simulation_sharing import _assert_same

from analysis.facts import scan
from analysis.runtime import find_entries
from analysis.simulation import Simulation, simulate_entries
from analysis.simulation.entries import run_deep

Make = Callable[..., Path]

#: A logger that is made ready by whoever asks first: it imports the configuration, which asks for a logger too.
LOGGER = {
    "log.py": """
_instance = None

class Logger:
    def __init__(self):
        self.config = None
        self.is_ready = False

    def prepare(self):
        if self.is_ready:
            return
        try:
            from settings import settings
            self.config = settings
        except ImportError:
            self.config = {"level": "INFO"}
        self.is_ready = True

def get_logger(name):
    global _instance
    if _instance is None:
        _instance = Logger()
    _instance.prepare()
    return _instance
""",
    "settings/__init__.py": "from settings.loader import load\nsettings = load()\n",
    "settings/loader.py": "from log import get_logger\nlogger = get_logger(__name__)\n"
    "from settings.schema import Schema\n\ndef load():\n    return Schema()\n",
    "settings/schema.py": "from log import get_logger\nlogger = get_logger(__name__)\nclass Schema:\n    level = 1\n",
}
USER = "from log import get_logger\nlogger = get_logger(__name__)\n"


def _write_users(count: int) -> dict[str, str]:
    """Return modules that ask for a logger, and import from one another, some in cycles."""
    users = {}
    for number in range(count):
        others = f"from u{number - 1} import logger as other\n" if number else ""
        users[f"u{number}.py"] = USER + others
    users["ring_a.py"] = USER + "import ring_b\nclass A: pass\n"
    users["ring_b.py"] = USER + "try:\n    from ring_a import A\nexcept ImportError:\n    A = None\n"
    return users


def test_a_logger_that_is_made_ready_once_leads_to_what_each_process_finds_by_itself(make_tree: Make) -> None:
    root = make_tree(LOGGER | _write_users(6))
    _assert_same(root)
    different, count = compare(root)
    assert count > 8
    assert different == []


def test_a_body_that_was_run_before_takes_few_statements_the_next_time(make_tree: Make) -> None:
    root = make_tree(LOGGER | _write_users(40))
    facts = scan(root, jobs=1)
    entries = [(entry.module, entry.path) for entry in find_entries(facts)]
    shared, alone = Simulation(facts), Simulation(facts, is_sharing=False)
    for simulation in (shared, alone):
        run_deep(lambda each=simulation: [each.find_delta(each.find_entry(name)) for name, _ in entries])
    assert shared.steps * 10 < alone.steps


def test_modules_that_all_star_import_each_other_leave_what_they_leave_alone_and_few_records(make_tree: Make) -> None:
    count = 24
    stars = {
        f"m{at}.py": "".join(f"from m{other} import *\n" for other in range(count) if other != at) + f"X{at} = 1\n"
        for at in range(count)
    }
    root = make_tree(stars)
    _assert_same(root)
    facts = scan(root, jobs=1)
    simulation = Simulation(facts)
    entries = find_entries(facts)
    run_deep(lambda: [simulation.find_delta(simulation.find_entry(entry.module)) for entry in entries])
    # Each body runs in each process: most of the runs must not be recorded when no record ever fits.
    assert max(each.runs for each in simulation.bodies.values()) >= count // 2
    assert all(each.misses < each.runs // 2 for each in simulation.bodies.values() if not each.hits)


def _write_find(statement: str) -> str:
    return f"def find():\n    try:\n        {statement}\n    except ImportError:\n        return None\n    return X\n"


#: Where the same body, or call, does something else in another process.
STATES = {
    "an attribute of an object": {
        "state.py": "class State:\n    mode = 0\nstate = State()\n",
        "m.py": "from state import state\nif state.mode == 1:\n    import pk.gone\n",
        "b.py": "import m\n", "a.py": "from state import state\nif True:\n    import m\n",
    },
    "a function that imports in a try": {
        "late.py": _write_find("from ring import X"), "ring.py": "import user\nX = 1\n",
        "user.py": "from late import find\nX = find()\nif X is None:\n    import pk.gone\n",
        "a.py": "import ring\n", "b.py": "import user\n",
        "c.py": "try:\n    import a\nexcept ImportError:\n    import b\n",
    },
    "a call that fails each time": {
        "late.py": _write_find("import broken as X"), "broken.py": "import pk.gone\n",
        "a.py": "from late import find\nA = find()\nB = find()\n",
        "b.py": "import a\nfrom late import find\nC = find()\n",
        "c.py": "from late import find\nD = find()\nimport b\n",
    },
    "a submodule that others have loaded": {
        "p/__init__.py": "", "p/s.py": "", "m.py": "import p\ndef has():\n    return hasattr(p, 's')\nHAS = has()\n"
        "if HAS:\n    import pk.gone\n", "a.py": "import m\n", "b.py": "import p.s\nimport m\n",
        "c.py": "try:\n    import b\nexcept ImportError:\n    import m\n",
    },
    "a star from what another has changed": {
        "base.py": "X = 1\n", "m.py": "from base import *\nif 'Y' in globals():\n    import pk.gone\n",
        "a.py": "import base\nbase.Y = 2\nimport m\n", "b.py": "import m\nimport base\nbase.Y = 2\n",
    },
    "a module that asks what is loaded": {
        "m.py": "import sys\nif 'x' in sys.modules:\n    import pk.gone\n", "x.py": "", "a.py": "import x, m\n",
        "b.py": "import m, x\n", "c.py": "import b\nimport a\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("what", STATES)
def test_what_reads_another_state_is_run_anew(make_tree: Make, what: str) -> None:
    root = make_tree(STATES[what] | {"pk/__init__.py": ""})
    _assert_same(root)
    different, _ = compare(root)
    assert different == []


_PARTS = (
    "import s{other}\n",
    "STATE = {state}\n",
    "def set_state():\n    global STATE\n    STATE = {state} + 1\n",
    _write_find("from s{third} import Thing as X").replace("find", "load"),
    "class Thing:\n    kind = {number}\n",
    "from late{late} import find, enter\nfound = find()\n",
    "try:\n    from s{other} import Thing as T\nexcept ImportError:\n    T = None\n",
    "try:\n    s{other}.set_state()\nexcept (AttributeError, NameError):\n    pass\n",
    "try:\n    if s{other}.STATE == 1:\n        import s{third}\nexcept (AttributeError, NameError):\n    pass\n",
)  # fmt: skip
_LATE = """
_found = None
COUNT = []

def find():
    global _found
    if _found is None:
        try:
            from s{other} import load
            _found = load()
        except ImportError:
            return None
    return _found

def enter():
    COUNT.append(1)
    if _found is None:
        find()
"""


def _write_stateful(seed: int, count: int) -> dict[str, str]:
    """Return modules that call one another's functions: these import, read and set what is global, and swallow."""
    random_ = random.Random(seed)
    files = {}
    for number in range(count):
        parts = [*random_.sample(_PARTS, len(_PARTS)), "enter()\n"]
        if random_.random() < 0.3:
            parts.append("if T is None:\n    import s{third}\n")
        other, third, late, state = (random_.randrange(most) for most in (count, count, 3, 2))
        text = "".join(parts)
        files[f"s{number}.py"] = text.format(other=other, third=third, late=late, state=state, number=number)
    for number in range(3):
        files[f"late{number}.py"] = _LATE.format(other=random_.randrange(count))
    return files


@pytest.mark.parametrize("seed", range(8))
def test_random_modules_that_call_one_another_end_as_they_do_alone(make_tree: Make, seed: int) -> None:
    _assert_same(make_tree(_write_stateful(seed, 12)))


def test_with_a_time_budget_in_parts_everything_is_found_that_is_found_at_once(make_tree: Make, tmp_path: Path) -> None:
    root = make_tree(LOGGER | _write_users(6))
    facts = scan(root, jobs=1)
    entries = [(entry.module, entry.path) for entry in find_entries(facts)]
    whole = simulate_entries(facts, entries)
    half = entries[: len(entries) // 2]
    simulate_entries(facts, half, cache=tmp_path / "c")
    kept = simulate_entries(facts, entries, cache=tmp_path / "c")
    assert {name: table.to_pylist() for name, table in kept.items()} == {
        name: table.to_pylist() for name, table in whole.items()
    }
