"""Where the tree keeps state that users share: in classes, defaults, caches, globals, and objects made on import."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.names.products import Product
from analysis.rules.context import RuleContext, ask_once
from analysis.rules.stored_state import Store

CLASS_LEVEL = frozenset({"class-attribute", "class-registry"})
#: What a class says it is, whose objects carry nothing from one user to the next.
HARMLESS = frozenset({"enum", "namedtuple", "exception", "typeddict", "protocol", "frozen"})
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


@ask_once
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
    """One object that a module makes when it is imported, of a class of the tree; by functions that pass it on."""

    module: str
    path: str
    line: int
    name: str
    made_by: str
    functions: tuple[str, ...] = ()


@ask_once
def find_module_objects(case: RuleContext) -> list[MadeObject]:
    """Return the objects of the tree's own classes that modules make on import, outside the tests, sorted."""
    homes, bindings = case.homes, case.facts.bindings
    is_made = pc.and_(pc.equal(bindings["kind"].cast(pa.string()), "instance"), pc.equal(bindings["owner"], ""))
    # What stands under `if __name__ == "__main__"` is not made on import.
    is_made = pc.and_(is_made, pc.not_equal(bindings["scope"].cast(pa.string()), "function"))
    is_made = pc.and_(is_made, pc.invert(pc.match_substring(bindings["condition"], "__name__")))
    columns = ("path", "line", "name", "value")
    made = [
        row
        for row in tables.read_rows(bindings.filter(is_made), *columns)
        if row[0] in homes and not is_test_file(row[0]) and not row[2].startswith("__")
    ]
    products = case.meanings.find_products({(homes[path], value) for path, _, _, value in made})
    rows = tables.read_rows(case.facts.definitions, "path", "name", "scope", "marks")
    marked = [(path, name, set(marks)) for path, name, scope, marks in rows if scope == "module"]
    own = {(path, name): not marks & HARMLESS for path, name, marks in marked}
    harmless = {f"{homes.get(path, '')}:{name}" for path, name, marks in marked if marks & HARMLESS}
    found = []
    for path, line, name, value in made:
        product = products.get((homes[path], value), Product())
        made_by = product.definition if product.is_own else ""
        if made_by in harmless or not (made_by or own.get((path, value))):
            continue
        found.append(MadeObject(homes[path], path, line, name, made_by or f"{homes[path]}:{value}", product.functions))
    return sorted(found)


class Rebound(NamedTuple):
    """One global name that functions bind anew: ``functions`` with the line of each statement.

    ``is_constant``: to nothing but constants, or only once, when it was None before. ``personal`` is an argument that
    belongs to a user or request by its name; ``is_setting``: otherwise, and by functions that say that they set it.
    """

    module: str
    path: str
    name: str
    is_constant: bool
    functions: tuple[tuple[str, int], ...]
    personal: str = ""
    is_setting: bool = False


def find_rebound(case: RuleContext) -> list[Rebound]:
    """Return the global names that functions bind anew, outside the tests, sorted."""
    homes, bindings = case.homes, case.facts.bindings
    found: dict[tuple[str, str], list[tuple[str, int, bool]]] = defaultdict(list)
    stores = {(store.path, store.line, store.name): store for store in case.stores if store.way == "bind"}
    columns = ("path", "line", "name", "kind", "owner", "condition")
    rows = tables.read_rows(bindings.filter(pc.not_equal(bindings["owner"], "")), *columns)
    for path, line, name, kind, owner, condition in rows:
        is_code = kind in {"class", "function", "import", "star", "delete"}
        if path in homes and not is_test_file(path) and not is_code:
            operands = {part.strip("() ") for part in condition.split(" and ")} if " or " not in condition else set()
            store = stores.get((path, line, name))
            is_made_once = not operands.isdisjoint((f"{name} is None", f"not {name}")) or (store and store.is_once)
            is_same = store is not None and store.inflow == "constant"
            is_counted = kind == "augmented" and not (store and store.personal)
            is_plain = kind in _CONSTANT and (store is None or store.inflow != "parameter")
            is_constant = is_made_once or is_same or is_plain or is_counted
            is_constant = is_constant or owner == "__getattr__"  # it keeps what it has served once
            found[path, name].append((owner, line, bool(is_constant)))
    return sorted(
        _grade_rebound(
            Rebound(homes[path], path, name, all(row[2] for row in rows), tuple(row[:2] for row in rows)), stores
        )
        for (path, name), rows in found.items()
    )


def _grade_rebound(item: Rebound, stores: Mapping[tuple[str, int, str], Store]) -> Rebound:
    """Return it with the argument of a user that flows in, or with that all its functions only set it."""
    known = [stores.get((item.path, line, item.name)) for _, line in item.functions]
    found = [store for store in known if store is not None and not store.is_once]
    personal = next((name for store in found for name in store.personal), "")
    changing = [store for store in found if store.inflow != "constant"]
    is_setting = bool(changing) and all(store.is_setting for store in changing) and None not in known
    return item._replace(personal=personal, is_setting=is_setting and not personal)


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


def find_readers(case: RuleContext, names: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    """Return the import statements of the product by which other modules take names, by ``pkg.mod.NAME``."""
    wanted = set(names)
    edges = case.graph.edges
    edges = edges.filter(pc.and_(pc.not_equal(edges["name"], ""), pc.invert(edges["is_ancestor"])))
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for imported, name, path, line in tables.read_rows(edges, "imported", "name", "path", "line"):
        if f"{imported}.{name}" in wanted and not is_test_file(path):
            found[f"{imported}.{name}"].append((path, line))
    return {name: sorted(set(places)) for name, places in found.items()}
