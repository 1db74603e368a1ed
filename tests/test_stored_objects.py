"""Siblings of three kinds: an object made on import for all, a name copied before it is bound, what is made once.

CPython is the witness: ``app`` has a function ``serve`` that two users call one after the other, or a function
``read`` that shows what a module keeps of a name.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rule_trees import judge

Tree = Callable[..., Path]
WITNESS = """
import sys
sys.path.insert(0, sys.argv[1])
import app
first, second = app.serve("ann"), app.serve("bob")
show = lambda value: str(value() if callable(value) else value)
print("mixed" if "bob" in show(first) or "ann" in show(second) else "apart")
"""
READ = "import sys; sys.path.insert(0, sys.argv[1]); import app; app.start(); print(app.read())"


def run(root: Path, code: str) -> str:
    """Return what CPython prints."""
    command = [sys.executable, "-B", "-c", code, str(root)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def tell(root: Path, *rules: str) -> list[tuple[str, str, str]]:
    """Return severity, rule and subject of the findings of some rules."""
    return sorted((each.severity, each.rule, each.subject) for each in judge(root) if each.rule in rules)


FACTORIES: Mapping[str, tuple[str, str, str]] = {
    "the first user's object is kept": ("mixed", "P1", """
        class Desk:
            def __init__(self, user): self.user = user
        class Desks:
            def __init__(self): self._desk = None
            def get_desk(self, user):
                if self._desk is None:
                    self._desk = Desk(user)
                return self._desk
        _holder = [Desks()]
        def serve(user): return _holder[0].get_desk(user).user
        """),
    "by a local name": ("mixed", "P1", """
        class Desk:
            def __init__(self, user): self.user = user
        class Desks:
            _one = None
            def make(self, user):
                if self._one is not None:
                    return self._one
                made = Desk(user)
                self._one = made
                return made
        _holder = [Desks()]
        def serve(user): return _holder[0].make(user).user
        """),
    "under a key that is not the user's": ("mixed", "P1", """
        class Desk:
            def __init__(self, kind, user): self.kind, self.user = kind, user
        class Desks:
            def __init__(self): self._made = {}
            def create(self, kind, user):
                if kind not in self._made:
                    self._made[kind] = Desk(kind, user)
                return self._made[kind]
        _holder = [Desks()]
        def serve(user): return _holder[0].create("plain", user).user
        """),
    "what no name calls a user": ("mixed", "P2", """
        class Desk:
            def __init__(self, text): self.text = text
        class Desks:
            def __init__(self): self._desk = None
            def build(self, text):
                self._desk = self._desk or None
                if not self._desk:
                    self._desk = Desk(text)
                return self._desk
        _holder = [Desks()]
        def serve(text): return _holder[0].build(text).text
        """),
    "by setdefault": ("mixed", "P1", """
        class Desk:
            def __init__(self, user): self.user = user
        class Desks:
            def __init__(self): self._made = {}
            def make(self, user): return self._made.setdefault("desk", Desk(user))
        _holder = [Desks()]
        def serve(user): return _holder[0].make(user).user
        """),
    "by setdefault under the key of the user": ("apart", "", """
        class Desk:
            def __init__(self, user): self.user = user
        class Desks:
            def __init__(self): self._made = {}
            def make(self, user): return self._made.setdefault(user, Desk(user))
        _holder = [Desks()]
        def serve(user): return _holder[0].make(user).user
        """),
    "under the key of the user": ("apart", "", """
        class Desk:
            def __init__(self, user): self.user = user
        class DeskFactory:
            def __init__(self): self._made = {}
            def create(self, user):
                if user not in self._made:
                    self._made[user] = Desk(user)
                return self._made[user]
        _holder = [DeskFactory()]
        def serve(user): return _holder[0].create(user).user
        """),
    "a new one for each": ("apart", "", """
        class Desk:
            def __init__(self, user): self.user = user
        class DeskFactory:
            def create(self, user):
                made = Desk(user)
                return made
        _holder = [DeskFactory()]
        def serve(user): return _holder[0].create(user).user
        """),
}  # fmt: skip


@pytest.mark.parametrize("name", FACTORIES)
def test_a_factory_that_keeps_what_it_made_for_the_first(make_tree: Tree, name: str) -> None:
    seen, severity, source = FACTORIES[name]
    root = make_tree({"app.py": textwrap.dedent(source)})
    assert run(root, WITNESS) == seen
    assert [each[0] for each in tell(root, "factory-keeps-object")] == ([severity] if severity else [])


SINGLE: Mapping[str, str] = {
    "a decorator that is a class": """
        class single:
            def __init__(self, kind):
                self._kind = kind
                self._one = None
            def __call__(self, *args):
                if self._one is None:
                    self._one = self._kind(*args)
                return self._one
        @single
        class Desk:
            def __init__(self, user): self.user = user
        def serve(user): return Desk(user).user
        """,
    "a metaclass that the base has": """
        class Single(type):
            _made = {}
            def __call__(cls, *args):
                if cls not in cls._made:
                    cls._made[cls] = super().__call__(*args)
                return cls._made[cls]
        class Base(metaclass=Single): ...
        class Desk(Base):
            def __init__(self, user): self.user = user
        def serve(user): return Desk(user).user
        """,
    "a metaclass that extends one": """
        class Single(type):
            _made = {}
            def __call__(cls, *args):
                if cls not in cls._made:
                    cls._made[cls] = super().__call__(*args)
                return cls._made[cls]
        class Named(Single): ...
        class Desk(metaclass=Named):
            def __init__(self, user): self.user = user
        def serve(user): return Desk(user).user
        """,
    "the base's constructor": """
        class Base:
            _one = None
            def __new__(cls, *args):
                if cls._one is None:
                    cls._one = super().__new__(cls)
                return cls._one
        class Desk(Base):
            def __init__(self, user): self.user = getattr(self, "user", user)
        def serve(user): return Desk(user).user
        """,
    "a class inside another": """
        class Office:
            class Desk:
                _one = None
                def __init__(self, user): self.user = user
                @staticmethod
                def get(user):
                    if Office.Desk._one is None:
                        Office.Desk._one = Office.Desk(user)
                    return Office.Desk._one
        def serve(user): return Office.Desk.get(user).user
        """,
}


@pytest.mark.parametrize("name", SINGLE)
def test_a_class_has_one_object_by_others(make_tree: Tree, name: str) -> None:
    root = make_tree({"app.py": textwrap.dedent(SINGLE[name])})
    assert run(root, WITNESS) == "mixed"
    found = [
        subject.rpartition(":")[2].rpartition(".")[2] for grade, _, subject in tell(root, "singleton") if grade == "P1"
    ]
    assert found == ["Desk"]


def test_a_class_with_a_constructor_of_its_own_is_no_singleton(make_tree: Tree) -> None:
    source = """
        class Base:
            _one = None
            def __new__(cls, *args):
                if cls._one is None:
                    cls._one = super().__new__(cls)
                return cls._one
        class Desk(Base):
            def __new__(cls, *args): return object.__new__(cls)
            def __init__(self, user): self.user = user
        def serve(user): return Desk(user).user
        """
    root = make_tree({"app.py": textwrap.dedent(source)})
    assert run(root, WITNESS) == "apart"
    assert tell(root, "singleton") == [("P2", "singleton", "app:Base")]


SETTINGS = "STORE = None\ndef start():\n    global STORE\n    STORE = 'store'\n"
STALE: Mapping[str, tuple[str, dict[str, str]]] = {
    "a star": ("None", {
        "conf.py": SETTINGS, "docs.py": "from conf import *\ndef read():\n    return STORE\n",
        "app.py": "from conf import start\nfrom docs import read\n",
    }),
    "a star that a facade passes on": ("None", {
        "conf.py": SETTINGS, "facade.py": "from conf import *\n",
        "docs.py": "from facade import STORE\ndef read():\n    return STORE\n",
        "app.py": "from conf import start\nfrom docs import read\n",
    }),
    "a star over a list of names": ("None", {
        "conf.py": SETTINGS.replace("STORE", "_store") + "__all__ = ['_store', 'start']\n",
        "app.py": "from conf import *\ndef read():\n    return _store\n",
    }),
    "an import in a class body": ("None", {
        "conf.py": SETTINGS, "app.py": "from conf import start\nclass Docs:\n    from conf import STORE\n"
        "def read():\n    return Docs.STORE\n",
    }),
    "a name that is copied twice": ("None", {
        "conf.py": SETTINGS, "names.py": "from conf import STORE as SHELF\n",
        "app.py": "from conf import start\nimport names\nSHOWN = names.SHELF\ndef read():\n    return SHOWN\n",
    }),
    "another module sets it": ("None", {
        "conf.py": "STORE = None\n", "docs.py": "from conf import STORE\ndef read():\n    return STORE\n",
        "app.py": "import conf\nfrom docs import read\ndef start():\n    conf.STORE = 'store'\n",
    }),
    "another module sets it by its name": ("None", {
        "conf.py": "STORE = None\n", "docs.py": "from conf import STORE\ndef read():\n    return STORE\n",
        "app.py": "import conf\nfrom docs import read\ndef start():\n    setattr(conf, 'STORE', 'store')\n",
    }),
    "the dict of the module has it": ("None", {
        "conf.py": "STORE = None\ndef start():\n    globals()['STORE'] = 'store'\n",
        "app.py": "from conf import STORE, start\ndef read():\n    return STORE\n",
    }),
    "another module sets it, and it is read there": ("store", {
        "conf.py": "STORE = None\n", "docs.py": "import conf\ndef read():\n    return conf.STORE\n",
        "app.py": "import conf\nfrom docs import read\ndef start():\n    conf.STORE = 'store'\n",
    }),
    "the copy is set, too": ("store", {
        "conf.py": "STORE = None\n", "docs.py": "from conf import STORE\ndef read():\n    return STORE\n",
        "app.py": "import conf, docs\nfrom docs import read\ndef start():\n    conf.STORE = docs.STORE = 'store'\n",
    }),
    "an object gets another class": ("old", {
        "conf.py": "class Store:\n    def turn(self):\n        self.__class__ = New\nclass New(Store): ...\n",
        "app.py": "from conf import Store\ndef start():\n    Store().turn()\ndef read():\n    return 'old'\n",
    }),
    "a star without the name": ("store", {
        "conf.py": SETTINGS + "__all__ = ['start']\n",
        "app.py": "from conf import *\nimport conf\ndef read():\n    return conf.STORE\n",
    }),
    "an import inside the function": ("store", {
        "conf.py": SETTINGS,
        "app.py": "from conf import start\ndef read():\n    from conf import STORE\n    return STORE\n",
    }),
    "a function calls it on import": ("store", {
        "conf.py": SETTINGS + "def prepare():\n    start()\nprepare()\n",
        "app.py": "from conf import STORE, start\ndef read():\n    return STORE\n",
    }),
    "a function of another module calls it on import": ("store", {
        "conf.py": SETTINGS, "first.py": "import conf\ndef prepare():\n    conf.start()\nprepare()\n",
        "app.py": "import first\nfrom conf import STORE, start\ndef read():\n    return STORE\n",
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", STALE)
def test_a_name_is_copied_before_it_is_bound(make_tree: Tree, name: str) -> None:
    seen, files = STALE[name]
    root = make_tree(files)
    assert run(root, READ) == seen
    assert bool(tell(root, "stale-global-copy")) == (seen == "None")


ONCE: Mapping[str, str] = {
    "a getter": """
        class Pool: ...
        _pool = None
        def get_pool():
            global _pool
            if _pool is None:
                _pool = Pool()
            return _pool
        """,
    "a getter with an early return": """
        class Pool: ...
        _pool = None
        def get_pool():
            global _pool
            if _pool is not None:
                return _pool
            _pool = Pool()
            return _pool
        """,
    "a getter behind a lock": """
        import threading
        class Pool: ...
        _pool = None
        _lock = threading.Lock()
        def get_pool():
            global _pool
            if _pool is None:
                with _lock:
                    if _pool is None:
                        _pool = Pool()
            return _pool
        """,
    "a getter in a module's dict": """
        class Pool: ...
        _made = {}
        def get_pool():
            if "pool" not in _made:
                _made["pool"] = Pool()
            return _made["pool"]
        """,
    "a getter by a local name": """
        class Pool: ...
        _pool = None
        def get_pool():
            global _pool
            pool = _pool
            if pool is None:
                pool = Pool()
                _pool = pool
            return pool
        """,
}


@pytest.mark.parametrize("name", ONCE)
def test_what_is_made_once_on_demand_is_at_most_mentioned(make_tree: Tree, name: str) -> None:
    root = make_tree({"app.py": textwrap.dedent(ONCE[name]) + "def serve(user):\n    get_pool()\n    return user\n"})
    assert run(root, WITNESS) == "apart"
    assert {each.severity for each in judge(root)} <= {"P3"}


def test_constants_in_classes_and_modules_are_one_finding_each(make_tree: Tree) -> None:
    files = {
        "app/__init__.py": "", "app/conf.py": "READY = False\n",
        "app/desk.py": "from app import conf\nclass Desk:\n    size = 1\n    open = False\n    def grow(self):\n"
        "        type(self).size = 3\n    @classmethod\n    def enter(cls):\n        cls.open = True\n"
        "def prepare():\n    conf.READY = True\n",
    }  # fmt: skip
    assert tell(make_tree(files), "shared-attribute-set") == [
        ("P3", "shared-attribute-set", "app.conf"), ("P3", "shared-attribute-set", "app.desk:Desk"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ("def test_x():\n    a.SIZE = 2\n", True),
        ("class TestX:\n    def test_x(self):\n        a.Desk.size = 2\n", True),
        ("from p.a import Desk\ndef test_x():\n    Desk.size = 2\n", True),
        ("def test_x():\n    old = a.SIZE\n    a.SIZE = 2\n    a.SIZE = old\n", False),
        ("def test_x(monkeypatch):\n    monkeypatch.setattr(a, 'SIZE', 2)\n", False),
        ("from unittest import mock\ndef test_x():\n    with mock.patch('p.a.SIZE'):\n        a.SIZE = 2\n", False),
        ("def setUp():\n    a.SIZE = 2\ndef tearDown():\n    a.SIZE = 1\n", False),
        (
            "class TestX:\n    def test_x(self):\n        self.addCleanup(setattr, a, 'SIZE', 1)\n        a.SIZE = 2\n",
            False,
        ),
        ("def test_x():\n    assert a.SIZE == 1\n", False),
    ],
)
def test_tests_that_set_what_the_product_has(make_tree: Tree, source: str, is_found: bool) -> None:
    files = {
        "p/__init__.py": "", "p/a.py": "SIZE = 1\nclass Desk:\n    size = 1\n",
        "tests/test_a.py": "from p import a\n" + source,
    }  # fmt: skip
    found = tell(make_tree(files), "test-sets-global")
    assert [grade for grade, *_ in found] == (["P3"] if is_found else [])
    assert tell(make_tree(files), "shared-attribute-set") == []
