"""Layouts made at random: packages, parts of namespace packages, two roots, twins of the standard library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hypothesis import strategies as st

ROOTS = ("one", "two")
NAMES = ("aa", "bb", "cc")
#: Packages and a module of the standard library that a tree can hide, and modules that none can.
TWIN_PACKAGES = ("json", "logging")
TWINS = (*TWIN_PACKAGES, "calendar")
FIXED = ("sys", "os", "abc", "time")
#: Per file its statements: a template, a number, and whether the statement stands in a try.
Tree = Mapping[str, Sequence[tuple[str, int, bool]]]

#: A statement is a template: ``{module}``, ``{above}`` and ``{last}`` are the name of a module of the tree and its two
#: parts, ``{near}`` and ``{near_above}`` the same relative to the importer, ``{child}`` is one of those in its package.
#: A number says which module.
_TAKEN = st.sampled_from((*NAMES, *TWINS, "other"))
_TOP = st.sampled_from((*NAMES, *TWIN_PACKAGES))
_DOTTED = st.one_of(
    *[st.just("{module}")] * 3,
    st.builds(lambda top, rest: ".".join([top, *rest]), _TOP, st.lists(st.sampled_from(NAMES), max_size=2)),
)
_TEMPLATE = st.one_of(
    _DOTTED.map("import {}".format),
    _DOTTED.map("import {} as renamed".format),
    st.builds("from {} import {}".format, _DOTTED, _TAKEN),
    st.sampled_from((
        "from {module} import *", "from {near} import *", "from {near} import other", "from .. import other",
        "from ..{last} import other", "__all__ = ['other']", "__all__ = ['{child}', 'other']", "from . import {child}",
    )),
    st.sampled_from(("from {above} import {last}", "from {near_above} import {last}")),
    st.just("{child} = 1"),
    st.sampled_from((*TWINS, *FIXED)).map("import {}".format),
    st.sampled_from((*TWINS, *FIXED)).map("from {} import __doc__".format),
)  # fmt: skip
_STATEMENT = st.tuples(_TEMPLATE, st.integers(0, 11), st.booleans())
_FOLDERS = st.lists(st.sampled_from(NAMES), max_size=2)
_TOP_FOLDERS = st.one_of(_FOLDERS, _FOLDERS, st.sampled_from(TWINS).map(lambda name: [name]))
_FILE = st.sampled_from((*NAMES, *NAMES, *TWINS, *FIXED[:2], "__init__", "__init__", "__init__"))
_PATH = st.builds(
    lambda root, folders, name: "/".join([root, *folders, f"{name}.py"]),
    st.sampled_from(("one", "one", "two")), _TOP_FOLDERS, _FILE,
).filter(lambda path: path.count("/") > 1 or not path.endswith("__init__.py"))  # fmt: skip
TREES = st.dictionaries(_PATH, st.lists(_STATEMENT, max_size=4), min_size=2, max_size=10)


def choose_paths(paths: Iterable[str]) -> list[str]:
    """Return the files of a layout without those that one root holds under a name of the other.

    Which of two modules of one name a program gets is decided by its start, about which a layout says nothing; the
    parts of a namespace package are no such case. For the same reason a layout that hides a part of the standard
    library has one root.
    """
    chosen = set(paths)
    if any(path.split("/")[1].removesuffix(".py") in TWINS for path in chosen):
        chosen = {f"one/{path.partition('/')[2]}" for path in chosen}
    kept: list[str] = []
    for path in sorted(chosen):
        root = path.partition("/")[0]
        other = ROOTS[root == ROOTS[0]]
        parts = find_name(path).split(".")
        names = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
        hides = any(f"{other}/{name}{end}" in kept for name in names for end in (".py", "/__init__.py"))
        if not hides and not any(each.startswith(f"{other}/{names[-1]}/") for each in kept):
            kept.append(path)
    return kept


def find_name(path: str) -> str:
    """Return the dotted name of a file below its root."""
    return path.partition("/")[2].removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def fill(template: str, number: int, importer: str, names: Sequence[str]) -> str:
    """Return the statement that a template stands for in a file of a layout."""
    module = names[number % len(names)]
    package = find_name(importer).split(".")[: None if importer.endswith("__init__.py") else -1]
    inside = [name for name in names if name.split(".")[:-1] == package]
    above, _, last = module.rpartition(".")
    return template.format(
        module=module, above=above or module, last=last,
        child=inside[number % len(inside)].rpartition(".")[2] if inside else last, near=_make_relative(package, module),
        near_above=_make_relative(package, above or module),
    )  # fmt: skip


def _make_relative(package: Sequence[str], module: str) -> str:
    parts = module.split(".")
    same = next(
        (at for at, pair in enumerate(zip(package, parts, strict=False)) if pair[0] != pair[1]),
        min(len(package), len(parts)),
    )
    return "." * (len(package) - same + 1) + ".".join(parts[same:])


def write_tree(root: Path, tree: Tree) -> None:
    """Write a layout that ``TREES`` made, and a file that imports from each of its folders."""
    paths = choose_paths(tree)
    names = sorted({find_name(path) for path in paths} - set(FIXED)) or ["aa"]
    for path in paths:
        lines = ["other = 1"]
        statements = tree.get(path) or tree.get(path.replace("one/", "two/", 1)) or ()
        for template, number, is_tried in statements:
            statement = fill(template, number, path, names)
            tried = ["try:", f"    {statement}", "except ImportError:", "    pass"]
            # Only the simulation knows whether a guarded import binds its name, and whether a package has it then.
            can_fail = statement.startswith("from ") and "*" not in statement and not path.endswith("__init__.py")
            lines += tried if is_tried and can_fail else [statement]
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("\n".join(lines) + "\n")
    # A folder from which nobody imports anything is taken for one of scripts: somebody does.
    folders = [f"    import {first}.{second}.x" for first in (*NAMES, *TWINS) for second in (*NAMES, *TWINS)]
    for folder in ROOTS:
        (root / folder).mkdir(exist_ok=True)
    (root / "one/zz.py").write_text("\n".join(["def never():", *folders]) + "\n")
