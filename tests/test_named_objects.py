"""Names of modules and objects in configuration, commands and texts: those of nothing are findings, others are not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from analysis import investigate

Tree = Callable[..., Path]
APP = {
    "shop/__init__.py": "",
    "shop/wsgi.py": "application = object()\n",
    "shop/cli.py": "def main(): ...\ndef serve(): ...\n",
    "shop/jobs/__init__.py": "",
    "shop/jobs/mail.py": "app = object()\n",
    "shop/star.py": "from outside import *\n",
    "shop/served.py": "def __getattr__(name):\n    return 1\n",
    "tools/run.py": "print(1)\n",
}
PROJECT = '[project]\nname = "shop"\nversion = "1"\n'
#: A file, and the same with the right name; what is missing is in the message.
WRONG = {
    "a script": ("pyproject.toml", f'{PROJECT}[project.scripts]\ns = "shop.cli:{{}}"\n', "mian", "main"),
    "a script's module": ("pyproject.toml", f'{PROJECT}[project.scripts]\ns = "shop.{{}}:main"\n', "cmd", "cli"),
    "a window": ("pyproject.toml", f'{PROJECT}[project.gui-scripts]\ns = "shop.cli:{{}}"\n', "mian", "main"),
    "a plugin": ("pyproject.toml", f'{PROJECT}[project.entry-points."x.y"]\ns = "shop.{{}}"\n', "gone", "cli"),
    "poetry": ("pyproject.toml", '[tool.poetry.scripts]\ns = "shop.cli:{}"\n', "mian", "main"),
    "poetry's table": (
        "pyproject.toml", '[tool.poetry.scripts]\ns = {{reference = "shop.cli:{}"}}\n', "mian", "main",
    ),
    "setup.cfg": ("setup.cfg", "[options.entry_points]\nconsole_scripts =\n    s = shop.cli:{}\n", "mian", "main"),
    "setup.cfg, a plugin": ("setup.cfg", "[options.entry_points]\nx.y =\n    s = shop.cli:{}\n", "mian", "main"),
    "setup.py": (
        "setup.py", "from setuptools import setup\nsetup(entry_points={{'console_scripts': ['s = shop.cli:{}']}})\n",
        "mian", "main",
    ),
    "gunicorn": ("Procfile", "web: gunicorn shop.wsgi:{}\n", "aplication", "application"),
    "celery": ("Procfile", "worker: celery -A shop.{} worker\n", "tasks", "jobs"),
    "celery's application": ("Procfile", "worker: celery -A shop.jobs.mail:{} worker\n", "gone", "app"),
    "uvicorn": ("Dockerfile", 'FROM python\nCOPY . .\nCMD ["uvicorn", "shop.{}:application"]\n', "asgi", "wsgi"),
    "an entry point of a container": ("Dockerfile", "FROM python\nCOPY . .\nENTRYPOINT hypercorn shop.wsgi:{}\n",
                                      "app", "application"),
    "compose": ("compose.yaml", "services:\n  web:\n    command: flask --app shop.wsgi:{} run\n", "app", "application"),
    "a module": ("Makefile", "run:\n\tpython -m shop.{}\n", "gone", "cli"),
    "a module of tox": ("tox.ini", "[testenv]\ncommands = python -m shop.{}\n", "gone", "cli"),
    "a module of a workflow": (".github/workflows/a.yml", "jobs:\n  a:\n    run: python -m shop.{}\n", "gone", "cli"),
    "a module of nox": ("noxfile.py", "def a(session):\n    session.run('python', '-m', 'shop.{}')\n", "gone", "cli"),
    "a file": ("Makefile", "run:\n\tpython tools/{}.py\n", "gone", "run"),
}  # fmt: skip
#: Lines that name what others have, or what may be made later.
SILENT = {
    "a third party's": ("Procfile", "web: gunicorn other.wsgi:app\n"),
    "a third party's module": ("Makefile", "x:\n\tpython -m pip install .\n\tpython -m build\n"),
    "what a star may bring": ("Procfile", "web: gunicorn shop.star:app\n"),
    "what is served": ("Procfile", "web: gunicorn shop.served:app\n"),
    "a factory": ("Procfile", "web: gunicorn 'shop.cli:serve()'\n"),
    "a comment": ("Makefile", "run:\n# python -m shop.gone\n"),
    "a file of another folder": ("Makefile", "run:\n\tpython /opt/other/run.py\n\tpython build/made.py\n"),
    "a variable": ("Makefile", "run:\n\tpython -m $(MODULE).gone\n"),
    "extras": ("pyproject.toml", f'{PROJECT}[project.scripts]\ns = "shop.cli:main [fast]"\n'),
    "another distribution's": ("pyproject.toml", f'{PROJECT}[project.scripts]\ns = "other.cli:main"\n'),
}


def find(root: Path, tmp_path: Path, rule: str) -> list[Mapping[str, object]]:
    found: list[Mapping[str, object]] = investigate(root, data=tmp_path / "data", jobs=1).table("findings").to_pylist()
    return [each for each in found if each["rule"] == rule]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_started_and_is_not_there_is_a_finding(make_tree: Tree, tmp_path: Path, name: str) -> None:
    path, text, wrong, right = WRONG[name]
    (found,) = find(make_tree({**APP, path: text.format(wrong)}), tmp_path, "start-names-missing-object")
    line = next(number for number, each in enumerate(text.format(wrong).splitlines(), 1) if wrong in each)
    assert [(each["path"], each["line"]) for each in found["evidence"]] == [(path, line)]  # type: ignore[attr-defined]
    assert wrong in str(found["message"])
    assert found["severity"] == ("P2" if name == "a file" else "P1")
    assert not find(make_tree({**APP, path: text.format(right)}), tmp_path / "right", "start-names-missing-object")


@pytest.mark.parametrize("name", SILENT)
def test_what_may_be_there_is_none(make_tree: Tree, tmp_path: Path, name: str) -> None:
    path, text = SILENT[name]
    assert not find(make_tree({**APP, path: text}), tmp_path, "start-names-missing-object")


@pytest.mark.parametrize("value", ["shop.cli:mian", "shop.cmd:main", "shop.cli:main"])
def test_an_entry_point_fails_as_the_library_loads_it(make_tree: Tree, tmp_path: Path, value: str) -> None:
    root = make_tree({**APP, "pyproject.toml": f'{PROJECT}[project.scripts]\ns = "{value}"\n'})
    assert EntryPoint("s", value, "console_scripts").value == value
    code = f"from importlib.metadata import EntryPoint; EntryPoint('s', '{value}', 'console_scripts').load()"
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, timeout=60, check=False)
    assert bool(find(root, tmp_path, "start-names-missing-object")) == (ran.returncode != 0)


def test_the_nearest_name_is_shown(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({**APP, "Procfile": "web: gunicorn shop.wsgi:aplication\n"})
    (found,) = find(root, tmp_path, "start-names-missing-object")
    assert "shop.wsgi has no aplication; the nearest name is shop.wsgi.application" in str(found["message"])


SITE = {
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n",
    "site1/__init__.py": "", "site1/settings.py": "", "site1/mw.py": "class Guard: ...\n", "site1/urls.py": "",
    "blog/__init__.py": "", "blog/apps.py": "class BlogConfig: ...\n", "shop/__init__.py": "",
    "shop/service.py": "from shop import http\nX = 1\n", "shop/http.py": "class Client: ...\n",
}  # fmt: skip
#: A line of settings or of a test, with the part that is missing, and the right one; what Python does to get it.
TEXTS = {
    "urls": ("site1/settings.py", "ROOT_URLCONF = 'site1.{}'\n", "gone", "urls"),
    "middleware": ("site1/settings.py", "MIDDLEWARE = ['django.x.Y', 'site1.mw.{}']\n", "Gone", "Guard"),
    "an application": ("site1/settings.py", "INSTALLED_APPS = ['other', 'blog.{}']\n", "gone", "apps.BlogConfig"),
    "more applications": ("site1/settings.py", "INSTALLED_APPS += ['blog.apps.{}']\n", "Gone", "BlogConfig"),
    "the settings": (
        "wsgi.py", "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'site1.{}'\n", "gone", "settings",
    ),
    "the settings of a command": (
        "manage.py", "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.{}')\n", "gone", "settings",
    ),
    "logging": ("log.py", "LOGGING = {{'handlers': {{'a': {{'class': 'site1.mw.{}'}}}}}}\n", "Gone", "Guard"),
    "a patch": ("tests/test_s.py", "from unittest.mock import patch\nwith patch('shop.service.{}'):\n    pass\n",
                "Client", "http"),
    "a patch of a module that is not there": (
        "tests/test_s.py", "from unittest import mock\n@mock.patch('shop.gone.{}')\ndef test(m): ...\n", "X", None,
    ),
    "a patch of several": (
        "tests/test_s.py", "from unittest.mock import patch\nwith patch.multiple('shop.{}', X=2):\n    pass\n",
        "servce", "service",
    ),
    "monkeypatch": ("tests/test_s.py", "def test(monkeypatch):\n    monkeypatch.setattr('shop.service.{}', 1)\n",
                    "gone", "X"),
    "mocker": ("tests/test_s.py", "def test(mocker):\n    mocker.patch('shop.service.{}')\n", "gone", "X"),
}  # fmt: skip
QUIET = {
    "create": "patch('shop.service.gone', create=True)",
    "raising": "monkeypatch.setattr('shop.service.gone', 1, raising=False)",
    "a builtin": "patch('shop.service.open')",
    "a third party's": "patch('requests.get')",
}
TEXT_RULES = {"setting-names-missing-object", "patch-names-missing-object"}


def find_texts(root: Path, tmp_path: Path) -> list[Mapping[str, object]]:
    return [each for rule in sorted(TEXT_RULES) for each in find(root, tmp_path, rule)]


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_names_nothing_of_the_tree_is_a_finding(make_tree: Tree, tmp_path: Path, name: str) -> None:
    path, text, wrong, right = TEXTS[name]
    (found,) = find_texts(make_tree({**SITE, path: text.format(wrong)}), tmp_path)
    line = next(number for number, each in enumerate(text.format(wrong).splitlines(), 1) if wrong in each)
    assert [(each["path"], each["line"]) for each in found["evidence"]] == [(path, line)]  # type: ignore[attr-defined]
    assert found["severity"] == ("P2" if "/test_" in path else "P1")
    if right is not None:
        assert not find_texts(make_tree({**SITE, path: text.format(right)}), tmp_path / "right")


@pytest.mark.parametrize("name", QUIET)
def test_a_patch_that_may_make_its_target_is_none(make_tree: Tree, tmp_path: Path, name: str) -> None:
    body = f"from unittest.mock import patch\ndef test(monkeypatch):\n    {QUIET[name]}\n"
    assert not find_texts(make_tree({**SITE, "tests/test_s.py": body}), tmp_path)


@pytest.mark.parametrize("target", ["shop.service.Client", "shop.service.http", "shop.gone.X", "shop.service.open"])
def test_patches_fail_as_the_library_says(make_tree: Tree, tmp_path: Path, target: str) -> None:
    body = f"from unittest.mock import patch\nwith patch({target!r}):\n    pass\n"
    root = make_tree({**SITE, "tests/test_s.py": body})
    ran = subprocess.run([sys.executable, "tests/test_s.py"], cwd=root, capture_output=True, timeout=60, check=False,
                         env={"PYTHONPATH": "."})  # fmt: skip
    assert bool(find_texts(root, tmp_path)) == (ran.returncode != 0)


PATCHED = {
    "shop/__init__.py": "",
    "shop/api.py": "class Client:\n    x = 1\n    def get(self): ...\n    class Meta: ...\ndef send(): ...\n",
    "shop/more.py": (
        "from shop.api import Client\nclass Sub(Client):\n    def __init__(self): self.own = 1\n"
        "class Set: ...\nSet.extra = 1\ndef put():\n    Set.later = 1\nput()\n"
    ),
}
TEST_HEAD = "import shop.api as api, shop.more\nfrom shop.more import Set, Sub\nfrom unittest.mock import patch\n"
#: The body of a test, and what of it does not exist.
OBJECT_PATCHES = {
    "with patch.object(api, 'sent'): ...": "shop.api.sent",
    "with patch.object(api, 'send'): ...": "",
    "with patch.object(api, 'sent', create=True): ...": "",
    "with patch.object(shop.more, 'gone'): ...": "shop.more.gone",
    "with patch.object(api.Client, 'put'): ...": "shop.api.Client.put",
    "with patch.object(Sub, 'own'): ...": "shop.more.Sub.own",
    "with patch.object(Sub, 'get'), patch.object(Sub, 'x', 2), patch.object(Sub, 'Meta'): ...": "",
    "with patch.object(Set, 'extra'), patch.object(Set, 'later'): ...": "",
    "with patch('shop.api.Client.put'): ...": "shop.api.Client.put",
    "with patch('shop.api.Client.get'): ...": "",
    "with patch.multiple('shop.api', sent=None, send=None): ...": "shop.api.sent",
    "monkeypatch.setattr(api, 'sent', None)": "shop.api.sent",
    "monkeypatch.setattr(api, 'sent', None, raising=False)": "",
    "monkeypatch.delattr(Sub, 'own')": "shop.more.Sub.own",
    "api = Set\n    monkeypatch.setattr(api, 'extra', None)": "",
}


def test_patches_of_objects_name_what_the_objects_have(make_tree: Tree) -> None:
    tests = {
        f"tests/test_{number}.py": f"{TEST_HEAD}def test_it(monkeypatch):\n    {body}\n"
        for number, body in enumerate(OBJECT_PATCHES)
    }
    root = make_tree(PATCHED | tests)
    command = [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", "tests"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    failed = {name for name in tests if f"FAILED {name}" in ran.stdout}
    wrong = {name: text for name, text in zip(tests, OBJECT_PATCHES.values(), strict=True) if text}
    assert failed == wrong.keys(), ran.stdout
    rows = investigate(root).table("findings").to_pylist()
    found = [row for row in rows if row["rule"] == "patch-names-missing-object"]
    assert {place["path"]: row["subject"] for row in found for place in row["evidence"]} == wrong


#: Settings of frameworks, and what of each does not exist.
FRAMEWORKS = {
    "from celery import Celery\napp = Celery('shop', include=['shop.jobs', 'shop.gone'])\n": "shop.gone",
    "from celery import Celery\napp = Celery('shop')\napp.conf.imports = ('shop.jobs', 'shop.gone')\n": "shop.gone",
    "from celery import Celery\napp = Celery('shop')\napp.conf.update(include=['shop.gone'])\n": "shop.gone",
    "from celery import Celery\napp = Celery('shop', include=['shop.jobs'])\napp.conf.include = ['other.jobs']\n": "",
    "INSTALLED_APPS = ['users']\nAUTH_USER_MODEL = 'users.User'\n": "users.User",
    "INSTALLED_APPS = ['users']\nAUTH_USER_MODEL = 'users.Member'\n": "",
    "INSTALLED_APPS = ['accounts']\nAUTH_USER_MODEL = 'accounts.User'\n": "",
}


@pytest.mark.parametrize("source", FRAMEWORKS)
def test_settings_of_frameworks_name_modules_and_models(make_tree: Tree, source: str) -> None:
    root = make_tree({
        "shop/__init__.py": "", "shop/jobs.py": "", "shop/settings.py": source, "users/__init__.py": "",
        "users/models.py": "from django.db import models\nclass Member(models.Model): ...\n",
    })  # fmt: skip
    rows = investigate(root).table("findings").to_pylist()
    found = [(row["severity"], row["subject"]) for row in rows if row["rule"] == "setting-names-missing-object"]
    assert found == ([("P1", FRAMEWORKS[source])] if FRAMEWORKS[source] else [])
