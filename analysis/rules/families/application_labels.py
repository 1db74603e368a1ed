"""Applications of Django with one label: Django refuses to start."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from analysis import tables
from analysis.facts.source_tree import read_if_any
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.wording import format_count, format_some

_LIST = b"INSTALLED_APPS"
#: Lists of modules that Django does not read.
_OTHER_LISTS = (b"CELERY_IMPORTS", b"include=", b"conf.imports", b"autodiscover_tasks")
_CLASS = re.compile(rb"(?m)^class\s+(\w+)\s*\([^)]*\bAppConfig\b[^)]*\)\s*:")
_LABEL = re.compile(rb"(?m)^[ \t]+label\s*(?::[^=\n]*)?=\s*[\"'](\w+)[\"']")
_SET_LABEL = re.compile(rb"\blabel\b")
_OF_DJANGO = "django.contrib."


def _check_labels(case: RuleContext) -> Iterator[Finding]:
    listed: dict[str, list[tuple[int, str]]] = defaultdict(list)
    columns = ("path", "line", "kind", "value", "scope")
    for path, line, kind, value, scope in tables.read_rows(case.facts.start_marks, *columns):
        if kind == "named-module" and scope == "module":
            listed[path].append((line, value))
    for path, rows in sorted(listed.items()):
        source = read_if_any(case.facts.tree, path)
        if _LIST in source and not any(word in source for word in _OTHER_LISTS):
            yield from _check_list(case, path, rows)


def _check_list(case: RuleContext, path: str, rows: list[tuple[int, str]]) -> Iterator[Finding]:
    by_label: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for line, name in sorted(rows):
        label = _find_label(case, name)
        if label:
            by_label[label].append((line, name))
    for label, found in sorted(by_label.items()):
        if len(found) > 1:
            names = list(dict.fromkeys(name for _, name in found))
            twice = f"{names[0]} twice" if len(names) == 1 else f"{format_count(len(names), 'application')}"
            message = (
                f"{path} lists {twice} with the label {label}"
                f"{f': {format_some(names)}' if len(names) > 1 else ''}. Django refuses to start: "
                f"ImproperlyConfigured: Application labels aren't unique, duplicates: {label}"
            )
            places: list[Place] = [(path, line) for line, _ in found]
            yield build_finding("application-labels-equal", "P1", case.homes.get(path, path), message, places, [label])


def _find_label(case: RuleContext, name: str) -> str:
    """Return the label of an application as the list names it; empty where it is not known."""
    above, _, last = name.rpartition(".")
    if name.startswith(_OF_DJANGO):
        return name.partition(_OF_DJANGO)[2].partition(".")[0]
    is_class = bool(above) and last[:1].isupper()
    application = above.removesuffix(".apps") if is_class else name
    homes = [path for path, module in case.homes.items() if module == application and path.endswith("/__init__.py")]
    if len(homes) != 1:
        return ""
    source = read_if_any(case.facts.tree, f"{homes[0].rpartition('/')[0]}/apps.py")
    classes = _CLASS.findall(source)
    if len(classes) > 1 or (is_class and [last.encode()] != classes):
        return ""
    labels = _LABEL.findall(source)
    if labels or _SET_LABEL.search(source):
        return labels[0].decode() if len(labels) == 1 else ""
    return application.rpartition(".")[2]


_SETTINGS = "SECRET_KEY = 'x'\nINSTALLED_APPS = ['shop.orders', 'crm.orders']\n"
_APPLICATIONS = {
    "shop/__init__.py": "", "shop/orders/__init__.py": "", "crm/__init__.py": "", "crm/orders/__init__.py": "",
}  # fmt: skip

RULES = (
    Rule(
        "application-labels-equal", "P1",
        "The settings list two applications of Django with one label. The label is the last part of the name unless "
        "the application's AppConfig says another one, and Django does not start with two of one label.",
        "Give one of them an AppConfig with a label of its own, or take one off the list.",
        _check_labels,
        bad={**_APPLICATIONS, "settings.py": _SETTINGS},
        good={
            **_APPLICATIONS, "settings.py": _SETTINGS,
            "crm/orders/apps.py": (
                "from django.apps import AppConfig\n\nclass Orders(AppConfig):\n    name = 'crm.orders'\n"
                "    label = 'crm_orders'\n"
            ),
        },
        is_joint=True,
        step=PlanStep(ENTRY_POINTS, 8, "Give each application a label of its own", minutes=30), cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip
