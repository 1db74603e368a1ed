"""The templates of the suite's files."""

from __future__ import annotations

_HEAD = '''"""{title}

{about}
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .ssot_checks import {imports}

PLACE = @place@
ROOTS = @roots@
LEFT_OUT = @left_out@
TARGET = find_tree(__file__, PLACE, ROOTS, LEFT_OUT)
'''


def _head(title: str, about: str, imports: str) -> str:
    return _HEAD.format(title=title, about=about, imports=imports)


_WRITE = '''

def write(folder: Path, files: dict[str, str]) -> TargetTree:
    """Write a small tree and return it."""
    for name, source in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(source)
    return TargetTree(folder)
'''

_SKIP = '''def skip_if_not_installed(problems: list[str]) -> None:
    """Skip a test if the only problem is a third-party package that is not installed."""
    if problems and all(is_of_others(TARGET, problem) for problem in problems):
        pytest.skip(problems[0])
'''

CONCEPTS = (
    _head(
        "No concept has more classes than the policy allows.",
        "The checks read the source and import nothing. The controls show that the check can fail.",
        "TargetTree, check_concept, find_tree",
    )
    + """CONCEPTS = @concepts@

"""
    + _WRITE.lstrip("\n").join(["\n", ""])
    + """

@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept["name"])
def test_there_are_as_many_classes_as_allowed(concept: dict) -> None:
    wanted = {key: value for key, value in concept.items() if key != "name"}
    problems = check_concept(TARGET, **wanted)
    assert not problems, f"more than {concept['most']}:\\n" + "\\n".join(problems)


ONE = {"p/a.py": "class Registry: ...\\n", "p/b.py": "from p.a import Registry\\n"}
CONTROL = {"match": ["*Registry"], "within": "p", "most": 1, "allow": []}


def test_control_passes(tmp_path: Path) -> None:
    assert check_concept(write(tmp_path, ONE), **CONTROL) == []


def test_control_fails(tmp_path: Path) -> None:
    root = write(tmp_path, {**ONE, "p/b.py": "class OtherRegistry: ...\\n"})
    assert check_concept(root, **CONTROL) == ["p/a.py:1: Registry", "p/b.py:1: OtherRegistry"]
"""
)

PATHS = (
    _head(
        "Every class of a concept is imported from its defining module, or from a parent package of it.",
        "The checks read the source and import nothing. The controls show that the check finds a wrong import path.",
        "TargetTree, check_import_paths, find_tree",
    ).replace("import pytest\n\n", "")
    + """#: Class: the modules by which it may be imported; the first is the one to use.
SOURCES = @sources@

"""
    + _WRITE.lstrip("\n").join(["\n", ""])
    + """

def test_every_import_uses_an_allowed_path() -> None:
    problems = check_import_paths(TARGET, SOURCES)
    assert not problems, f"{len(problems)} statements:\\n" + "\\n".join(problems)


DIRECT = {
    "p/__init__.py": "",
    "p/a.py": "class Order: ...\\n",
    "p/b.py": "from p.a import Order\\nprint(Order)\\n",
}
CONTROL = {"p.a:Order": ["p.a", "p"]}


def test_control_passes(tmp_path: Path) -> None:
    root = write(tmp_path, {**DIRECT, "p/c.py": "from .a import Order\\n"})
    assert check_import_paths(root, CONTROL) == []


def test_control_fails(tmp_path: Path) -> None:
    root = write(tmp_path, {**DIRECT, "p/c.py": "from .b import Order\\n"})
    assert check_import_paths(root, CONTROL) == ["p/c.py:1: Order from p.b, not p.a"]
"""
)

CIRCULAR = (
    _head(
        "Every module can be imported first.",
        "Each module is imported in a fresh process, because circular imports depend on the first import. A module\n"
        "that needs a package that is not installed is skipped. The controls show that the check can fail.",
        "TargetTree, find_tree, import_first, is_of_others",
    )
    + """MODULES = @modules@


@pytest.fixture(scope="module")
def errors() -> dict[str, str]:
    return import_first(TARGET, MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_the_module_can_be_imported_first(module: str, errors: dict[str, str]) -> None:
    error = errors.get(module, "")
    if is_of_others(TARGET, error, module):
        pytest.skip(error)
    assert not error
"""
    + _WRITE
    + """

STRAIGHT = {"a.py": "from b import B\\nA = 1\\n", "b.py": "B = 1\\n"}


def test_control_passes(tmp_path: Path) -> None:
    assert import_first(write(tmp_path, STRAIGHT), ["a", "b", "json"]) == {}


def test_control_fails(tmp_path: Path) -> None:
    root = write(tmp_path, {**STRAIGHT, "b.py": "from a import A\\nB = 1\\n"})
    found = import_first(root, ["a", "b"])
    assert sorted(found) == ["a", "b"]
    assert all("partially initialized module" in error for error in found.values())


def test_control_is_not_there(tmp_path: Path) -> None:
    tree = write(tmp_path, {"a.py": "import no_such_package\\n", "b.py": "import b.c\\n"})
    found = import_first(tree, ["a", "b", "gone"])
    assert [is_of_others(tree, found[name], name) for name in ("a", "b", "gone")] == [True, False, True]
"""
)

