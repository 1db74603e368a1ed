"""Applications of Django with one label; Django itself is the witness where it is installed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest
from conftest import Tree
from rule_trees import judge

PACKAGES = {f"{name}/__init__.py": "" for name in ("shop", "crm", "shop/orders", "crm/orders", "crm/auth")}
CONFIG = "from django.apps import AppConfig\nclass Orders(AppConfig):\n    name = 'crm.orders'\n"
#: The settings and further files, and whether two labels are equal.
BOTH = "INSTALLED_APPS = ['shop.orders', 'crm.orders']\n"
SETTINGS: Mapping[str, tuple[str, Mapping[str, str], bool]] = {
    "two of one last part": (BOTH, {}, True),
    "one listed twice": ("INSTALLED_APPS = ['crm.orders', 'crm.orders']\n", {}, True),
    "one like Django's own": (
        "INSTALLED_APPS = ['django.contrib.auth', 'django.contrib.contenttypes', 'crm.auth']\n", {}, True,
    ),
    "lists with names": ("OURS = ['crm.orders']\nINSTALLED_APPS = ['shop.orders'] + OURS\n", {}, True),
    "lists in lists": ("OURS = ['crm.orders']\nINSTALLED_APPS = ['shop.orders', *OURS]\n", {}, True),
    "a configuration without a label": (BOTH, {"crm/orders/apps.py": CONFIG}, True),
    "a configuration by its class": (
        "INSTALLED_APPS = ['shop.orders', 'crm.orders.apps.Orders']\n", {"crm/orders/apps.py": CONFIG}, True,
    ),
    "a label of its own": (
        BOTH, {"crm/orders/apps.py": f"{CONFIG}    label = 'crm_orders'\n"}, False,
    ),
    "different last parts": ("INSTALLED_APPS = ['shop.orders', 'crm']\n", {}, False),
    "a branch that replaces it": (
        "INSTALLED_APPS = ['shop.orders']\nif not INSTALLED_APPS:\n    INSTALLED_APPS += ['crm.orders']\n", {}, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_equal_labels_are_named_where_django_does_not_start(make_tree: Tree, name: str) -> None:
    text, files, is_equal = SETTINGS[name]
    root = make_tree({**PACKAGES, **files, "settings.py": f"SECRET_KEY = 'x'\n{text}"})
    pytest.importorskip("django")
    code = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'; django.setup()"
    ran = subprocess.run([sys.executable, "-B", "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert ("labels aren't unique" in ran.stderr) == is_equal
    assert not ran.returncode or is_equal, ran.stderr
    found = judge(root, "application-labels-equal")
    assert [(each.severity, each.places) for each in found] == ([("P1", len(found[0].evidence))] if is_equal else [])
