"""The import simulation against the probe: does each first import end, and fail, as predicted?"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.bundled_case import build_bundled_case
from analysis.facts import scan
from analysis.graph import build_import_graph
from analysis.runtime import ProbeOptions, find_entries, run_probe
from analysis.simulation import simulate_entries
from benchmarks.measure import Result, at_least, below
from benchmarks.targets import copy_packages, find_package

PACKAGES = ("django", "sqlalchemy", "networkx", "pandas", "jupyterlab")
#: Packages that hypothesis makes up.
_MADE = 20
#: A tree of so many modules is what the time is measured on.
_LARGE = ("django", "sqlalchemy", "sympy", "pandas")

_NAMES = st.sampled_from("abcd")
_TAKEN = st.sampled_from("XY")
_STATEMENTS = st.one_of(
    st.builds("from .{} import {}".format, _NAMES, _TAKEN),
    st.builds("from p.{} import {}".format, _NAMES, _TAKEN),
    st.builds("import p.{}".format, _NAMES),
    st.builds("import p.{} as other".format, _NAMES),
    st.builds("from . import {}".format, _NAMES),
    st.builds("from .{} import *".format, _NAMES),
    st.builds("try:\n    from .{} import {}\nexcept ImportError:\n    {} = None".format, _NAMES, _TAKEN, _TAKEN),
    st.builds("try:\n    from .{} import {}\nexcept Exception:\n    pass".format, _NAMES, _TAKEN),
    st.builds("def f():\n    from .{} import {}".format, _NAMES, _TAKEN),
    st.builds("def g():\n    from .{} import {} as made\n    return made\nmade = g()".format, _NAMES, _TAKEN),
    st.builds("{} = 1".format, _TAKEN),
)
_MODULES = st.fixed_dictionaries({name: st.lists(_STATEMENTS, max_size=6) for name in "abcd"})


def measure_simulation(_: int = 1) -> list[Result]:
    """Agreement of outcomes and statements by package and in all, and the seconds for a large tree."""
    results = []
    total = Counter[str]()
    trees = [("the case", build_bundled_case()), *((name, find_package(name)) for name in PACKAGES)]
    with tempfile.TemporaryDirectory(prefix="ssot-made-") as folder:
        made = _make_packages(Path(folder))
        for name, root in [*trees, *((f"made {number}", each) for number, each in enumerate(made))]:
            counts = _compare(root)
            total += counts
            if not name.startswith("made"):
                results.append(Result(f"first imports that end as predicted, {name}", _share(counts, "same", "modules"),
                                      "%", note=f"{counts['same']:,} of {counts['modules']:,}"))  # fmt: skip
    results += [
        at_least("first imports that end as predicted", _share(total, "same", "modules"), 99, "%",
                 f"{total['same']:,} of {total['modules']:,} modules, {len(made)} made-up packages among them"),
        at_least("of those that fail, at the predicted statement", _share(total, "placed", "failing"), 95, "%",
                 f"{total['placed']:,} of {total['failing']:,}"),
        at_least("predicted swallowed import errors", _share(total, "lost", "swallowed"), 95, "%",
                 f"{total['lost']:,} of {total['swallowed']:,}; {total['extra']:,} predicted wrongly"),
        _time_large(),
    ]  # fmt: skip
    return results


def _share(counts: Counter[str], part: str, whole: str) -> float:
    return 100 * counts[part] / counts[whole] if counts[whole] else 100.0


def _make_packages(folder: Path) -> list[Path]:
    """Write packages with random cycles; return the folder of each."""
    found: list[Path] = []

    @settings(max_examples=_MADE, database=None, derandomize=True, deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(_MODULES)
    def write(modules: dict[str, list[str]]) -> None:
        root = folder / f"t{len(found)}"
        (root / "p").mkdir(parents=True)
        (root / "p" / "__init__.py").write_text("")
        for name, statements in modules.items():
            (root / "p" / f"{name}.py").write_text("\n".join([*statements, "X = Y = 1"]) + "\n")
        found.append(root)

    write()
    return found


def _compare(root: Path) -> Counter[str]:
    facts = scan(root)
    entries = [(entry.module, entry.path) for entry in find_entries(facts)]
    seen = run_probe(facts, build_import_graph(facts), ProbeOptions())
    predicted = simulate_entries(facts, entries, environment=seen.environment)
    rows = {row["module"]: row for row in predicted["simulated"].to_pylist()}
    counts = Counter[str]()
    for row in seen.tables["probed"].to_pylist():
        said = rows[row["module"]]
        counts["modules"] += 1
        if row["outcome"] == said["outcome"]:
            counts["same"] += 1
            if row["outcome"] != "ok":
                counts["failing"] += 1
                counts["placed"] += _place(row) == _place(said)
    swallowed, lost = (_read_lost(tables) for tables in (seen.tables["swallowed"], predicted["simulated_swallowed"]))
    counts.update(swallowed=len(swallowed), lost=len(swallowed & lost), extra=len(lost - swallowed))
    return counts


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["failed_path"], row["failed_line"]


def _read_lost(table: Any) -> set[tuple[Any, ...]]:
    columns = ("entry", "path", "line", "outcome", "module", "name")
    return {tuple(row[name] for name in columns) for row in table.to_pylist()}


def _time_large() -> Result:
    with tempfile.TemporaryDirectory(prefix="ssot-large-") as folder:
        facts = scan(copy_packages(Path(folder) / "tree", _LARGE))
        entries = [(entry.module, entry.path) for entry in find_entries(facts)]
        started = time.perf_counter()
        simulate_entries(facts, entries)
        seconds = time.perf_counter() - started
    return below("simulation of every first import", seconds, 60, "s", f"{len(entries):,} modules")
