"""What frameworks hand over stays for the next request: in shared state, and in objects that a framework makes once."""

# ruff: noqa: E501, ISC004
from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from rule_trees import judge

Tree = Callable[..., Path]
FLASK = "from flask import Flask, g, request, session\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import Depends, FastAPI\napp = FastAPI()\n"
KEEPING = "class Keeper:\n    def handle(self, user):\n        self.user = user\n    def show(self):\n        return self.user\n"
ADMIN = "from django.contrib import admin\n"
#: A module, and how severe it is what it keeps of a user: ``""`` for nothing.
MODULES: Mapping[str, tuple[str, str]] = {
    "request_in_a_table": (f"{FLASK}NOW = {{}}\n@app.before_request\ndef f():\n    NOW['user'] = request.args['u']\n", "P1"),
    "request_in_a_global": (f"{FLASK}user = None\ndef f():\n    global user\n    user = session['u']\n", "P1"),
    "request_by_its_module": ("import flask\nSEEN = []\ndef f():\n    SEEN.append(flask.request.args)\n", "P1"),
    "request_of_its_own": (f"{FLASK}def f():\n    g.user = request.args['u']\n    session['u'] = g.user\n", ""),
    "another_request": ("from mine import request\nNOW = {}\ndef f():\n    NOW['user'] = request()\n", ""),
    "state_of_the_app": (f"{FASTAPI}async def f(request, call_next):\n    app.state.user = request.headers\n", "P1"),
    "headers_of_a_client": (
        "import requests\ns = requests.Session()\ndef f(url, token):\n    s.headers.update({'A': token})\n", "P1",
    ),
    "headers_of_one_call": ("import requests\ns = requests.Session()\ndef f(url, token):\n    s.get(url, headers={'A': token})\n", ""),
    "rows_of_a_user": (
        "from flask_sqlalchemy import SQLAlchemy\nimport redis\ndb = SQLAlchemy()\nr = redis.Redis()\n"
        "def f(user):\n    db.session.add(user)\n    r[user] = user\n    r.set(user, 1)\n", "",
    ),
    "key_of_a_library": ("import openai\ndef ask(text, api_key):\n    openai.api_key = api_key\n", "P2"),
    "settings_of_a_library": ("import openai, sys\ndef main(argv, url):\n    openai.base = url\n    sys.argv = argv\n", ""),
    "merged_settings": ("DEFAULTS = {'limit': 10}\ndef f(options):\n    c = DEFAULTS\n    c.update(options)\n", "P2"),
    "copied_settings": ("DEFAULTS = {'limit': 10}\ndef f(options):\n    c = dict(DEFAULTS)\n    c.update(options)\n", ""),
    "a_table_by_its_keys": ("SEEN = {}\ndef f(options):\n    SEEN.update(options)\n", ""),
    "the_last_environ": ("now = None\ndef f(environ):\n    global now\n    now = environ['id']\n", "P2"),
    "django_middleware": (
        "class M:\n    def __init__(self, get_response):\n        self.next = get_response\n"
        "    def __call__(self, request):\n        self.request = request\n        return self.next(request)\n"
        "    def show(self):\n        return self.request\n", "P1",
    ),
    "wsgi_middleware": (
        "class M:\n    def __init__(self, app):\n        self.app = app\n    def __call__(self, environ, start):\n"
        "        self.environ = environ\n        return self.show()\n    def show(self):\n        return self.environ\n", "P2",
    ),
    "starlette_middleware": (
        "from starlette.middleware.base import BaseHTTPMiddleware\nclass M(BaseHTTPMiddleware):\n"
        "    async def dispatch(self, request, call_next):\n        self.user = request.user\n        return self.user\n", "P1",
    ),
    "a_page_of_the_admin": (
        f"{ADMIN}class A(admin.ModelAdmin):\n    def get_queryset(self, request):\n        self.request = request\n"
        "    def link(self, obj):\n        return self.request\n", "P1",
    ),
    "a_task": ("import celery\nclass T(celery.Task):\n    def run(self, user):\n        self.user = user\n        return self.user\n", "P1"),
    "a_view": ("from django.views import View\nclass V(View):\n    def get(self, request):\n        self.user = request.user\n", ""),
    "a_handler_in_a_table": (f"{KEEPING}HANDLERS = {{'a': [Keeper()]}}\n", "P1"),
    "a_handler_handed_on": (f"{FASTAPI}{KEEPING}app.add_route('/', Keeper())\n", "P1"),
    "a_dependency": (f"{FASTAPI}{KEEPING}def home(k=Depends(Keeper())):\n    return k.handle(1)\n", "P1"),
    "a_list_of_a_base": ("class Base:\n    seen = []\nclass Form(Base):\n    def put(self, user):\n        self.seen.append(user)\n", "P1"),
    "a_list_of_each_object": ("class Base:\n    seen = []\n    def __init__(self):\n        self.seen = []\nclass Form(Base):\n    def put(self, user):\n        self.seen.append(user)\n", ""),
    "a_list_of_each_object_named_later": ("class Base:\n    def __init__(self):\n        self.seen = []\n    seen = []\nclass Form(Base):\n    def put(self, user):\n        self.seen.append(user)\n", ""),
    "a_list_that_is_replaced": ("class Base:\n    seen = []\nclass Form(Base):\n    def put(self, user):\n        self.seen = [*self.seen, user]\n", ""),
    "sorted_by_a_lambda": ("kept = None\ndef f():\n    global kept\n    if kept is None:\n        kept = sorted([1], key=lambda user: -user)\n    return kept\n", ""),
    "a_list_handed_over": ("SEEN = []\ndef add(kept, who):\n    kept.append(who)\ndef f(user):\n    add(SEEN, user)\n", "P1"),
    "a_table_handed_over": ("NOW = {}\ndef put(at, key, value):\n    at[key] = value\ndef f(user):\n    put(NOW, value=user, key='user')\n", "P1"),
    "an_entry_of_each_user": ("NOW = {}\ndef put(at, key, value):\n    at[key] = value\ndef f(user):\n    put(NOW, user, user)\n", ""),
    "an_object_handed_over": ("class Now: ...\nNOW = Now()\ndef bind(now, who):\n    now.user = who\ndef f(user):\n    bind(NOW, user)\n", "P1"),
    "a_list_of_its_own": ("SEEN = []\ndef add(kept, who):\n    kept.append(who)\ndef f(user):\n    own = list(SEEN)\n    add(own, user)\n", ""),
    "a_copy_is_changed": ("SEEN = []\ndef add(kept, who):\n    kept = [*kept]\n    kept.append(who)\ndef f(user):\n    add(SEEN, user)\n", ""),
    "a_filter_of_a_user": ("import logging\ndef f(user):\n    logging.getLogger('a').addFilter(lambda record: user)\n", "P2"),
    "a_filter_for_one_call": ("import logging\ndef f(user, log):\n    kept = lambda record: user\n    logging.getLogger('a').addFilter(kept)\n    log()\n    logging.getLogger('a').removeFilter(kept)\n", ""),
    "a_signal_of_a_request": ("from blinker import signal\nsaved = signal('saved')\ndef f(request):\n    def seen(sender):\n        request.seen = sender\n    saved.connect(seen, weak=False)\n", "P2"),
    "a_signal_of_all": ("from blinker import signal\nsaved = signal('saved')\ndef seen(sender): ...\ndef f(request):\n    saved.connect(seen)\n    saved.connect(request)\n", ""),
    "a_bound_task": ("from celery import shared_task\n@shared_task(bind=True)\ndef send(self, user):\n    self.user = user\n    return self.user\n", "P1"),
    "a_call_of_a_task": ("from celery import shared_task\n@shared_task(bind=True)\ndef send(self, user):\n    self.request.user = user\n    self.update_state(meta=user)\n", ""),
    "who_is_active": ("class Tenant:\n    active = None\n    @classmethod\n    def activate(cls, name):\n        cls.active = name\n    def table(self):\n        return Tenant.active\n", "P2"),
    "what_is_configured": ("class Market:\n    active = None\n    @classmethod\n    def configure(cls, name):\n        cls.active = name\n    def table(self):\n        return Market.active\n", ""),
    "state_of_each_thread": ("import threading\nclass Now:\n    def __init__(self):\n        self._data = threading.local()\n    def set(self, user):\n        self._data.user = user\n    def get(self):\n        return self._data.user\nNOW = Now()\n", ""),
    "a_handler_for_each_call": (f"{KEEPING}def f(user):\n    return [Keeper()][0].handle(user)\nMAKERS = [Keeper]\n", ""),
    "a_description_in_a_table": ("class Option:\n    def parse(self, text):\n        self.value = text\nALL = [Option()]\n", ""),
}  # fmt: skip


def test_what_is_served_stays_for_nobody_else(make_tree: Tree) -> None:
    root = make_tree({f"{name}.py": source for name, (source, _) in MODULES.items()})
    found: dict[str, str] = dict.fromkeys(MODULES, "")
    for each in judge(root):
        module = each.evidence[0].path.removesuffix(".py")
        if each.severity < "P3":
            found[module] = min(found[module] or each.severity, each.severity)
    assert found == {name: severity for name, (_, severity) in MODULES.items()}


def test_an_object_in_a_table_is_one_for_all(make_tree: Tree) -> None:
    """CPython is the witness for what needs no framework."""
    use = "from a_handler_in_a_table import HANDLERS as H\nH['a'][0].handle('ann')\nassert H['a'][0].show() == 'bob'\n"
    root = make_tree({"a_handler_in_a_table.py": MODULES["a_handler_in_a_table"][0]})
    ran = subprocess.run([sys.executable, "-c", use], cwd=root, capture_output=True, text=True, check=False)
    assert "AssertionError" in ran.stderr
