"""What functions store where all users of the process find it: who stores it, what flows in, and who reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import pyarrow as pa

from analysis import tables
from analysis.facts.function_names import CONTEXT_DEFAULT
from analysis.facts.personal import is_personal
from analysis.facts.test_files import is_test_file
from analysis.names.inheritance import Inheritance
from analysis.names.products import Meaning, NameMeanings, Product
from analysis.resolve.standard_library import STANDARD

#: How functions begin that say that they set something for the process.
_SETTING = re.compile(
    r"_*(set|configure|config|init|initiali[sz]e|setup|set_up|install|register|unregister|enable|disable|use|add|"
    r"subscribe|on|load|reset|override|patch|attach|bind|define|declare|switch|select|activate|deactivate|change|"
    r"push|start|connect|prepare|boot|lazy|ensure|bootstrap|main|run|with|clear|remove|restore|extend|insert|append|mount|hook|import|export)(_|$)"
)
#: Of a class these choose for whom it works, which each user does anew.
_CHOOSING = re.compile(r"_*(switch|select|activate)(_|$)")
#: How functions begin that make an object ready for all its users.
_PREPARING = re.compile(
    r"_*(set|configure|config|init|initiali[sz]e|setup|set_up|install|register|unregister|enable|disable|connect|"
    r"subscribe|on|reset|override|patch|attach|bind|define|declare|mount|hook|include|use|bootstrap|unsubscribe|"
    r"provide|restore)(_|$)"
)
#: Keys that may tell users apart.
_TELLING = re.compile(r"(^|_)(id|ids|key|keys|uid|pk|uuid|who|owner|person|client|caller|name|address|email)$")
#: What has queues, and the variables that every part of the process reads, and those that it starts.
_QUEUES = frozenset({"queue", "asyncio", "multiprocessing", "multiprocess", "janus"})
ENVIRONMENT = "os.environ"
#: Classes whose objects keep something of each thread.
THREAD_LOCAL = frozenset({"threading:local", "_thread:_local", "_threading_local:local"})
#: Classes whose objects keep something of each thread, task or context.
LOCAL = THREAD_LOCAL | frozenset({
    "contextvars:ContextVar", "werkzeug.local:Local", "werkzeug.local:LocalStack", "werkzeug.local:LocalProxy",
    "asgiref.local:Local", "gevent.local:local", "eventlet.corolocal:local",
})  # fmt: skip
#: Packages outside the tree whose objects are plain containers.
_PLAIN = frozenset({"builtins", "collections", "weakref", "types", "array", "queue", "cachetools"})
#: What an object from outside the tree hands out with each use: what is put in there stays for all.
_HANDED_OUT = frozenset({"headers", "cookies", "params", "auth", "proxies", "state"})
#: Classes outside the tree whose objects may keep something of each thread, task or request, by their name.
_SCOPED = re.compile(r"local|scoped|proxy|context|stack", re.IGNORECASE)
#: Attributes of modules of libraries that say for whom the process acts.
_ACTING = re.compile(r"(^|_)(key|token|secret|password|user|username|tenant|account|credentials|auth)$")
#: Methods that run once for each class, not for each user.
_ONCE_PER_CLASS = frozenset({
    "__init_subclass__", "__class_getitem__", "__set_name__", "setUpClass", "tearDownClass", "setup_class",
    "teardown_class", "setUpTestData",
})  # fmt: skip
#: How the part of a store ends that a method keeps to call it later.
CALLED = "()"
#: Of so many first parts of a dotted name is asked what they mean.
_LENGTHS = (1, 2, 3, 4)
_COLUMNS = (
    "path", "line", "owner", "name", "way", "inflow", "parameters", "is_keyed", "is_once", "is_returned",
    "keys", "reads",
)  # fmt: skip


class Store(NamedTuple):
    """One row of ``tables.STORES``, with what it stores into: ``pkg.mod.NAME`` or ``pkg.mod:Class.attribute``.

    ``part`` is what is stored into of that, if not all of it; ``is_class`` says which of the two it is.
    """

    holder: str
    is_class: bool
    part: str
    path: str
    line: int
    owner: str
    name: str
    way: str
    inflow: str
    parameters: tuple[str, ...]
    is_keyed: bool
    is_once: bool
    is_returned: bool
    keys: tuple[str, ...]
    reads: tuple[int, ...]

    @property
    def personal(self) -> list[str]:
        """The parameters that flow in and belong to one user or request, by their names."""
        return [name for name in self.parameters if is_personal(name)]

    @property
    def is_setting(self) -> bool:
        """Whether the function says by its name that it sets something for the process."""
        name = self.owner.rpartition(".")[2]
        return bool(_SETTING.match(name)) and not (self.is_class and self.way == "attribute" and _CHOOSING.match(name))

    @property
    def is_preparing(self) -> bool:
        """Whether the method says by its name that it makes its object ready for all, or is not for its users."""
        name = self.owner.rpartition(".")[2]
        return (name.startswith("_") and name != "__call__") or bool(_PREPARING.match(name))

    @property
    def is_kept(self) -> bool:
        """Whether an argument of one call stays in a place where every other call finds it.

        What is kept under a key of its own is found by this key only; what every call binds anew is said elsewhere.
        """
        is_for_all = self.way not in {"object", "default", "closure"} and (self.way != "bind" or self.is_once)
        return is_for_all and self.inflow == "parameter" and self.is_open

    @property
    def is_open(self) -> bool:
        """Whether other callers find what is stored: no key chooses it, or one that does not tell users apart.

        The latter is certain only where what the first caller brought is made and given to everybody with this key.
        """
        if not self.is_keyed:
            return True
        is_once = self.is_once and self.is_returned and bool(self.keys)
        return is_once and not self.is_personal_key and bool(self.first)

    @property
    def is_personal_key(self) -> bool:
        """Whether the key may tell users apart, by the names of what flows into it."""
        return any(is_personal(key) or _TELLING.search(key) for key in self.keys)

    @property
    def first(self) -> list[str]:
        """The parameters of one user that flow in and do not choose the key."""
        return [name for name in self.personal if name not in self.keys]

    @property
    def is_test(self) -> bool:
        """Whether a test stores it."""
        return is_test_file(self.path)

    @property
    def shown(self) -> str:
        return f"{self.holder}.{self.part}" if self.part else self.holder


class StoreFacts(Protocol):
    """The tables that are read here."""

    @property
    def stores(self) -> pa.Table: ...
    @property
    def definitions(self) -> pa.Table: ...


def read_stores(
    facts: StoreFacts, homes: Mapping[str, str], meanings: NameMeanings, inheritance: Inheritance
) -> list[Store]:
    """Return what functions store into names of modules and into classes, sorted, in the tests too."""
    rows = [row for row in tables.read_rows(facts.stores, *_COLUMNS) if row[0] in homes]
    if not rows:
        return []
    holders = _Holders(rows, homes, _find_classes(facts), meanings, inheritance)
    found = []
    for row in rows:
        path, _, owner, name, way = row[:5]
        is_default = way == "default"
        flows = tuple(row[6])
        holder = _find_default(homes[path], owner, name) if is_default else holders.find(path, name, way, flows)
        if holder is not None and owner.rpartition(".")[2] not in _ONCE_PER_CLASS:
            found.append(Store._make((*holder, *row[:6], flows, *row[7:10], tuple(row[10]), tuple(row[11]))))
    return sorted(found)


def _find_default(module: str, owner: str, name: str) -> tuple[str, bool, str]:
    parameter, _, part = name.partition(".")
    return f"{module}:{owner}({parameter})", False, part


class _Holders:
    """Answers what the dotted name of a store stands for, if all users of the process share it."""

    def __init__(
        self, rows: Iterable[tuple[object, ...]], homes: Mapping[str, str], classes: set[tuple[str, str]],
        meanings: NameMeanings, inheritance: Inheritance,
    ) -> None:  # fmt: skip
        self._homes = homes
        self._modules = frozenset(homes.values())
        self._classes = classes
        self._inheritance = inheritance
        asked = {(homes[str(row[0])], ".".join(str(row[3]).split(".")[:length])) for row in rows for length in _LENGTHS}
        self._meanings: Mapping[tuple[str, str], Meaning] = meanings.find_meanings(asked)
        self._products: Mapping[Meaning, Product] = meanings.find_classes(set(self._meanings.values()))

    def find(self, path: str, name: str, way: str, flows: Iterable[str]) -> tuple[str, bool, str] | None:
        """Return what holds what is stored, whether it is a class, and the part of it; None where it is not shared.

        ``flows`` are the arguments that flow in.
        """
        module = self._homes[path]
        if name.endswith(CALLED) and not any(map(is_personal, flows)):
            return None
        own = self._find_own_class(path, name)
        if own is not None:
            if way == "object":
                return f"{module}:{own[0]}", False, own[1]
            attribute, _, part = own[1].partition(".")
            return (f"{module}:{own[0]}.{attribute}", True, part) if attribute and way != "put" else None
        first, _, rest = name.partition(".")
        if way in {"bind", "closure"} or (way == "attribute" and not rest):
            return f"{module}.{name}", False, ""
        if CONTEXT_DEFAULT in name:
            return f"{module}.{first}", False, "default"
        meaning = self._meanings.get((module, first))
        if meaning is not None and way in {"item", "change"} and _is_environment(meaning, rest):
            return ENVIRONMENT, False, ""
        if meaning is None:
            return None
        return self._find_meant(module, meaning, (first, rest), way) or self._find_outside(
            module, meaning, (first, rest), way, flows
        )

    def _find_outside(
        self, module: str, meaning: Meaning, name: tuple[str, str], way: str, flows: Iterable[str]
    ) -> tuple[str, bool, str] | None:
        """Return what holds what a user hands over, in an object or module from outside of the tree.

        Of an object only what a statement sets, or what goes with each of its uses: its methods may do anything.
        """
        first, rest = name
        if rest.endswith(CALLED) and meaning.kind in {"external", "none"}:
            return f"{meaning.definition or first}.{rest}".replace(":", "."), False, ""
        if meaning.kind == "external":
            is_module = ":" not in meaning.definition and meaning.definition.partition(".")[0] not in STANDARD
            is_acting = way == "attribute" and _ACTING.search(rest) and any(flows)
            return (f"{meaning.definition}.{rest}", False, "") if is_module and is_acting else None
        product = self._products.get(meaning) if any(map(is_personal, flows)) else None
        made_by = "" if product is None or product.is_own else product.definition
        if not rest or not made_by or _SCOPED.search(made_by):
            return None
        is_set = way == "attribute" or (way in {"item", "change"} and rest.rpartition(".")[2] in _HANDED_OUT)
        is_set |= rest.endswith(CALLED)
        return (meaning.definition.replace(":", ".") or f"{module}.{first}", False, rest) if is_set else None

    def _find_meant(
        self, module: str, meaning: Meaning, name: tuple[str, str], way: str
    ) -> tuple[str, bool, str] | None:
        """Return the same for a name whose first part means something: a class, a module, an object."""
        first, rest = name
        if meaning.is_class or meaning.kind == "function":
            attribute, _, part = rest.partition(".")
            is_meant = meaning.path if meaning.is_class else True  # functions have attributes, too
            return (f"{meaning.definition}.{attribute}", True, part) if attribute and is_meant else None
        if meaning.kind == "module":
            return self._find_in_module(module, meaning, first, rest, way)
        if not self._is_shared(meaning, way, has_part=bool(rest)):
            return None
        return meaning.definition.replace(":", ".") or f"{module}.{first}", False, rest

    def _find_own_class(self, path: str, name: str) -> tuple[str, str] | None:
        """Return a class of the file that a name begins with, and the rest."""
        parts = name.split(".")
        for length in range(len(parts) - 1, 0, -1):
            qualname = ".".join(parts[:length])
            if (path, qualname) in self._classes:
                return qualname, ".".join(parts[length:])
        return None

    def _find_in_module(
        self, module: str, meaning: Meaning, first: str, rest: str, way: str
    ) -> tuple[str, bool, str] | None:
        """Return the name of another module of the tree that is stored into, or the object that it is bound to."""
        name, _, part = rest.partition(".")
        if not name or meaning.definition not in self._modules:
            return None
        if not part and way == "attribute":
            return f"{meaning.definition}.{name}", False, ""
        held = self._meanings.get((module, f"{first}.{name}"))
        if held is not None and held.kind == "module" and part:
            return self._find_in_module(module, held, f"{first}.{name}", part, way)
        if held is not None and held.is_class and held.path and part:
            attribute, _, rest = part.partition(".")
            return f"{held.definition}.{attribute}", True, rest
        if held is None or not self._is_shared(held, way, has_part=bool(part)):
            return None
        return held.definition.replace(":", ".") or f"{meaning.definition}.{name}", False, part

    def _is_shared(self, meaning: Meaning, way: str, *, has_part: bool) -> bool:
        """Return whether what a name is bound to is one for all: an object of the tree, or a plain container."""
        if meaning.kind == "none":
            return True
        if meaning.kind not in {"instance", "result"}:
            return False
        product = self._products.get(meaning)
        if way == "put":
            origin = "" if product is None or product.is_own else product.definition
            return origin.partition(":")[0].partition(".")[0] in _QUEUES and not has_part
        if product is None or not product.definition:
            return not meaning.made_by and not has_part and way in {"item", "change"}
        above = {product.definition, *self._inheritance.find_ancestors(product.definition)}
        if not above.isdisjoint(LOCAL):
            return False
        return product.is_own or (product.definition.partition(":")[0] in _PLAIN and (way != "attribute" or has_part))


def _is_environment(meaning: Meaning, rest: str) -> bool:
    """Return whether a dotted name means ``os.environ``."""
    return ".".join(filter(None, (meaning.definition.replace(":", "."), rest))) == ENVIRONMENT


def _find_classes(facts: StoreFacts) -> set[tuple[str, str]]:
    rows = tables.read_rows(facts.definitions, "path", "qualname", "scope")
    return {(path, qualname) for path, qualname, scope in rows if scope != "function"}
