"""State that users share: singletons, class attributes, defaults, caches, globals and objects made on import."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.shared_state import EITHER
from analysis.facts.test_files import is_test_file
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.rule import Rule
from analysis.wording import choose_form, format_count, format_some

_CLASS_LEVEL = frozenset({"class-attribute", "class-registry"})
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
    known = _find_class_paths(case.identity.paths, {f"{homes[path]}.{value}" for path, _, _, value in made})
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


def _find_class_paths(paths: pa.Table, wanted: Iterable[str]) -> dict[str, str]:
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


def _find_grave(case: RuleContext) -> set[str]:
    """Return the classes of which the policy speaks."""
    return {member.definition for concept in case.concepts if concept.is_policy for member in concept.members}


def _is_factory(case: RuleContext, name: str) -> bool:
    return any(fnmatchcase(name, pattern) for factory in case.policy.factory for pattern in factory.match)


def _find_class_lines(case: RuleContext) -> dict[str, list[tuple[str, int]]]:
    """Return where each class begins, by definition: an exception stands there."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for path, qualname, line in tables.read_rows(case.facts.definitions, "path", "qualname", "line"):
        if path in case.homes:
            found[f"{case.homes[path]}:{qualname}"].append((path, line))
    return found


def _check_singletons(case: RuleContext) -> Iterator[Finding]:
    rule = "singleton"
    patterns = [pattern for factory in case.policy.factory if factory.forbid_singleton for pattern in factory.match]
    lines = _find_class_lines(case)
    for state in find_states(case, "singleton"):
        is_forbidden = any(fnmatchcase(state.owner.rpartition(".")[2], pattern) for pattern in patterns)
        severity, told = ("P1", ", which the policy forbids") if is_forbidden else ("P2", "")
        message = (
            f"{state.definition} has one object for the whole process{told}: {state.value} keeps it in {state.name} "
            "and returns it to everybody. What it notes for one user, the next one finds"
        )
        places = [*lines.get(state.definition, ()), *((state.path, line) for line in (state.line, *state.changed))]
        yield build_finding(rule, severity, state.definition, message, places, [state.name])


def _check_class_attributes(case: RuleContext) -> Iterator[Finding]:
    rule = "shared-class-attribute"
    class_lines = _find_class_lines(case)
    grave = _find_grave(case)
    for definition, states in _group(find_states(case, *_CLASS_LEVEL)):
        named = [f"{state.name} = {state.value}" for state in states]
        lines = sum(len(state.changed) for state in states)
        by_instance = any(state.kind == "class-attribute" for state in states)
        name = definition.rpartition(":")[2].rpartition(".")[2]
        is_grave = definition in grave or _is_factory(case, name)
        severity = "P1" if is_grave else "P2" if by_instance else "P3"
        whose = "Every object of the class" if by_instance else "Everybody who calls the class"
        message = (
            f"{definition} keeps {format_some(named)} in the class body, and changes it at "
            f"{format_count(lines, 'place')}. "
            f"{whose} shares it: what one user puts in, the others get"
        )
        places = [(state.path, line) for state in states for line in (state.line, *state.changed)]
        places = [*class_lines.get(definition, ()), *places]
        yield build_finding(rule, severity, definition, message, places, [state.name for state in states])


def _check_defaults(case: RuleContext) -> Iterator[Finding]:
    rule = "shared-default"
    for definition, states in _group(find_states(case, "default")):
        named = [f"{state.name}={state.value}" for state in states]
        message = (
            f"{definition} has the default {format_some(named)} and changes it or hands it on. Python makes it "
            "once: callers that omit the argument share the same object"
        )
        places = [(state.path, line) for state in states for line in (state.line, *state.changed)]
        yield build_finding(rule, "P2", definition, message, places, [state.name for state in states])


