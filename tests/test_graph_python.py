"""Edges against the interpreter: what an import loads is what the edges reach, on trees made at random."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.facts import ScanOptions, scan
from analysis.graph import build_import_graph

NAMES = ("aa", "bb", "cc")
#: Imports each module in a process of its own and prints what is loaded then.
LOAD = """
import importlib, json, os, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    if os.fork():
        os.wait()
        continue
    try:
        importlib.import_module(name)
    except ImportError:
        pass
    loaded = [name for name, module in sys.modules.items() if getattr(module, "__file__", None)]
    print(json.dumps([name for name in loaded if name.split(".")[0] in ("aa", "bb", "cc")]), flush=True)
    os._exit(0)
"""

_DOTTED = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(".".join)
_STATEMENT = st.one_of(
    _DOTTED.map("import {}".format),
    st.builds("from {} import {}".format, _DOTTED, st.sampled_from((*NAMES, "other", "*"))),
    st.builds(
        "from {}{} import {}".format, st.sampled_from((".", "..", "...")), st.one_of(st.just(""), _DOTTED),
        st.sampled_from((*NAMES, "other", "*")),
    ),
)  # fmt: skip
_SOURCE = st.tuples(st.lists(_STATEMENT, max_size=3), st.lists(st.sampled_from(NAMES), max_size=2))
_PATH = st.builds(
    lambda folders, name: "/".join([*folders, name]),
    st.lists(st.sampled_from(NAMES), max_size=2),
    st.sampled_from([f"{name}.py" for name in NAMES] + ["__init__.py"]),
).filter(lambda path: path != "__init__.py")
_TREE = st.dictionaries(_PATH, _SOURCE, min_size=2, max_size=9)


def write_source(path: str, statements: list[str], listed: list[str]) -> str:
    """Return a module that tries each statement; ``other`` is a plain name that every module has.

    What is taken is bound to a name of its own, and packages take no stars: a name that hides a submodule is
    another matter.
    """
    lines = ["other = 1", f"__all__ = {['other', *listed]!r}"]
    for number, statement in enumerate(statements):
        is_star = statement.endswith("*")
        if not (is_star and path.endswith("__init__.py")):
            bound = "" if is_star else f" as taken_{number}"
            lines += ["try:", f"    {statement}{bound}", "except (ImportError, AttributeError):", "    pass"]
    return "\n".join(lines)


def load(root: Path, modules: list[str]) -> list[set[str]]:
    """Return, per module that is asked for first, the modules with a file that the interpreter holds then."""
    command = [sys.executable, "-I", "-S", "-c", LOAD, str(root), *modules]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout.splitlines()
    return [set(json.loads(line)) for line in lines]


def reach(following: dict[str, set[str]], start: set[str]) -> set[str]:
    """Return what can be reached."""
    seen, stack = set(start), list(start)
    while stack:
        for name in following[stack.pop()] - seen:
            seen.add(name)
            stack.append(name)
    return seen


@settings(max_examples=40, derandomize=True)
@given(_TREE)
def test_what_python_loads_is_what_the_edges_reach(tree: dict[str, tuple[list[str], list[str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for path, source in tree.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(write_source(path, *source))
        # A folder that nobody imports from is taken for one of scripts: somebody does.
        (root / "main.py").write_text("\n".join(f"import {first}.{second}.x" for first in NAMES for second in NAMES))
        facts = scan(root, options=ScanOptions(roots=(".",)))
        following: dict[str, set[str]] = defaultdict(set)
        for row in build_import_graph(facts).edges.to_pylist():
            if row["via"] != "script-folder":  # what a script finds beside it, an imported module does not
                following[row["importer"]].add(row["imported"])
        kinds = {row["module"]: row["kind"] for row in facts.modules.to_pylist() if not row["shadowed_by"]}
        files = sorted(name for name, kind in kinds.items() if kind != "namespace" and name != "main")
        for module, loaded in zip(files, load(root, files), strict=True):
            assert loaded == find_expected(module, following, kinds), (module, tree)


def find_expected(module: str, following: dict[str, set[str]], kinds: dict[str, str]) -> set[str]:
    """Return what the edges reach from a module and the packages around it, namespace packages apart."""
    first = {name for name in find_around(module) if kinds.get(name) == "package"}
    return {name for name in reach(following, first | {module}) if kinds[name] != "namespace"}


def find_around(module: str) -> set[str]:
    """Return the names of the packages around a module."""
    parts = module.split(".")
    return {".".join(parts[:length]) for length in range(1, len(parts))}
