"""Packages that nobody tuned to: is each class what the interpreter says, does each first import end as predicted?

    python -m benchmarks.held_out SITE_PACKAGES [--only PACKAGE ...] [--modules 600] [--json FILE]

Truth is a live process of the interpreter whose packages these are: every public name of every module that imports
there, where it is bound to a class of the package; and modules chosen at random, each imported first in a fresh
process. A name is right when the table ``paths`` gives the module and qualified name of the live class; a name without
a row is wrong. Nothing that the table calls certain may be wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis import tables
from analysis.facts import Facts, scan
from analysis.graph import build_import_graph
from analysis.names.paths import build_resolution
from analysis.names.simulated_names import add_simulated
from analysis.resolve import TargetResolver
from analysis.resolve.values import choose
from analysis.runtime import find_entries
from analysis.runtime.plan import find_outside
from analysis.simulation import Environment, simulate_entries

PACKAGES = (
    "matplotlib", "scipy", "sklearn", "transformers", "celery", "aiohttp", "twisted", "rich", "dask", "ansible",
    "django", "sqlalchemy", "_pytest", "botocore",
)  # fmt: skip
WITNESS = Path(__file__).with_name("held_out_witness.py")
SEED = 15
#: A class body is known by its first line, and decorators stand before the line of the class.
_DECORATORS = 200


@dataclass(slots=True)
class Names:
    """Of the names of one package: how many are right, and the others with their cause.

    ``asked`` are those without a row that are answered rightly where a statement takes them: no table can list the
    names that a program makes up while it runs.
    """

    total: int = 0
    right: int = 0
    asked: int = 0
    wrong: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def certain(self) -> int:
        return sum(cause.startswith("certain") for cause, *_ in self.wrong)


@dataclass(slots=True)
class FirstImports:
    """Of the first imports of one package: how many end, and fail, as predicted.

    ``importable`` are those that end well here; ``plain`` are predictions that know nothing of what is installed, for
    modules that need nothing else.
    """

    total: int = 0
    right: int = 0
    importable: int = 0
    importable_right: int = 0
    plain: int = 0
    plain_right: int = 0
    failing: int = 0
    placed: int = 0
    wrong: list[tuple[str, ...]] = field(default_factory=list)


class Witness:
    """Asks the interpreter; answers are kept in a folder where one is given."""

    def __init__(self, python: str, kept: Path | None) -> None:
        self._python = python
        self._kept = kept

    def ask(self, what: str, folder: Path, question: Any) -> Any:
        """Return the answer to one question."""
        key = hashlib.sha256(json.dumps(question).encode()).hexdigest()[:12]
        kept = self._kept / f"{folder.name}-{what}-{key}.json" if self._kept else None
        if kept is not None and kept.is_file():
            return json.loads(kept.read_text())
        with tempfile.NamedTemporaryFile("r", suffix=".json") as file, tempfile.TemporaryDirectory() as place:
            command = [self._python, str(WITNESS), what, str(folder), file.name]
            subprocess.run(
                command,
                input=json.dumps(question),
                text=True,
                check=True,
                stdout=subprocess.DEVNULL,
                timeout=3600,
                cwd=place,
            )
            text = file.read()
        if kept is not None:
            kept.write_text(text)
        return json.loads(text)


def measure_names(folder: Path, facts: Facts, resolver: TargetResolver, witness: Witness) -> Names:
    """Compare the table of import paths with the live classes."""
    modules = resolver.index.modules
    names = sorted(module.name for module in modules if module.kind != "namespace" and "__main__" not in module.name)
    seen = witness.ask("classes", folder, names)
    columns = ("import_path", "definition", "definition_path", "definition_line", "kind", "certainty", "reason")
    entries = [(entry.module, entry.path) for entry in find_entries(facts)]
    made = simulate_entries(facts, entries, resolver=resolver)["simulated_names"]
    paths = add_simulated(build_resolution(facts, resolver=resolver).paths, made, resolver)
    rows = {row[0]: row[1:] for row in tables.read_rows(paths, *columns)}
    found = Names()
    for module, name, _, stated, qualname, places in seen["rows"]:
        found.total += 1
        truth = {f"{stated}:{qualname}", *places}
        bodies = {place for each in truth for place in map(tuple, seen["bodies"].get(each, ()))}
        cause = _judge(rows.get(f"{module}.{name}"), truth, bodies, folder)
        if cause:
            said = rows.get(f"{module}.{name}", ())
            found.asked += not said and _is_answered(resolver, module, name, truth)
            found.wrong.append((cause, f"{module}.{name}", "|".join(sorted(truth)), *map(str, said)))
        else:
            found.right += 1
    return found


def _is_answered(resolver: TargetResolver, module: str, name: str, truth: set[str]) -> bool:
    """Return whether the resolver knows what a statement that takes a name from a module gets."""
    owner = next(each for each in resolver.index.modules if each.name == module)
    outcome = resolver.names.resolve(owner, name)
    return bool(outcome) and choose(outcome).value.target in truth


def _judge(row: tuple[Any, ...] | None, truth: set[str], bodies: set[tuple[str, int]], folder: Path) -> str:
    """Return the cause why a row is wrong, an empty text when it is right."""
    if row is None:
        return "missing: no row"
    definition, file, line, kind, certainty, reason = row
    if certainty == "unknown":
        return f"unknown: {reason}"
    if definition not in truth and (kind != "external" or _dot(definition) not in map(_dot, truth)):
        is_possible = not truth.isdisjoint(reason.replace(",", " ").split())
        return f"{certainty}: another {'candidate' if is_possible else 'definition'}, {kind}"
    is_elsewhere = (
        bodies
        and kind == "class"
        and not any(str(folder / file) == where and first <= line <= first + _DECORATORS for where, first in bodies)
    )
    return f"{certainty}: another statement" if is_elsewhere else ""


def _dot(definition: str) -> str:
    return definition.replace(":", ".")


def measure_first_imports(
    folder: Path, facts: Facts, resolver: TargetResolver, witness: Witness, chosen: list[str], installed: Path
) -> FirstImports:
    """Compare the simulated first imports of some modules with what the interpreter does."""
    entries = [(entry.module, entry.path) for entry in find_entries(facts) if entry.module in set(chosen)]
    live = witness.ask("imports", folder, chosen)
    graph = build_import_graph(facts, resolver=resolver)
    outside = find_outside(facts, graph, [folder.name])
    known = witness.ask("outside", folder, outside)
    environment = Environment(
        missing=frozenset(known["missing"]), lacking=frozenset((a, b) for a, b in known["lacking"]),
        found=frozenset(_list_installed(installed)),
    )  # fmt: skip
    predicted = _simulate(facts, entries, environment, resolver)
    plain = _simulate(facts, entries, None, resolver)
    found = FirstImports()
    for name, _ in entries:
        kind, failed_path, failed_line, _, message = live[name]
        said, expected = predicted[name], plain[name]
        found.total += 1
        is_right = said["outcome"] != "unknown" and (said["exception"] or "ok") == kind
        found.right += is_right
        found.importable += kind == "ok"
        found.importable_right += kind == "ok" and is_right
        if not is_right:
            found.wrong.append(("outcome", name, f"{kind} {failed_path}:{failed_line} {message}", *_tell(said)))
        elif kind != "ok":
            found.failing += 1
            is_placed = (said["failed_path"], said["failed_line"]) == (failed_path, failed_line)
            found.placed += is_placed
            if not is_placed:
                found.wrong.append(("statement", name, f"{kind} {failed_path}:{failed_line} {message}", *_tell(said)))
        is_elsewhere = said["outcome"] == "missing-third-party" or "could not import" in message
        if kind == "ok" or not is_elsewhere or not is_right:
            is_right = expected["outcome"] != "unknown" and (expected["exception"] or "ok") == kind
            found.plain += 1
            found.plain_right += is_right
            if not is_right:
                told = f"{kind} {failed_path}:{failed_line} {message}"
                found.wrong.append(("plain outcome", name, told, *_tell(expected)))
    return found


def _simulate(
    facts: Facts, entries: list[tuple[str, str]], environment: Environment | None, resolver: TargetResolver
) -> dict[str, dict[str, Any]]:
    seen = simulate_entries(facts, entries, environment=environment, resolver=resolver)
    return {row["module"]: row for row in seen["simulated"].to_pylist()}


def _tell(row: dict[str, Any]) -> tuple[str, ...]:
    place = f"{row['failed_path']}:{row['failed_line']}"
    return row["outcome"], f"{row['exception']} {place} {row['failed_module']} {row['failed_name']}", row["doubt"]


def _list_installed(site: Path) -> set[str]:
    """Return the top-level modules that can be imported: those of a folder of packages, and the standard library."""
    found = {path.name.partition(".")[0] for path in site.iterdir() if path.is_dir() or path.suffix in {".py", ".so"}}
    return found | set(sys.stdlib_module_names)


def choose_modules(facts: dict[str, Facts], count: int, seed: int) -> dict[str, list[str]]:
    """Return modules of all packages chosen at random, by package."""
    everything = [
        (package, entry.module)
        for package, each in facts.items()
        for entry in find_entries(each)
        if not entry.module.endswith("__main__")
    ]
    chosen = random.Random(seed).sample(everything, min(count, len(everything)))
    return {package: sorted(name for owner, name in chosen if owner == package) for package in facts}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("site", type=Path, help="the folder of installed packages")
    parser.add_argument("--only", nargs="*", default=PACKAGES, choices=PACKAGES, help="only these packages")
    parser.add_argument("--python", default="", help="their interpreter")
    parser.add_argument("--modules", type=int, default=600)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--kept", type=Path, help="a folder where the answers of the interpreter are kept")
    parser.add_argument("--no-names", action="store_true")
    parser.add_argument("--wrong", type=int, default=0, help="how many wrong answers of each cause to print")
    arguments = parser.parse_args()
    site = arguments.site.resolve()
    python = arguments.python or next(map(str, site.parents[2].glob("bin/python")), sys.executable)
    witness = Witness(python, arguments.kept)
    everything = {package: scan(site / package, cache=arguments.kept) for package in PACKAGES}
    chosen = choose_modules(everything, arguments.modules, arguments.seed)
    facts = {package: everything[package] for package in arguments.only}
    names, imports = {}, {}
    for package, each in facts.items():
        resolver = TargetResolver(each)
        if not arguments.no_names:
            names[package] = measure_names(site / package, each, resolver, witness)
            _print_names(package, names[package], arguments.wrong)
        if chosen[package]:
            imports[package] = measure_first_imports(site / package, each, resolver, witness, chosen[package], site)
            _print_imports(package, imports[package], arguments.wrong)
    figures = _sum_up(names, imports)
    print(json.dumps(figures, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


def _print_names(package: str, found: Names, shown: int) -> None:
    share = 100 * found.right / max(1, found.total)
    print(
        f"{package}: names {found.right:,} of {found.total:,}, {share:.2f} %; "
        f"{found.asked} more when asked; certain and wrong {found.certain}"
    )
    _print_wrong(found.wrong, shown)


def _print_imports(package: str, found: FirstImports, shown: int) -> None:
    print(
        f"{package}: first imports {found.right} of {found.total} (knowing nothing of what is installed "
        f"{found.plain_right} of {found.plain}), failing statement {found.placed} of {found.failing}"
    )
    _print_wrong(found.wrong, shown)


def _print_wrong(wrong: list[tuple[str, ...]], shown: int) -> None:
    for cause, number in Counter(cause for cause, *_ in wrong).most_common(15):
        print(f"    {number:5}  {cause}")
        for _, *rest in [each for each in wrong if each[0] == cause][:shown]:
            print(f"             {'  '.join(rest)}", flush=True)


def _sum_up(names: dict[str, Names], imports: dict[str, FirstImports]) -> dict[str, Any]:
    total = {
        name: sum(getattr(each, name) for each in names.values()) for name in ("total", "right", "asked", "certain")
    }
    keys = ("total", "right", "importable", "importable_right", "plain", "plain_right", "failing", "placed")
    first = {key: sum(getattr(each, key) for each in imports.values()) for key in keys}
    return {
        "names": total | {"share": round(100 * total["right"] / max(1, total["total"]), 2)},
        "first_imports": first,
        "packages": {
            package: {
                "names": each.total, "right": each.right, "asked": each.asked, "certain_wrong": each.certain,
                "causes": Counter(cause for cause, *_ in each.wrong),
            }
            for package, each in names.items()
        },
    }  # fmt: skip


if __name__ == "__main__":
    main()
