"""What one call leaves for the next: two users in CPython are the witness, a correct twin has no finding.

Each source has a function ``serve`` that is called for ann and then for bob and returns what they see.
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
#: ann is served, then bob in another thread; does ann see bob, or bob ann?
WITNESS = """
import sys, threading
sys.path.insert(0, sys.argv[1])
from app import serve
seen = {}
def turn(name):
    seen[name] = serve(name)
for name in ("ann", "bob"):
    thread = threading.Thread(target=turn, args=(name,))
    thread.start()
    thread.join()
def show(value):
    return str(value() if callable(value) else value)
print("mixed" if "bob" in show(seen["ann"]) or "ann" in show(seen["bob"]) else "apart")
"""
RULES = {
    "argument-kept-for-all",
    "global-rebound",
    "singleton",
    "shared-class-attribute",
    "object-keeps-request",
    "object-keeps-argument",
    "factory-keeps-object",
}


def run(root: Path) -> str:
    """Return whether two users see each other's data: ``mixed`` or ``apart``."""
    command = [sys.executable, "-B", "-c", WITNESS, str(root)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def grade(root: Path) -> list[tuple[str, str]]:
    """Return severity and rule of what is found of shared state, P3 apart."""
    return sorted(
        (finding.severity, finding.rule)
        for finding in judge(root)
        if finding.rule in RULES and finding.severity != "P3"
    )


MIXED: Mapping[str, str] = {
    "a queue of the module": """
        import queue
        WAITING = queue.Queue()
        def serve(user):
            WAITING.put(user)
            return [*WAITING.queue]
        """,
    "another queue, without waiting": """
        from asyncio import Queue
        WAITING = Queue()
        def serve(user):
            WAITING.put_nowait(user)
            return [*WAITING._queue]
        """,
    "a queue that is awaited": """
        import asyncio
        WAITING = asyncio.Queue()
        async def put(user):
            await WAITING.put(user)
        def serve(user):
            asyncio.run(put(user))
            return [*WAITING._queue]
        """,
    "a deque": """
        from collections import deque
        LAST = deque(maxlen=3)
        def serve(user):
            LAST.appendleft(user)
            return [*LAST]
        """,
    "a variable of the environment": """
        import os
        def serve(user):
            before = os.environ.get("CURRENT_USER", "")
            os.environ["CURRENT_USER"] = user
            return before + user
        """,
    "a variable of the environment, by its own name": """
        from os import environ
        def serve(user):
            before = environ.get("CURRENT_USER", "")
            environ.update(CURRENT_USER=user)
            return before + user
        """,
    "a method by another name": """
        SEEN = []
        add = SEEN.append
        def serve(user):
            add(user)
            return list(SEEN)
        """,
    "a partial of a method": """
        from functools import partial
        SEEN = []
        add = partial(SEEN.insert, 0)
        def serve(user):
            add(user)
            return list(SEEN)
        """,
    "a text that grows": """
        log = ""
        def serve(user):
            global log
            log += user
            return log
        """,
    "a dict of the function around it": """
        def make():
            seen = {}
            def get(user):
                seen['user'] = user
                return seen
            return get
        get = make()
        def serve(user): return get(user)
        """,
    "a list of the function around it": """
        def make():
            seen = []
            def get(user):
                seen.append(user)
                return seen
            return get
        collect = make()
        def serve(user): return collect(user)
        """,
    "a name of the function around it": """
        def make_getter():
            current = None
            def get(user):
                nonlocal current
                if current is None:
                    current = user
                return current
            return get
        get_user = make_getter()
        def serve(user): return get_user(user)
        """,
    "a decorator that remembers the first result": """
        def once(function):
            kept = []
            def wrapper(*args):
                if not kept:
                    kept.append(function(*args))
                return kept[0]
            return wrapper
        class Session:
            def __init__(self, user): self.user = user
        @once
        def get_session(user):
            return Session(user)
        def serve(user): return get_session(user).user
        """,
    "a decorator with one result": """
        import functools
        def memo(function):
            result = None
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                nonlocal result
                if result is None:
                    result = function(*args, **kwargs)
                return result
            return wrapper
        @memo
        def load_profile(user):
            return {'user': user}
        def serve(user): return load_profile(user)
        """,
    "a dict that a function has": """
        def serve(user):
            serve.state['user'] = user
            return serve.state
        serve.state = {}
        """,
    "an update of a dict of the class": """
        class Desk:
            context = {}
            def bind(self, user):
                self.context.update(user=user)
                return self.context
        def serve(user): return Desk().bind(user)
        """,
    "the default of a context variable": """
        from contextvars import ContextVar
        state = ContextVar('state', default={})
        def serve(user):
            state.get()['user'] = user
            return state.get()
        """,
    "the default of a context variable by a local name": """
        import contextvars
        messages: contextvars.ContextVar[list] = contextvars.ContextVar('messages', default=[])
        def serve(user):
            found = messages.get()
            found.append(user)
            return found
        """,
    "objects with one dict for all": """
        class Session:
            _shared = {}
            def __init__(self, user):
                self.__dict__ = self._shared
                self.__dict__.setdefault('user', user)
        def serve(user): return Session(user).user
        """,
    "an attribute of the module by its name": """
        import sys
        current = None
        def serve(user):
            if current is None:
                setattr(sys.modules[__name__], 'current', user)
            return current
        """,
    "an attribute of the class by its name": """
        class Ctx:
            user = None
        def serve(user):
            if Ctx.user is None:
                setattr(Ctx, 'user', user)
            return Ctx.user
        """,
    "the names of the module as a dict": """
        def serve(user):
            if 'current' not in globals():
                globals()['current'] = user
            return current
        """,
    "the first request stays in a lazily made object": """
        class Desk:
            def __init__(self, request): self.request = request
        _desk = None
        def get_desk(request):
            global _desk
            if _desk is None:
                _desk = Desk(request)
            return _desk
        def serve(user): return get_desk(user).request
        """,
    "an early return keeps the first one": """
        class Desk:
            def __init__(self, owner): self.owner = owner
        _desk = None
        def get_desk(owner):
            global _desk
            if _desk is not None:
                return _desk
            _desk = Desk(owner)
            return _desk
        def serve(user): return get_desk(user).owner
        """,
    "an attribute of a module's object is overwritten": """
        class Desk:
            request = None
        desk = Desk()
        def serve(request):
            desk.request = request
            return lambda: desk.request
        """,
    "a list of the module collects": """
        SEEN = []
        def serve(user):
            SEEN.append(user)
            return list(SEEN)
        """,
    "a dict of the module has one key for all": """
        STATE = {}
        def serve(user):
            state = STATE
            state["user"] = user
            return lambda: STATE["user"]
        """,
    "a class method writes the class": """
        class Desk:
            user = None
            @classmethod
            def enter(cls, user): cls.user = user
        def serve(user):
            Desk.enter(user)
            return lambda: Desk.user
        """,
    "a method writes its type": """
        class Desk:
            user = None
            def enter(self, user): type(self).user = user
        def serve(user):
            Desk().enter(user)
            return lambda: Desk.user
        """,
    "a function writes a class": """
        class Desk:
            user = None
        def serve(user):
            Desk.user = user
            return lambda: Desk.user
        """,
    "a method writes its class by another word": """
        class Desk:
            token = None
            def enter(self, token): self.__class__.token = token
        def serve(user):
            Desk().enter(user)
            return lambda: Desk.token
        """,
    "a global is bound to the user": """
        _user = None
        def serve(user):
            global _user
            _user = user
            return lambda: _user
        """,
    "an object that a factory makes on import": """
        class Desk:
            session = None
        def make_desk():
            desk = Desk()
            return desk
        desk = make_desk()
        def serve(session):
            desk.session = session
            return lambda: desk.session
        """,
    "a decorator makes one object of a class": """
        def single(kind):
            made = {}
            def get(*args):
                if kind not in made:
                    made[kind] = kind(*args)
                return made[kind]
            return get
        @single
        class Desk:
            def __init__(self, user): self.user = user
        def serve(user): return Desk(user).user
        """,
    "a decorator keeps one object in a name of its own": """
        def single(kind):
            one = None
            def get(*args):
                nonlocal one
                if one is None:
                    one = kind(*args)
                return one
            return get
        @single
        class Desk:
            def __init__(self, user): self.user = user
        def serve(user): return Desk(user).user
        """,
    "a metaclass makes one object of a class": """
        class Single(type):
            made = {}
            def __call__(cls, *args):
                if cls not in cls.made:
                    cls.made[cls] = super().__call__(*args)
                return cls.made[cls]
        class Desk(metaclass=Single):
            def __init__(self, user): self.user = user
        def serve(user): return Desk(user).user
        """,
    "a class keeps its one object by a local name": """
        class Desk:
            _one = None
            def __new__(cls, user):
                one = cls._one
                if one is None:
                    one = super().__new__(cls)
                    one.user = user
                    cls._one = one
                return one
        def serve(user): return Desk(user).user
        """,
    "a static method keeps the one object": """
        class Desk:
            one = None
            def __init__(self, user): self.user = user
            @staticmethod
            def get(user):
                if Desk.one is None:
                    Desk.one = Desk(user)
                return Desk.one
        def serve(user): return Desk.get(user).user
        """,
    "an object of the module keeps the request": """
        class Desk:
            def enter(self, request): self.request = request
        desk = Desk()
        def serve(user):
            desk.enter(user)
            return lambda: desk.request
        """,
    "an object that is made on demand keeps the request": """
        class Base:
            def enter(self, request): self.request = request
        class Desk(Base): ...
        _desk = None
        def get_desk():
            global _desk
            if _desk is None:
                _desk = Desk()
            return _desk
        def serve(user):
            get_desk().enter(user)
            return lambda: get_desk().request
        """,
    "what a cached function returns keeps the request": """
        from functools import cache
        class Desk:
            def enter(self, user): self._user = user
        def make(): return Desk()
        @cache
        def get_desk(): return make()
        def serve(user):
            get_desk().enter(user)
            return lambda: get_desk()._user
        """,
    "an object in a class body is changed by instances": """
        class Client:
            user = None
        class Service:
            client = Client()
            def serve(self, user): self.client.user = user
        def serve(user):
            Service().serve(user)
            return lambda: Service.client.user
        """,
    "an object in a class body keeps what a method gets": """
        class Client:
            def send(self, text): self.last = text
            def show(self): return self.last
        class Service:
            client: "Client" = Client()
            def serve(self, text): self.client.send(text)
        def serve(text):
            Service().serve(text)
            return lambda: Service().client.show()
        """,
    "a default object is changed": """
        class Context:
            def __init__(self): self.items = []
        def serve(word, context=Context()):
            context.items.append(word)
            return list(context.items)
        """,
    "a default object of a constructor collects": """
        class Cache:
            def __init__(self): self.items = []
            def put(self, item): self.items.append(item)
            def show(self): return list(self.items)
        class Service:
            def __init__(self, cache=Cache()): self.cache, self.show = cache, cache.show
            def put(self, item): self.cache.put(item)
        def serve(word):
            service = Service()
            service.put(word)
            return service.show()
        """,
    "a default object that a constructor keeps": """
        class Session:
            user = None
        class Handler:
            def __init__(self, session=Session()): self.session = session
            def handle(self, user): self.session.user = user
        def serve(user):
            handler = Handler()
            handler.handle(user)
            return lambda: handler.session.user
        """,
    "an attribute of a function": """
        def note(user): note.last = user
        def serve(user):
            note(user)
            return lambda: note.last
        """,
    "a field of a dataclass has one object for all": """
        from dataclasses import dataclass, field
        class Box:
            def put(self, item): self.item = item
            def show(self): return self.item
        @dataclass
        class Cart:
            name: str
            box: Box = field(default=Box())
        def serve(word):
            cart = Cart("cart")
            cart.box.put(word)
            return lambda: cart.box.show()
        """,
    "an object of the module collects what no name calls a user": """
        class Job:
            def __init__(self): self.items = []
            def collect(self, text): self.items.append(text)
            def show(self): return list(self.items)
        job = Job()
        def serve(text):
            job.collect(text)
            return job.show()
        """,
    "an object of the module keeps the last by a local name": """
        class Job:
            def run(self, text):
                shown = text.title()
                self.last = shown
            def show(self): return self.last
        job = Job()
        def serve(text):
            job.run(text)
            return lambda: job.show().lower()
        """,
    "what a function makes at the end of the module": """
        class Job:
            def __init__(self): self.notes = {}
            def run(self, text): self.notes["last"] = text
            def show(self): return self.notes["last"]
        def build(): return Job()
        def build_all():
            made = build()
            return made
        job = build_all()
        def serve(text):
            job.run(text)
            return lambda: job.show()
        """,
    "a container of a class body has a local name": """
        class Desk:
            seen = []
            def enter(self, user):
                seen = self.seen
                seen.append(user)
        def serve(user):
            Desk().enter(user)
            return list(Desk.seen)
        """,
}
APART: Mapping[str, str] = {
    "a queue of each call": """
        import queue
        def serve(user):
            waiting = queue.Queue()
            waiting.put(user)
            return waiting.get()
        """,
    "a queue that gets a constant": """
        import queue
        WAITING = queue.Queue()
        def serve(user):
            WAITING.put("next")
            return user
        """,
    "a method called put that keeps nothing": """
        class Client:
            def put(self, user): return user
        CLIENT = Client()
        def serve(user): return CLIENT.put(user)
        """,
    "variables for another process": """
        import os
        def serve(user):
            variables = dict(os.environ)
            variables["CURRENT_USER"] = user
            return variables["CURRENT_USER"]
        """,
    "a constant in the environment": """
        import os
        def serve(user):
            os.environ["SETTINGS"] = "plain"
            return user
        """,
    "a partial of a function that keeps nothing": """
        from functools import partial
        def show(prefix, user): return prefix + user
        name = partial(show, "-")
        def serve(user): return name(user)
        """,
    "a local name like that of a method": """
        SEEN = []
        add = SEEN.append
        def serve(user):
            found = []
            add = found.append
            add(user)
            return found
        """,
    "a constant in an object of the module": """
        class Desk: ...
        DESK = Desk()
        def serve(user):
            DESK.ready = True
            return user
        """,
    "a decorator that runs once, of a function that is given nothing": """
        def once(function):
            kept = []
            def wrapper(*args, **kwargs):
                if not kept:
                    kept.append(function(*args, **kwargs))
                return kept[0]
            return wrapper
        @once
        def find_size(): return 3
        def serve(user): return user * find_size()
        """,
    "results under their arguments": """
        def memo(function):
            known = {}
            def wrapper(*args):
                if args not in known:
                    known[args] = function(*args)
                return known[args]
            return wrapper
        @memo
        def load(user): return [user]
        def serve(user): return load(user)
        """,
    "a function that each call makes": """
        def make():
            seen = []
            def note(user):
                seen.append(user)
                return seen
            return note
        def serve(user): return make()(user)
        """,
    "a counter of the function around it": """
        def make():
            count = 0
            def step(user):
                nonlocal count
                count += 1
                return user
            return step
        step = make()
        def serve(user): return step(user)
        """,
    "a copy of the default of a context variable": """
        from contextvars import ContextVar
        state = ContextVar('state', default={})
        def serve(user):
            found = dict(state.get())
            found['user'] = user
            state.set(found)
            return found
        """,
    "an attribute of the object by its name": """
        class Desk:
            def __init__(self, user): setattr(self, 'user', user)
        def serve(user): return Desk(user).user
        """,
    "an object for each call": """
        class Desk:
            def __init__(self, request): self.request = request
        def get_desk(request): return Desk(request)
        def serve(user): return get_desk(user).request
        """,
    "a context variable": """
        from contextvars import ContextVar
        _user = ContextVar("user", default=None)
        def serve(user):
            _user.set(user)
            return _user.get()
        """,
    "something of each thread": """
        import threading
        _local = threading.local()
        def serve(user):
            _local.user = user
            return _local.user
        """,
    "a class whose objects are of each thread": """
        import threading
        class Local(threading.local):
            user = None
        _local = Local()
        def serve(user):
            _local.user = user
            return _local.user
        """,
    "a cache by its key": """
        _NAMES = {}
        def serve(user):
            if user not in _NAMES:
                _NAMES[user] = user.title()
            return _NAMES[user]
        """,
    "a cached function of its arguments": """
        from functools import lru_cache
        @lru_cache
        def serve(user): return user.title()
        """,
    "made once, without an argument": """
        class Pool: ...
        _pool = None
        def get_pool():
            global _pool
            if _pool is None:
                _pool = Pool()
            return _pool
        def serve(user):
            get_pool()
            return user
        """,
    "a local of the same name": """
        STATE = {}
        def serve(user):
            STATE = {}
            STATE["user"] = user
            return STATE["user"]
        """,
    "an object that gets what is its own": """
        class Desk:
            user = None
            def enter(self, user):
                self.user = user
                return self.user
        def serve(user): return Desk().enter(user)
        """,
    "a decorator that makes an object for each user": """
        def each(kind):
            made = {}
            def get(*args):
                if args not in made:
                    made[args] = kind(*args)
                return made[args]
            return get
        @each
        class Desk:
            def __init__(self, user): self.user = user
        def serve(user): return Desk(user).user
        """,
    "a metaclass that counts": """
        class Counting(type):
            def __call__(cls, *args):
                one = super().__call__(*args)
                cls.count = getattr(cls, "count", 0) + 1
                return one
        class Desk(metaclass=Counting):
            def __init__(self, user): self.user = user
        def serve(user): return Desk(user).user
        """,
    "an object of the module that is told each time": """
        class Desk:
            def show(self, request):
                shown = request
                return shown
        desk = Desk()
        def serve(user): return desk.show(user)
        """,
    "a frozen settings object behind a cache": """
        from dataclasses import dataclass
        from functools import cache
        @dataclass(frozen=True)
        class Settings:
            size: int = 3
        @cache
        def get_settings(): return Settings()
        def serve(user): return user * get_settings().size
        """,
    "a default that nobody changes": """
        class Context:
            size = 3
        def serve(word, context=Context()): return word * context.size
        """,
    "an object in a class body that each instance replaces": """
        class Client:
            user = None
        class Service:
            client = Client()
            def __init__(self): self.client = Client()
            def serve(self, user):
                self.client.user = user
                return self.client.user
        def serve(user): return Service().serve(user)
        """,
    "a descriptor in a class body": """
        class Field:
            def __set_name__(self, owner, name): self.name = "_" + name
            def __get__(self, one, owner): return getattr(one, self.name)
            def __set__(self, one, value): setattr(one, self.name, value)
        class Cart:
            item = Field()
        def serve(word):
            cart = Cart()
            cart.item = word
            return cart.item
        """,
    "an object whose class keeps nothing of what its base keeps": """
        class Job:
            last = ""
            def run(self, text): self.last = text
            def show(self): return self.last
        class Silent(Job):
            def run(self, text): pass
        job = Silent()
        def serve(text):
            job.run(text)
            return text + job.show()
        """,
    "a field that is made for each": """
        from dataclasses import dataclass, field
        class Box:
            def put(self, item): self.item = item
            def show(self): return self.item
        @dataclass
        class Cart:
            box: Box = field(default_factory=Box)
        def serve(word):
            cart = Cart()
            cart.box.put(word)
            return cart.box.show()
        """,
    "an object of the module that is made ready on import": """
        class Words:
            def __init__(self): self.known = []
            def know(self, word): self.known.append(word)
        words = Words()
        words.know("plain")
        def serve(text): return text if text not in words.known else "plain"
        """,
    "a job for each call": """
        class Job:
            def run(self, text): self.last = text
            def show(self): return self.last
        def serve(text):
            job = Job()
            job.run(text)
            return job.show()
        """,
    "a registry": """
        KINDS = {}
        def register(name):
            def keep(kind):
                KINDS[name] = kind
                return kind
            return keep
        @register("plain")
        class Plain: ...
        def serve(user): return KINDS["plain"] and user
        """,
}


@pytest.mark.parametrize("name", MIXED)
def test_what_one_user_leaves_for_the_next_is_found(make_tree: Tree, name: str) -> None:
    root = make_tree({"app.py": textwrap.dedent(MIXED[name])})
    assert run(root) == "mixed"
    assert [severity for severity, _ in grade(root)] in (["P1"], ["P2"])


@pytest.mark.parametrize("name", APART)
def test_what_belongs_to_each_user_is_no_finding(make_tree: Tree, name: str) -> None:
    root = make_tree({"app.py": textwrap.dedent(APART[name])})
    assert run(root) == "apart"
    assert grade(root) == []


def test_a_constant_in_an_object_of_the_module_is_said_at_the_lowest_grade(make_tree: Tree) -> None:
    kept = "class Desk: ...\nDESK = Desk()\ndef open_desk():\n    DESK.ready = True\n"
    own = "class Desk: ...\ndef open_desk():\n    desk = Desk()\n    desk.ready = True\n    return desk\n"
    found = [
        [
            (each.severity, each.subject)
            for each in judge(make_tree({"app.py": source}))
            if each.rule == "shared-attribute-set"
        ]
        for source in (kept, own)
    ]
    assert found == [[("P3", "app.DESK")], []]


def test_the_default_of_a_lambda_is_that_of_a_function(make_tree: Tree) -> None:
    kept = "see = lambda user, seen=[]: seen.append(user) or seen\nserve = lambda user: ','.join(see(user))\n"
    apart = "see = lambda user, mark='-': mark.join(user)\nserve = lambda user: see(user)\n"
    trees = [make_tree({"app.py": source}) for source in (kept, apart)]
    assert [run(root) for root in trees] == ["mixed", "apart"]
    assert [[each.rule for each in judge(root) if each.rule == "shared-default"] for root in trees] == [
        ["shared-default"],
        [],
    ]


def test_who_stores_and_who_reads_is_cited(make_tree: Tree) -> None:
    files = {
        "app/__init__.py": "",
        "app/desk.py": "class Desk:\n    request = None\ndesk = Desk()\n",
        "app/enter.py": "from app.desk import desk\ndef enter(request):\n    desk.request = request\n",
        "app/show.py": "from app.desk import desk\ndef show():\n    return desk.request\n",
    }
    (finding,) = [each for each in judge(make_tree(files)) if each.rule == "argument-kept-for-all"]
    assert (finding.severity, finding.subject) == ("P1", "app.desk.desk")
    cited = [f"{place.path}:{place.line}" for place in finding.evidence]
    assert cited[0] == "app/enter.py:3"
    assert "app/show.py:1" in cited
    assert "enter keeps its argument request in the shared app.desk.desk.request (app/enter.py:3)" in finding.message


def test_the_statement_that_reads_what_an_object_keeps_is_named(make_tree: Tree) -> None:
    files = {
        "app/__init__.py": "",
        "app/job.py": "class Job:\n    def run(self, text):\n        self.last = text\n    def show(self):\n"
        "        return self.last\n",
        "app/main.py": "from app.job import Job\nJOB = Job()\n",
    }
    (finding,) = [each for each in judge(make_tree(files)) if each.rule == "object-keeps-argument"]
    assert (finding.severity, finding.subject) == ("P2", "app.job:Job")
    assert [f"{place.path}:{place.line}" for place in finding.evidence] == [
        "app/job.py:3", "app/main.py:2", "app/job.py:5",
    ]  # fmt: skip
    assert "app.main.JOB is one object for all users (app/main.py:2); it is read at app/job.py:5" in finding.message


def test_one_object_for_each_class_is_one_for_all_its_callers(make_tree: Tree) -> None:
    source = """
        class Base:
            _objects = {}
            def __new__(cls, *given):
                if cls not in cls._objects:
                    cls._objects[cls] = super().__new__(cls)
                return cls._objects[cls]
        class Manager(Base):
            def __init__(self, user):
                self.users = [*getattr(self, "users", ()), user]
        def serve(user): return Manager(user).users
        """
    root = make_tree({"app.py": textwrap.dedent(source)})
    assert run(root) == "mixed"
    assert grade(root) == [("P1", "singleton"), ("P2", "singleton")]


def test_findings_about_one_object_have_one_cause(make_tree: Tree) -> None:
    source = """
        class Session:
            def __init__(self): self._user = None
            def take(self, user):
                self._user = self._user or user
                return self._user
        class Other: ...
        session = Session()
        def enter(request):
            session.request = request
        def serve(user): return session.take(user)
        """
    root = make_tree({"app.py": textwrap.dedent(source)})
    assert run(root) == "mixed"
    found = {finding.rule: finding for finding in judge(root)}
    assert set(found) == {"argument-kept-for-all", "object-keeps-request", "object-made-on-import"}
    cause = found["argument-kept-for-all"]
    assert {finding.cause for finding in found.values()} == {"", cause.fingerprint}
    assert cause.cause == ""


#: One flow, the user of a call into what all calls share, in the shapes in which people write it.
EQUAL = {
    "a dict of the class body": """
        class Desk:
            seen = {}
            def put(self, user): self.seen["user"] = user
        def serve(user):
            Desk().put(user)
            return lambda: Desk().seen["user"]
        """,
    "a list of the class body by a local name": """
        class Desk:
            seen = []
            def put(self, user):
                kept = self.seen
                kept.append(user)
                return kept
        def serve(user): return Desk().put(user)
        """,
    "an object of an own mapping in the class body": """
        class Shelf(dict): ...
        class Desk:
            shelf = Shelf()
            def put(self, user):
                self.shelf.setdefault("user", user)
                return self.shelf["user"]
        def serve(user): return Desk().put(user)
        """,
    "a dict as a default": """
        def serve(user, seen={}): return seen.setdefault("user", user)
        """,
    "an object as a default": """
        class Session:
            user = None
        def serve(user, session=Session()):
            if session.user is None:
                session.user = user
            return session.user
        """,
    "a decorator that keeps a result in a list": """
        import functools
        def once(function):
            result = []
            @functools.wraps(function)
            def inner(*a, **k):
                if not result:
                    result.append(function(*a, **k))
                return result[0]
            return inner
        @once
        def serve(user): return {"user": user}
        """,
    "a decorator that keeps a result in an attribute of its function": """
        import functools
        def once(function):
            @functools.wraps(function)
            def inner(*args, **kwargs):
                if not hasattr(inner, "value"):
                    inner.value = function(*args, **kwargs)
                return inner.value
            return inner
        @once
        def serve(user): return {"user": user}
        """,
    "a decorator of a class": """
        def single(kind):
            made = {}
            def get(*args):
                if kind not in made:
                    made[kind] = kind(*args)
                return made[kind]
            return get
        @single
        class Cart:
            def __init__(self, user): self.user = user
        def serve(user): return Cart(user).user
        """,
    "a metaclass that names itself": """
        class Meta(type):
            made = {}
            def __call__(cls, *args):
                if cls not in Meta.made:
                    Meta.made[cls] = super().__call__(*args)
                return Meta.made[cls]
        class Cart(metaclass=Meta):
            def __init__(self, user): self.user = user
        def serve(user): return Cart(user).user
        """,
}
#: The same shapes, each with a key of its user, or with a constant.
EQUAL_APART = {
    "a dict of the class body by user": """
        class Desk:
            seen = {}
            def put(self, user): self.seen[user] = user
        def serve(user):
            Desk().put(user)
            return Desk().seen[user]
        """,
    "a dict as a default by user": """
        def serve(user, seen={}): return seen.setdefault(user, user)
        """,
    "a decorator that keeps results by argument": """
        import functools
        def memo(function):
            @functools.wraps(function)
            def inner(user):
                if user not in inner.kept:
                    inner.kept[user] = function(user)
                return inner.kept[user]
            inner.kept = {}
            return inner
        @memo
        def serve(user): return {"user": user}
        """,
}


def grade_flows(root: Path) -> set[str]:
    rules = RULES | {"shared-default"}
    return {each.severity for each in judge(root) if each.rule in rules and each.severity != "P3"}


@pytest.mark.parametrize("name", EQUAL)
def test_equal_flows_are_graded_equally(make_tree: Tree, name: str) -> None:
    root = make_tree({"app.py": textwrap.dedent(EQUAL[name])})
    assert run(root) == "mixed"
    assert grade_flows(root) == {"P1"}


@pytest.mark.parametrize("name", EQUAL_APART)
def test_a_key_of_each_user_is_no_flow_to_others(make_tree: Tree, name: str) -> None:
    root = make_tree({"app.py": textwrap.dedent(EQUAL_APART[name])})
    assert run(root) == "apart"
    assert "P1" not in grade_flows(root)
