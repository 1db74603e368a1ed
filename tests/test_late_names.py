"""Names that are only asked for later: by a queue, on demand, by a library that reads annotations, after a reload."""

# ruff: noqa: E501
from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from python_witness import ask_python
from rule_trees import judge

Tree = Callable[..., Path]
CELERY = "from celery import Celery\napp = Celery('w')\n"
LAZY = "from importlib import import_module\nT = {'A': '.a', 'B': '%s'}\ndef __getattr__(name):\n    if name in T:\n        return getattr(import_module(T[name], __name__), name)\n    raise AttributeError(name)\n"
TYPED = "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nimport attrs, cattrs\nif TYPE_CHECKING:\n    from w.tasks import Item\n@attrs.define\nclass Order:\n    item: Item\n"
CONTEXT = {
    "w/__init__.py": "", "w/mail/__init__.py": "",
    "w/tasks.py": "from celery import shared_task\nclass Item: ...\n@shared_task\ndef pay(): ...\n@shared_task(name='w.tasks.renamed')\ndef other(): ...\n",
    "w/named.py": "from celery import shared_task\nW = 'w.named'\n@shared_task(name=f'{W}.clean')\ndef sweep(): ...\n",
}  # fmt: skip
#: A file, and the most severe of what is found there.
FILES: Mapping[str, tuple[str, str]] = {
    "schedule.py": (f"{CELERY}app.conf.beat_schedule = {{'a': {{'task': 'w.tasks.pai', 'schedule': 1}}}}\n", "P1"),
    "schedule_of_known.py": (f"{CELERY}app.conf.beat_schedule = {{'a': {{'task': 'w.tasks.pay', 'schedule': 1}}, 'b': {{'task': 'w.tasks.renamed'}}, 'c': {{'task': 'celery.backend_cleanup'}}}}\n", ""),
    "routes.py": (f"{CELERY}app.conf.update(task_routes={{'w.task.pay': 'q', 'w.tasks.*': 'r'}})\n", "P1"),
    "routes_of_known.py": (f"{CELERY}app.conf.task_routes = {{'w.tasks.pay': 'q', 'w.mail.*': 'r'}}\n", ""),
    "sends.py": (f"{CELERY}def f():\n    app.send_task('w.tasks.gone')\n", "P1"),
    "sends_computed.py": (f"{CELERY}def f():\n    app.send_task('w.named.clean')\n", ""),
    "sends_known.py": (f"{CELERY}def f():\n    app.send_task('w.tasks.pay')\n    app.send_task('elsewhere.tasks.pay')\n", ""),
    "discovers.py": (f"{CELERY}app.autodiscover_tasks(['w.mail', 'w.gone'])\n", "P1"),
    "discovers_known.py": (f"{CELERY}app.autodiscover_tasks(['w.mail'])\napp.autodiscover_tasks()\n", ""),
    "lazy_module/__init__.py": (LAZY % ".gone", "P2"),
    "lazy_name/__init__.py": (LAZY % ".a", "P2"),
    "lazy_attach/__init__.py": ("import lazy_loader as lazy\n__getattr__, __dir__, __all__ = lazy.attach(__name__, submod_attrs={'a': ['A', 'B']})\n", "P2"),
    "lazy_known/__init__.py": (LAZY % ".b", ""),
    "structured.py": (f"{TYPED}def load(data):\n    return cattrs.structure(data, Order)\n", "P2"),
    "not_structured.py": (f"{TYPED.replace('Order', 'Parcel')}def load(data):\n    return cattrs.structure(data, list)\n", ""),
    "reloads.py": ("import importlib\nimport kept\nfrom kept import K\ndef f():\n    importlib.reload(kept)\n    return K\n", "P2"),
    "reloads_first.py": ("import importlib\nimport other\nimportlib.reload(other)\nfrom other import K\n", ""),
}  # fmt: skip
LAZY_PARTS = {f"{name}/a.py": "class A: ...\n" for name in ("lazy_module", "lazy_name", "lazy_attach", "lazy_known")}


def test_what_is_asked_for_later_is_there(make_tree: Tree) -> None:
    root = make_tree({
        **CONTEXT, **LAZY_PARTS, "lazy_known/b.py": "class B: ...\n", "kept.py": "class K: ...\n", "other.py": "class K: ...\n",
        **{path: source for path, (source, _) in FILES.items()},
    })  # fmt: skip
    found = dict.fromkeys(FILES, "")
    for each in judge(root):
        for path in {place.path for place in each.evidence} & found.keys() if each.severity < "P3" else ():
            found[path] = min(found[path] or each.severity, each.severity)
    assert found == {path: severity for path, (_, severity) in FILES.items()}


def test_python_cannot_serve_what_is_not_there(make_tree: Tree) -> None:
    uses = {f"use_{name}.py": f"from {name} import B\n" for name in ("lazy_module", "lazy_name", "lazy_known")}
    lazy = {path: source for path, (source, _) in FILES.items() if path.startswith("lazy_")}
    root = make_tree({**lazy, **LAZY_PARTS, "lazy_known/b.py": "class B: ...\n", **uses})
    outcomes = ask_python(root, ["."], [path.removesuffix(".py") for path in uses]).outcomes
    assert outcomes == {
        "use_lazy_module": "ModuleNotFoundError",
        "use_lazy_name": "ImportError",
        "use_lazy_known": "ok",
    }
