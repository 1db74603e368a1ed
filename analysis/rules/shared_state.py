"""Where the tree keeps state that users share: in classes, defaults, caches, globals, and objects made on import."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.rules.context import RuleContext

CLASS_LEVEL = frozenset({"class-attribute", "class-registry"})
#: What a class says it is, whose objects carry nothing from one user to the next.
_HARMLESS = frozenset({"enum", "namedtuple", "exception", "typeddict", "protocol"})
_CONSTANT = frozenset({"literal", "none", "constant", "expression"})


class State(NamedTuple):
    """One row of ``tables.STATES`` outside the tests, with the module that it belongs to."""

    module: str
    path: str
    line: int
    owner: str
    name: str
    kind: str
    value: str
    changed: tuple[int, ...]

    @property
    def definition(self) -> str:
        """The class or function: ``pkg.mod:Qual``."""
        return f"{self.module}:{self.owner}"


def find_states(case: RuleContext, *kinds: str) -> list[State]:
    """Return the places of some kinds that keep state, outside the tests, sorted."""
    homes = case.homes
    columns = ("path", "line", "owner", "name", "kind", "value", "changed")
    rows = tables.read_rows(case.facts.states, *columns)
    return sorted(
        State(homes[path], path, line, owner, name, kind, value, tuple(changed))
        for path, line, owner, name, kind, value, changed in rows
        if kind in kinds and path in homes and not is_test_file(path)
    )


class MadeObject(NamedTuple):
    """One object that a module makes when it is imported, of a class of the tree."""

    module: str
    path: str
    line: int
    name: str
    made_by: str


def find_module_objects(case: RuleContext) -> list[MadeObject]:
    """Return the objects of the tree's own classes that modules make on import, outside the tests, sorted."""
    homes, bindings = case.homes, case.facts.bindings
    is_made = pc.and_(pc.equal(bindings["kind"].cast(pa.string()), "instance"), pc.equal(bindings["owner"], ""))
    columns = ("path", "line", "name", "value")
    made = [
        row
        for row in tables.read_rows(bindings.filter(is_made), *columns)
        if row[0] in homes and not is_test_file(row[0]) and not row[2].startswith("__")
    ]
    known = find_class_paths(case.identity.paths, {f"{homes[path]}.{value}" for path, _, _, value in made})
    rows = tables.read_rows(case.facts.definitions, "path", "name", "scope", "marks")
    marked = [(path, name, set(marks)) for path, name, scope, marks in rows if scope == "module"]
    own = {(path, name): not marks & _HARMLESS for path, name, marks in marked}
    harmless = {f"{homes.get(path, '')}:{name}" for path, name, marks in marked if marks & _HARMLESS}
    found = []
    for path, line, name, value in made:
        made_by = known.get(f"{homes[path]}.{value}", "")
        if made_by in harmless or not (made_by or own.get((path, value))):
            continue
        found.append(MadeObject(homes[path], path, line, name, made_by or f"{homes[path]}:{value}"))
    return sorted(found)


def find_class_paths(paths: pa.Table, wanted: Iterable[str]) -> dict[str, str]:
    """Return the definition behind those of some import paths that lead to a class of the tree."""
    paths = paths.filter(pc.is_in(paths.column("import_path"), pa.array(sorted(wanted), pa.string())))
    is_class = pc.is_in(paths.column("kind").cast(pa.string()), pa.array(tables.CLASS_KINDS))
    in_tree = pc.not_equal(paths.column("definition_path").cast(pa.string()), "")
    return dict(tables.read_rows(paths.filter(pc.and_(is_class, in_tree)), "import_path", "definition"))


class Rebound(NamedTuple):
    """One global name that functions bind anew: ``functions`` with the line of each statement.

    ``is_constant``: to nothing but constants, or only once, when it was None before.
    """

    module: str
    path: str
    name: str
    is_constant: bool
    functions: tuple[tuple[str, int], ...]


def find_rebound(case: RuleContext) -> list[Rebound]:
    """Return the global names that functions bind anew, outside the tests, sorted."""
    homes, bindings = case.homes, case.facts.bindings
    found: dict[tuple[str, str], list[tuple[str, int, bool]]] = defaultdict(list)
    columns = ("path", "line", "name", "kind", "owner", "condition")
    rows = tables.read_rows(bindings.filter(pc.not_equal(bindings["owner"], "")), *columns)
    for path, line, name, kind, owner, condition in rows:
        is_code = kind in {"class", "function", "import", "star", "delete"}
        if path in homes and not is_test_file(path) and not is_code:
            operands = {part.strip("() ") for part in condition.split(" and ")} if " or " not in condition else set()
            is_made_once = not operands.isdisjoint((f"{name} is None", f"not {name}"))
            found[path, name].append((owner, line, is_made_once or kind in _CONSTANT or kind == "augmented"))
    return sorted(
        Rebound(homes[path], path, name, all(row[2] for row in rows), tuple((row[0], row[1]) for row in rows))
        for (path, name), rows in found.items()
    )


def is_factory(case: RuleContext, name: str) -> bool:
    """Return whether a class is a factory of the policy, by its name."""
    return any(fnmatchcase(name, pattern) for factory in case.policy.factory for pattern in factory.match)


def find_class_lines(case: RuleContext) -> dict[str, list[tuple[str, int]]]:
    """Return where each class begins, by definition: an exception stands there."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for path, qualname, line in tables.read_rows(case.facts.definitions, "path", "qualname", "line"):
        if path in case.homes:
            found[f"{case.homes[path]}:{qualname}"].append((path, line))
    return found