REDIRECTS = (
    _head(
        "All paths of a redirect yield one object, and the redirecting modules are marked as such.",
        "The paths are imported in one fresh process and their objects compared. The controls show that the check\n"
        "distinguishes one object from two.",
        "TargetTree, check_one_object, check_redirect, find_tree, is_of_others",
    )
    + """REDIRECTS = @paths@
REDIRECTING = @marked@


"""
    + _SKIP
    + """

@pytest.mark.parametrize("redirect", REDIRECTS, ids=lambda redirect: redirect["paths"][0])
def test_all_paths_yield_one_object(redirect: dict) -> None:
    problems = check_one_object(TARGET, redirect["paths"])
    skip_if_not_installed(problems)
    assert not problems, "\\n".join(problems)


@pytest.mark.parametrize("redirecting", REDIRECTING, ids=lambda redirecting: redirecting["module"])
def test_a_redirecting_module_is_marked(redirecting: dict) -> None:
    problems = check_redirect(TARGET, **redirecting)
    skip_if_not_installed(problems)
    assert not problems, "\\n".join(problems)
"""
    + _WRITE
    + '''

WARNING = "import warnings\\nwarnings.warn('use a', DeprecationWarning, stacklevel=2)\\n"
GOOD = {
    "a.py": "class Order: ...\\n",
    "b.py": '"""SSOT redirect."""\\nfrom a import Order as Order\\n' + WARNING,
}


def test_control_passes(tmp_path: Path) -> None:
    root = write(tmp_path, GOOD)
    assert check_one_object(root, ["a.Order", "b.Order"]) == []
    assert check_redirect(root, "b", "SSOT redirect") == []


def test_control_fails(tmp_path: Path) -> None:
    root = write(tmp_path, {**GOOD, "b.py": "class Order: ...\\n"})
    assert check_one_object(root, ["a.Order", "b.Order"]) == ["b.Order: another object than a.Order"]
    assert len(check_redirect(root, "b", "SSOT redirect")) == 2


def test_control_points_at_itself(tmp_path: Path) -> None:
    root = write(tmp_path, {**GOOD, "b.py": GOOD["b.py"].replace("stacklevel=2", "stacklevel=1")})
    assert len(check_redirect(root, "b", "SSOT redirect")) == 1
'''
)

FACTORIES = (
    _head(
        "Factories have the methods that the policy requires, separate users, and are not singletons.",
        "Each factory is imported in a fresh process; only its `__new__` is called. The controls show that the\n"
        "check can fail.",
        "TargetTree, check_factory, find_tree, is_of_others",
    )
    + """FACTORIES = @factories@


"""
    + _SKIP
    + """

@pytest.mark.parametrize("factory", FACTORIES, ids=lambda factory: " ".join(factory["match"]))
def test_a_factory_fulfils_the_policy(factory: dict) -> None:
    problems = check_factory(TARGET, **factory)
    skip_if_not_installed(problems)
    assert not problems, "\\n".join(problems)
"""
    + _WRITE
    + """

CONTROL = {"match": ["*Factory"], "require": ["create"], "user_scope": ["user"], "forbid_singleton": True}


def test_control_passes(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "class JobFactory:\\n    def create(self, user): ...\\n"})
    assert check_factory(root, **CONTROL) == []


def test_control_fails(tmp_path: Path) -> None:
    source = (
        "class JobFactory:\\n    one = None\\n    def __new__(cls):\\n"
        "        cls.one = cls.one or object.__new__(cls)\\n        return cls.one\\n"
        "    def get_job(self): ...\\n"
    )
    problems = check_factory(write(tmp_path, {"a.py": source}), **CONTROL)
    assert len(problems) == 3, problems
"""
)