def _check_cached(case: RuleContext) -> Iterator[Finding]:
    rule = "cached-getter"
    states = list(find_states(case, "cached-getter"))
    called = {f"{state.module}.{name}" for state in states for name in state.value.split(EITHER)}
    known = _find_class_paths(case.identity.paths, called)
    own = {(path, name) for path, name in tables.read_rows(case.facts.definitions, "path", "name")} if states else set()
    for state in states:
        names = state.value.split(EITHER)
        is_own = any(f"{state.module}.{name}" in known or (state.path, name) in own for name in names)
        message = (
            f"{state.definition} is cached and takes no argument: it calls {state.value} once and gives what comes "
            "back to all users"
        )
        yield build_finding(rule, "P2" if is_own else "P3", state.definition, message, [(state.path, state.line)])


def _check_rebound(case: RuleContext) -> Iterator[Finding]:
    rule = "global-rebound"
    for item in find_rebound(case):
        functions = sorted({function for function, _ in item.functions})
        told = "a constant, or once" if item.is_constant else "a value"
        binds = choose_form(len(functions), "binds", "bind")
        message = (
            f"{format_some(functions)} {binds} the global {item.module}.{item.name} to {told}: it is the same for all "
            f"users and threads{'' if item.is_constant else ', and the last call wins'}"
        )
        places = [(item.path, line) for _, line in item.functions]
        severity = "P3" if item.is_constant else "P2"
        yield build_finding(rule, severity, f"{item.module}.{item.name}", message, places)


def _check_objects(case: RuleContext) -> Iterator[Finding]:
    rule = "object-made-on-import"
    grave = _find_grave(case)
    found: dict[str, list[MadeObject]] = defaultdict(list)
    for item in find_module_objects(case):
        found[item.module].append(item)
    for module, items in found.items():
        is_grave = any(item.made_by in grave or _is_factory(case, _tail(item.made_by)) for item in items)
        named = [f"{item.name} ({_tail(item.made_by)})" for item in items]
        message = (
            f"{module} makes {format_count(len(items), 'object')} when it is imported: {format_some(named)}. All who "
            "import it "
            "share them, and the order of imports decides when they are made"
        )
        places = [(item.path, item.line) for item in items]
        marks = sorted({item.name for item in items})
        yield build_finding(rule, "P2" if is_grave else "P3", module, message, places, marks)


def _group(states: Iterable[State]) -> Iterator[tuple[str, list[State]]]:
    found: dict[str, list[State]] = defaultdict(list)
    for state in states:
        found[state.definition].append(state)
    yield from found.items()


@lru_cache(maxsize=4096)
def _tail(definition: str) -> str:
    return definition.replace(":", ".").rpartition(".")[2]


_Found = TypeVar("_Found", State, MadeObject, Rebound)


def count_shared(case: RuleContext) -> Mapping[str, tuple[int, str, str]]:
    """Return per metric of shared state its number, unit and meaning."""

    def own(found: Iterable[_Found]) -> list[_Found]:
        return [item for item in found if case.is_chosen(item.path)]

    singletons = {state.definition for state in own(find_states(case, "singleton"))}
    return {
        "singletons": (len(singletons), "classes", "Classes that have one object for the whole process."),
        "class-level-mutable-attributes": (
            len(own(find_states(case, *_CLASS_LEVEL))), "attributes", "Containers of class bodies that methods change.",
        ),
        "module-level-instances": (
            len(own(find_module_objects(case))), "objects",
            "Objects of the tree's own classes that modules make on import.",
        ),
        "global-statements": (
            len({(item.module, name) for item in own(find_rebound(case)) for name, _ in item.functions}), "functions",
            "Functions that bind global names anew.",
        ),
        "cached-getters": (
            len(own(find_states(case, "cached-getter"))), "functions", "Cached functions without an argument.",
        ),
        "mutable-default-arguments": (
            len({state.definition for state in own(find_states(case, "default"))}), "functions",
            "Functions that change a default of their own, or hand it on.",
        ),
    }  # fmt: skip


_SINGLETON = (
    "class JobFactory:\n    _instance = None\n\n    def __new__(cls):\n        if cls._instance is None:\n"
    "            cls._instance = super().__new__(cls)\n        return cls._instance\n"
)

