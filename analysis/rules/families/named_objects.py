"""Commands, configuration, settings and patches that name a module, an object or a file that does not exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from analysis.facts.object_texts import LOADED, MODEL, PATCH, SETTER, SETTING, TASK
from analysis.facts.test_files import is_test_file
from analysis.resolve.named_objects import MissingObject, NamedStart, NamedText, find_wrong_starts, find_wrong_texts
from analysis.rules.context import RuleContext, ask_once
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule


def describe_lack(lack: MissingObject) -> str:
    """Return what is missing, and what may have been meant."""
    near = f"; the nearest name is {lack.nearest}" if lack.nearest else ""
    if lack.is_module:
        return f"there is no module {lack.module}.{lack.name}{near}"
    return f"{lack.module} has no {lack.name}{near}"


def _check_starts(case: RuleContext) -> Iterator[Finding]:
    grouped: dict[str, list[NamedStart]] = defaultdict(list)
    for each in find_wrong_starts(case.target_resolver):
        grouped[each.written].append(each)
    for written, rows in sorted(grouped.items()):
        first = rows[0]
        where = f"{first.path}:{first.line}"
        if first.lack is None:
            severity, message = "P2", f"{where} runs {written}, and there is no such file"
        else:
            severity, message = "P1", f"{where} starts {written}, but {describe_lack(first.lack)}"
        places = [(each.path, each.line) for each in rows]
        yield build_finding("start-names-missing-object", severity, written, message, places)


def _check_settings(case: RuleContext) -> Iterator[Finding]:
    for written, rows in _group_texts(case, {SETTING, MODEL, TASK}):
        first = rows[0]
        message = f"The setting at {first.path}:{first.line} names {written}, but {describe_lack(first.lack)}"
        yield _build_setting("P1", written, message, rows)
    imported = set(case.graph.phantoms["module"].to_pylist())  # what a loop of a known list loads is an import
    for written, rows in _group_texts(case, {LOADED}):
        first = rows[0]
        if f"{first.lack.module}.{first.lack.name}" in imported:
            continue
        message = (
            f"{first.path}:{first.line} names {written}, which the code of {first.path} loads by this text, but "
            f"{describe_lack(first.lack)}: it fails when it is asked for"
        )
        yield _build_setting("P2", written, message, rows)


def _build_setting(severity: str, written: str, message: str, rows: Sequence[NamedText]) -> Finding:
    places = [(each.path, each.line) for each in rows]
    is_test = all(is_test_file(path) for path, _ in places)
    return build_finding("setting-names-missing-object", "P3" if is_test else severity, written, message, places)


def _check_patches(case: RuleContext) -> Iterator[Finding]:
    for written, rows in _group_texts(case, {PATCH, SETTER}):
        first = rows[0]
        message = (
            f"{first.path}:{first.line} patches {written}, but {describe_lack(first.lack)}: the patch "
            f"fails, and the test with it"
        )
        places = [(each.path, each.line) for each in rows]
        yield build_finding("patch-names-missing-object", "P2", written, message, places)


@ask_once
def _find_texts(case: RuleContext) -> list[NamedText]:
    return list(find_wrong_texts(case.target_resolver, case.facts))


def _group_texts(case: RuleContext, kinds: set[str]) -> list[tuple[str, list[NamedText]]]:
    grouped: dict[str, list[NamedText]] = defaultdict(list)
    for each in _find_texts(case):
        if each.kind in kinds:
            grouped[each.value].append(each)
    return sorted(grouped.items())


RULES = (
    Rule(
        "start-names-missing-object", "P1",
        "An entry point of the configuration, or a command (Procfile, Dockerfile, compose, Makefile, CI), names a "
        "module, a name or a file of the tree that does not exist: what it should start fails at once.",
        "Correct the name, or restore what it names.",
        _check_starts,
        bad={
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[project.scripts]\nshop = "shop.cli:mian"\n',
            "shop/__init__.py": "", "shop/cli.py": "def main(): ...\n",
        },
        good={
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[project.scripts]\nshop = "shop.cli:main"\n',
            "shop/__init__.py": "", "shop/cli.py": "def main(): ...\n",
        },
        grades={
            "P1": "a module or a name is missing",
            "P2": "a file is missing, which something may make before the command runs",
        },
        step=PlanStep(ENTRY_POINTS, 4, "Correct what starts the program", minutes=15), cause=UNCHECKED_IMPORTS,
    ),
    Rule(
        "setting-names-missing-object", "P1",
        "A setting that a framework reads (of Django, Celery or the configuration of logging), or a table whose "
        "entries the code loads by `import_module` and its like, names a module or a name of the tree that does not "
        "exist: the program fails when it is loaded.",
        "Correct the name, or restore what it names.",
        _check_settings,
        bad={"site1/__init__.py": "", "site1/urls.py": "", "site1/settings.py": "ROOT_URLCONF = 'site1.routes'\n"},
        good={"site1/__init__.py": "", "site1/urls.py": "", "site1/settings.py": "ROOT_URLCONF = 'site1.urls'\n"},
        grades={"P1": "a setting, in the product", "P2": "a text that code of the product loads", "P3": "in tests"},
        step=PlanStep(ENTRY_POINTS, 4, "Correct what frameworks load by name", minutes=15), cause=UNCHECKED_IMPORTS,
    ),
    Rule(
        "patch-names-missing-object", "P2",
        "A test patches a module or a name of the tree that does not exist: the patch fails, and the test with it.",
        "Patch the name where it is used, as its module has it, or delete the patch.",
        _check_patches,
        bad={
            "shop/__init__.py": "", "shop/api.py": "X = 1\n",
            "tests/test_api.py": "from unittest.mock import patch\n@patch('shop.api.Y')\ndef test(y): ...\n",
        },
        good={
            "shop/__init__.py": "", "shop/api.py": "X = 1\n",
            "tests/test_api.py": "from unittest.mock import patch\n@patch('shop.api.X')\ndef test(x): ...\n",
        },
        step=PlanStep(ENTRY_POINTS, 48, "Patch what is there", minutes=10), cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip
