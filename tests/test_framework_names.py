"""Models and tasks under two module names, with stand-ins for the frameworks in a fresh Python as the witness."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import Tree

from analysis.case_building import build_case
from analysis.policy import Policy
from analysis.rules.catalogue import RULES_BY_NAME

#: What Django and Celery keep by the names of modules, as small as it can be.
STAND_INS = {
    "django/__init__.py": "",
    "django/apps.py": "class AppConfig: ...\n",
    "django/db/__init__.py": "",
    "django/db/models.py": (
        "APPS, KNOWN = [], {}\n"
        "class Model:\n"
        "    def __init_subclass__(cls):\n"
        "        own = [app for app in APPS if cls.__module__.startswith(app + '.')]\n"
        "        label = own[0].split('.')[-1] if own else getattr(cls, 'label', None)\n"
        "        if label is None:\n"
        "            raise RuntimeError(f'Model class {cls.__module__}.{cls.__name__} doesn\\'t declare')\n"
        "        if KNOWN.setdefault((label, cls.__name__), cls) is not cls:\n"
        "            raise RuntimeError(f'Conflicting {cls.__name__.lower()!r} models in application {label!r}')\n"
    ),
    "django/start.py": (
        "import importlib, os\n"
        "from django.db import models\n"
        "def run():\n"
        "    settings = importlib.import_module(os.environ['DJANGO_SETTINGS_MODULE'])\n"
        "    for name in settings.INSTALLED_APPS:\n"
        "        if name.split('.')[-1][0].isupper():\n"
        "            above, _, last = name.rpartition('.')\n"
        "            name = getattr(importlib.import_module(above), last).name\n"
        "        models.APPS.append(name)\n"
        "    for name in models.APPS:\n"
        "        importlib.import_module(name)\n"
        "        importlib.import_module(name + '.models')\n"
        "    importlib.import_module(settings.ROOT_URLCONF)\n"
    ),
    "celery/__init__.py": (
        "TASKS = set()\n"
        "def shared_task(function=None, name=''):\n"
        "    def add(inner):\n"
        "        inner.name = name or f'{inner.__module__}.{inner.__name__}'\n"
        "        TASKS.add(inner.name)\n"
        "        return inner\n"
        "    return add(function) if function else add\n"
        "class Celery:\n"
        "    def __init__(self, name, include=()):\n"
        "        self.include = include\n"
        "    task = staticmethod(shared_task)\n"
    ),
    "celery/__main__.py": (
        "import importlib, os, sys\n"
        "sys.path.insert(0, os.getcwd())\n"
        "import celery\n"
        "module = importlib.import_module(sys.argv[1])\n"
        "for name in module.app.include:\n"
        "    importlib.import_module(name)\n"
        "print(*sorted(celery.TASKS))\n"
    ),
}
MODELS = "from django.db import models\nclass Item(models.Model): ...\n"
LABELLED = f"{MODELS[:-5]}\n    label = 'shop'\n    class Meta:\n        app_label = 'shop'\n"


def write_manage(settings: str) -> str:
    return (
        f"import os\nif __name__ == '__main__':\n    os.environ.setdefault('DJANGO_SETTINGS_MODULE', '{settings}')\n"
        "    from django.start import run\n    run()\n"
    )


EDIT = "import os, sys\nHERE = os.path.dirname(os.path.abspath(__file__))\n"


class Project(NamedTuple):
    """A project of Django, the file that starts it, the file of the models, and both names."""

    files: Mapping[str, str]
    manage: str
    models: str
    names: tuple[str, str]


SITES = {
    "the manager lies in the package, code names the package": Project(
        {"project/__init__.py": "", "project/manage.py": write_manage("settings"),
         "project/settings.py": f"{EDIT}sys.path.append(os.path.dirname(HERE))\nINSTALLED_APPS = ['shop']\n"
                                "ROOT_URLCONF = 'urls'\n",
         "project/urls.py": "from project.shop.models import Item\n",
         "project/shop/__init__.py": "", "project/shop/models.py": MODELS},
        "project/manage.py", "project/shop/models.py", ("project.shop.models", "shop.models"),
    ),
    "the class of the application says the short name": Project(
        {"manage.py": write_manage("config.settings"), "config/__init__.py": "",
         "config/settings.py": f"{EDIT}sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'apps'))\n"
                               "INSTALLED_APPS = ['shop.apps.ShopConfig']\nROOT_URLCONF = 'config.urls'\n",
         "config/urls.py": "from apps.shop import models\n", "apps/__init__.py": "", "apps/shop/__init__.py": "",
         "apps/shop/apps.py": "from django.apps import AppConfig\nclass ShopConfig(AppConfig):\n    name = 'shop'\n",
         "apps/shop/models.py": LABELLED},
        "manage.py", "apps/shop/models.py", ("apps.shop.models", "shop.models"),
    ),
    "the settings say the long name, other models the short one": Project(
        {"manage.py": write_manage("config.settings"), "config/__init__.py": "",
         "config/settings.py": f"{EDIT}sys.path.append(os.path.join(os.path.dirname(HERE), 'apps'))\n"
                               "INSTALLED_APPS = ['apps.shop', 'apps.cart']\nROOT_URLCONF = 'config.urls'\n",
         "config/urls.py": "", "apps/__init__.py": "", "apps/shop/__init__.py": "", "apps/shop/models.py": LABELLED,
         "apps/cart/__init__.py": "", "apps/cart/models.py": f"{MODELS.replace('Item', 'Line')}import shop.models\n"},
        "manage.py", "apps/shop/models.py", ("apps.shop.models", "shop.models"),
    ),
    "the settings say the short name, a function the long one": Project(
        {"manage.py": write_manage("config.settings"), "config/__init__.py": "",
         "config/settings.py": f"{EDIT}sys.path.append(os.path.join(os.path.dirname(HERE), 'apps'))\n"
                               "INSTALLED_APPS = ['shop']\nROOT_URLCONF = 'config.urls'\n",
         "config/urls.py": "def show():\n    from apps.shop.models import Item\n    return Item\nshow()\n",
         "apps/__init__.py": "", "apps/shop/__init__.py": "", "apps/shop/models.py": MODELS},
        "manage.py", "apps/shop/models.py", ("apps.shop.models", "shop.models"),
    ),
}  # fmt: skip


def run(root: Path, folder: str, *command: str) -> tuple[int, str]:
    """Return exit code and last line of a command that has the stand-ins."""
    beside = root.parent / f"{root.name}-stand-ins"
    for path, text in STAND_INS.items():
        (beside / path).parent.mkdir(parents=True, exist_ok=True)
        (beside / path).write_text(text)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "SSOT_", "DJANGO"))}
    environment = {**kept, "PYTHONPATH": str(beside), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=root / folder,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return ended.returncode, ((ended.stderr or ended.stdout).strip().splitlines() or [""])[-1]


def find(root: Path) -> list[tuple[str, str, str]]:
    """Return severity, file and message of the findings."""
    check = RULES_BY_NAME["file-with-two-names"].check
    assert check is not None
    return [(each.severity, each.subject, each.message) for each in check(build_case(root, Policy(), jobs=1))]


@pytest.mark.parametrize("name", SITES)
def test_models_of_django_under_two_names_are_one_finding_that_says_how_it_fails(make_tree: Tree, name: str) -> None:
    site = SITES[name]
    root = make_tree(site.files)
    code, error = run(root, str(Path(site.manage).parent), Path(site.manage).name)
    assert code and error.startswith("RuntimeError: ")
    [(severity, path, message)] = find(root)
    assert (severity, path) == ("P1", site.models)
    assert all(each in message for each in (*site.names, error.removeprefix("RuntimeError: ").split(" ")[0]))


@pytest.mark.parametrize("name", SITES)
def test_models_under_one_name_are_no_finding(make_tree: Tree, name: str) -> None:
    site = SITES[name]
    long, short = site.names[0].removesuffix(".models"), site.names[1].removesuffix(".models")
    files = {
        path: text
        if path == site.manage
        else text.replace(f"'{short}", f"'{long}").replace(f"import {short}.", f"import {long}.")
        for path, text in site.files.items()
    }
    root = make_tree(files)
    code, error = run(root, str(Path(site.manage).parent), Path(site.manage).name)
    assert (code, error) == (0, "")
    assert find(root) == []


TASKS = "from celery import shared_task\n@shared_task\ndef send(): ...\n"
CHAINED = "from celery_app import app\n@app.task\ndef send(): ...\n"
QUEUES: dict[str, tuple[dict[str, str], str, str, str, str]] = {
    "the worker starts below the root": (
        {"src/app/__init__.py": "", "src/app/jobs/__init__.py": "", "src/app/jobs/mail.py": TASKS,
         "src/app/celery_app.py": "from celery import Celery\napp = Celery('app')\nfrom jobs.mail import send\n",
         "src/app/web.py": "from app.jobs.mail import send\nprint(send.name)\n",
         "Makefile": "worker:\n\tcd src/app && celery -A celery_app worker\n"},
        "src/app", "celery_app", "src", "app.web",
    ),
    "the application includes the short name": (
        {"proj/__init__.py": "", "proj/tasks.py": TASKS,
         "proj/work.py": "from celery import Celery\napp = Celery('proj', include=['tasks'])\n",
         "main.py": "from proj.tasks import send\nprint(send.name)\n",
         "Procfile": "worker: cd proj && celery -A work worker\n"},
        "proj", "work", "", "main",
    ),
    "the worker starts the tasks themselves": (
        {"proj/__init__.py": "", "proj/tasks.py":
            "from celery import Celery\napp = Celery('proj')\n@app.task\ndef send(): ...\n",
         "main.py": "from proj.tasks import send\nprint(send.name)\n",
         "docker-compose.yml": "services:\n  w:\n    working_dir: /srv/proj\n    command: celery -A tasks worker\n"
                               "    volumes:\n      - .:/srv\n"},
        "proj", "tasks", "", "main",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", QUEUES)
def test_a_task_that_two_processes_name_differently_is_a_finding(make_tree: Tree, name: str) -> None:
    files, worker_folder, worker, folder, sender = QUEUES[name]
    root = make_tree(files)
    _, known = run(root, worker_folder, "-m", "celery", worker)
    _, sent = run(root, folder, "-m", sender)
    assert sent and sent not in known.split()
    [(severity, _, message)] = find(root)
    assert severity == "P1" and "unregistered task" in message
    assert sent in message and set(known.split()) & {word.strip(",.") for word in message.split()}


@pytest.mark.parametrize("name", QUEUES)
def test_a_task_with_a_name_of_its_own_is_known_to_both(make_tree: Tree, name: str) -> None:
    files, worker_folder, worker, folder, sender = QUEUES[name]
    named = {
        path: text.replace("@shared_task\n", "@shared_task(name='send')\n").replace(
            "@app.task\n", "@app.task(name='s')\n"
        )
        for path, text in files.items()
    }
    root = make_tree(named)
    _, known = run(root, worker_folder, "-m", "celery", worker)
    _, sent = run(root, folder, "-m", sender)
    assert sent in known.split()
    assert [message for *_, message in find(root) if "unregistered" in message] == []