RULES = (
    Rule(
        "singleton", "P1",
        "A class keeps its one object and gives it to everybody. State that belongs to one user stays in it for the "
        "next, tests influence one another, and two users at a time overwrite one another.",
        "Make an object for each user or request and hand it on; where there must be one, let the start of the program "
        "make it and pass it in.",
        _check_singletons,
        bad={"a.py": _SINGLETON},
        good={"a.py": "class JobFactory:\n    def __init__(self, user):\n        self.user = user\n"},
        grades={"P1": "the policy forbids it for this factory", "P2": "any other class"},
        is_joint=True,
    ),
    Rule(
        "shared-class-attribute", "P1",
        "A container that stands in the class body belongs to the class: all its objects change the same one.",
        "Make it in `__init__`, for each object. A registry that is meant to be one for all deserves a name and a "
        "place of its own.",
        _check_class_attributes,
        bad={"a.py": "class Cart:\n    items = []\n\n    def add(self, item):\n        self.items.append(item)\n"},
        good={
            "a.py": "class Cart:\n    KINDS = ['a']\n\n    def __init__(self):\n        self.items = []\n\n"
            "    def add(self, item):\n        self.items.append(item)\n",
        },
        grades={
            "P1": "the class belongs to a concept or factory of the policy",
            "P2": "methods change it through an object",
            "P3": "it is changed through the class only, as registries are",
        },
        is_joint=True,
    ),
    Rule(
        "shared-default", "P2",
        "The default of a parameter is made once, when the function is defined. A function that changes it, or hands "
        "it on, gives one caller what another one left there.",
        "Use None as the default, and make the container inside the function.",
        _check_defaults,
        bad={"a.py": "def open_session(user, session={}):\n    session['user'] = user\n    return session\n"},
        good={
            "a.py": "def open_session(user, session=None):\n    session = dict(session or {})\n"
            "    session['user'] = user\n    return session\n\ndef show(rows=[]):\n    print(len(rows))\n",
        },
        is_joint=True,
    ),
    Rule(
        "cached-getter", "P2",
        "A cached function without parameters is a singleton by another name: one object for all users, and nobody can "
        "see that from the call.",
        "Give it what tells users apart as a parameter, or make the object where the program starts.",
        _check_cached,
        bad={
            "a.py": "from functools import lru_cache\nclass Cache: ...\n@lru_cache\ndef get_cache():\n"
            "    return Cache()\n",
        },
        good={
            "a.py": "from functools import lru_cache\nclass Cache: ...\n@lru_cache\ndef get_cache(user):\n"
            "    return Cache()\n@lru_cache\ndef find_size():\n    return 3\n",
        },
        grades={"P2": "it makes an object of the tree's own classes", "P3": "it calls something else"},
    ),
    Rule(
        "global-rebound", "P2",
        "A function binds a global name anew. All users and threads see the last one's value.",
        "Return the value, or keep it in an object that belongs to the user or request.",
        _check_rebound,
        bad={"a.py": "_last = None\ndef note(user):\n    global _last\n    _last = user\n"},
        good={"a.py": "_last = None\ndef note(user):\n    _last = user\n    return _last\n"},
        grades={
            "P2": "to a value that differs from call to call",
            "P3": "to constants only, as flags are, or when it was None before",
        },
    ),
    Rule(
        "object-made-on-import", "P2",
        "A module makes an object of the tree's own classes when it is imported: one for all users, at a moment that "
        "the order of imports decides.",
        "Make it where the program starts and pass it on; keep at module level only what never changes.",
        _check_objects,
        bad={"a.py": "class Box:\n    def __init__(self):\n        self.items = []\n\nBOX = Box()\n"},
        good={
            "a.py": "import enum\nclass Box:\n    def __init__(self):\n        self.items = []\n\n"
            "def start():\n    return Box()\nclass E(enum.Enum):\n    A = 1\nE_A = E(1)\n",
        },
        grades={"P2": "its class belongs to a concept or factory of the policy", "P3": "any other class"},
    ),
)  # fmt: skip
