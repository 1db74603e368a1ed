"""What one statement gives a name: an import, an alias, a call, a class."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Generator, Iterable
from typing import NamedTuple

from analysis.facts.absolute import split_dots
from analysis.facts.executed import ALL_OF
from analysis.resolve.imports import ImportResolver
from analysis.resolve.liveness import MAYBE
from analysis.resolve.makers import find_made_kind
from analysis.resolve.modules import Module
from analysis.resolve.namespaces import Namespaces
from analysis.resolve.values import (
    ALL_RUN,
    Candidate,
    Key,
    Outcome,
    Value,
    choose,
    missing,
    unknown,
)

#: A question may need others first: it yields their keys, is sent their answers, and returns its own.
Steps = Generator[Key, Outcome, Outcome]

#: More values than this are never told apart.
_MOST_CANDIDATES = 8
_BUILTINS = frozenset(dir(builtins))
#: Beyond every position.
AT_END = sys.maxsize
#: All statements of a package have run, and nobody has imported the submodule that would replace its name.
UNTIL_IMPORTED = AT_END - 1
KEPT = {
    "constant": "constant",
    "type_alias": "type-alias",
    "expression": "result",
    "unpacked": "result",
    "target": "result",
}


class Given(NamedTuple):
    """What one module sets on another: the value as written, and where it stands."""

    setter: Module
    written: str
    position: int


class BindingEvaluator:
    """Evaluates statements; what names mean is asked of the ``NameResolver``."""

    def __init__(
        self,
        spaces: Namespaces,
        imports: ImportResolver,
        sources: dict[int, list[tuple[int, int]]],
        find_moment: Callable[[Module, Module, str, int], int],
    ) -> None:
        """``sources`` maps a module to its star imports: pairs of row and module number."""
        self.spaces = spaces
        self.rows = spaces.rows
        self.index = spaces.index
        self.imports = imports
        self._find_moment = find_moment
        self.sources = sources
        self._parsed: dict[tuple[str, str, str], tuple[str, str, Module | None]] = {}

    def evaluate(self, module: Module, name: str, row: int, position: int) -> Steps:
        """Return the candidates that one statement gives a name."""
        kind, written = self.rows.kind[row], self.rows.value[row]
        if kind == "import":
            return (yield from self.take_import(module, written, position))
        if kind in {"class", "function"}:
            value = Value(kind, f"{module.name}:{written}", module.number, self.rows.line[row])
            return (Candidate(value),)
        if kind == "star":
            return (yield from self._star(module, name, row))
        if kind == "instance":
            return (yield from self._call(module, name, row, position))
        if kind in {"alias", "type_alias"} and written:
            return (yield from self._choose_from(module, written, position))
        if kind == "constant" and written == "None":
            return (Candidate(Value("none", "")),)
        return (Candidate(self.keep(module, name, row, KEPT[kind])),)

    def keep(self, module: Module, name: str, row: int, kind: str, made_by: str = "") -> Value:
        """Return the value of an object that is known by the binding that keeps it."""
        return Value(kind, f"{module.name}:{name}", module.number, self.rows.line[row], "", made_by)

    def _choose_from(self, module: Module, written: str, position: int) -> Steps:
        """Return the values of ``A if x else B``: all of them, none sure."""
        options = written.split("|")
        if len(options) == 1:
            return (yield from self.follow(module, written, position))
        found: list[Candidate] = []
        for option in options:
            if option == "None":
                found.append(Candidate(Value("none", ""), MAYBE))
                continue
            values = yield from self.follow(module, option, position)
            found.extend(value._replace(level=max(MAYBE, value.level)) for value in values)
        return limit_candidates(found[::-1])

    def _star(self, module: Module, name: str, row: int) -> Steps:
        for star, source in self.sources.get(module.number, ()):
            if star == row:
                key = (source, name, ALL_RUN)
                values = yield key
                return via(values, key)
        return ()

    def parse(self, module: Module, written: str) -> tuple[str, str, Module | None]:
        """Return absolute module, name and the module itself of ``..pkg:name`` as written in a module."""
        cache_key = (module.root, module.package, written)
        known = None if self.imports.find_run_folder(module) else self._parsed.get(cache_key)
        if known is None:
            base, _, name = written.partition(":")
            absolute, found = self.imports.find_written(module, *split_dots(base))
            taken = self.index.all[found.module.primary] if found is not None else None
            is_importable = taken is not None and self.index.is_importable(taken)
            known = self._parsed[cache_key] = (absolute, name, taken if is_importable else None)
        return known

    def take_import(self, module: Module, written: str, position: int) -> Steps:
        absolute, name, found = self.parse(module, written)
        if found is None:
            return (Candidate(self.find_external(module, absolute, name, written)),)
        if not name and self._may_be_replaced(module, written):
            package, _, last = written.rpartition(".")
            return (yield from self.take_import(module, f"{package}:{last}", position))
        if not name:
            return (Candidate(of_module(found)),)
        moment = self._find_moment(module, found, name, position)
        key = (found.number, name, moment)
        values = yield key
        if moment >= 0 and found is not module:
            key_at_end = (found.number, name, ALL_RUN)
            at_end = yield key_at_end
            if not values:  # a cycle: the import fails now, or the module is imported later
                key, values = key_at_end, at_end
            elif moment == UNTIL_IMPORTED and choose(values).value != choose(at_end or values).value:
                values = _either(via(values, key), via(at_end, key_at_end))
                return values
        if not values:
            return (Candidate(missing(f"name {name} in {found.name}")),)
        child = self.index.find_submodule(found, name)
        if child is not None and all(each.value.is_missing for each in values):
            return (Candidate(of_module(child)),)  # what should have bound the name failed
        return via(values, key)

    def _may_be_replaced(self, module: Module, written: str) -> bool:
        """Return whether ``import a.b as c`` may take something else than the module: what the package has."""
        package, _, name = written.rpartition(".")
        if ":" in written or not package.strip("."):
            return False
        found = self.parse(module, package)[2]
        return found is not None and (name in self.spaces.space(found).names or found.number in self.sources)

    def find_external(self, module: Module, absolute: str, name: str, written: str) -> Value:
        if not absolute:
            return missing(f"module {written.partition(':')[0]} (beyond the top package)")
        if self.index.find(absolute, module.root) is not None:
            return unknown(f"{absolute} is a file that only a call can import")
        if self.imports.is_missing(module, absolute) or written.startswith("."):
            full = f"{absolute}.{name}" if name else absolute
            if absolute in self.spaces.registered or full in self.spaces.registered:
                return unknown(f"{absolute} is registered in sys.modules at run time")
            return missing(f"module {absolute}")
        return Value("external", f"{absolute}:{name}" if name else absolute)

    def follow(self, module: Module, dotted: str, position: int) -> Steps:
        """Return the values of a dotted name as it stands in a module, before a position."""
        first, *rest = dotted.split(".")
        key = (module.number, first, position if position < AT_END else ALL_RUN)
        values = yield key
        if not values:
            if first not in _BUILTINS:
                return (Candidate(missing(f"name {first} in {module.name}")),)
            values = (Candidate(Value("external", f"builtins:{first}")),)
        else:
            values = via(values, key)
        for attribute in rest:
            values = yield from self._take(values, attribute)
        return values

    def _take(self, owners: Outcome, attribute: str) -> Steps:
        """Return the values of an attribute of each candidate."""
        found: list[Candidate] = []
        for owner in owners:
            value = owner.value
            if value.kind == "module":
                key = (value.module, attribute, ALL_RUN)
                values = yield key
                name = self.index.modules[value.module].name
                absent = Candidate(missing(f"name {attribute} in {name}"), owner.level)
                found.extend(Candidate(inner.value, max(inner.level, owner.level), step=key) for inner in values)
                if not values:
                    found.append(absent)
            else:
                found.append(owner._replace(value=self._find_attribute(value, attribute)))
        return limit_candidates(found[::-1])

    def _find_attribute(self, owner: Value, attribute: str) -> Value:
        if owner.kind == "external":
            separator = "." if ":" in owner.target else ":"
            return Value("external", f"{owner.target}{separator}{attribute}")
        if owner.kind == "class":
            qualname = f"{owner.target.partition(':')[2]}.{attribute}"
            module = self.index.modules[owner.module]
            inner = self.spaces.classes.get((module.source, qualname))
            if inner is not None:
                return Value("class", f"{module.name}:{qualname}", module.number, inner[0])
        if owner.kind == "unknown":
            return owner
        return unknown(f"attribute of {'an' if owner.kind == 'instance' else 'a'} {owner.kind}")

    def _call(self, module: Module, name: str, row: int, position: int) -> Steps:
        """Return what a call yields: a class that it makes, an instance of a class, or unknown."""
        written = self.rows.value[row]
        if not written:
            return (Candidate(self.keep(module, name, row, "result")),)
        callees = yield from self.follow(module, written, position)
        callee = choose(callees).value
        if callee.is_missing:
            return (Candidate(callee),)
        kind = self._find_made(callee, self.rows.arguments[row]) or ("instance" if callee.is_class else "result")
        value = self.keep(module, name, row, kind, callee.target or written)
        return (Candidate(value),)

    def _find_made(self, callee: Value, arguments: int) -> str:
        if callee.kind == "external":
            return find_made_kind(callee.target, arguments)
        if callee.kind == "class" and arguments >= 2:
            source = self.index.modules[callee.module].source
            _, marks = self.spaces.classes.get((source, callee.target.partition(":")[2]), (0, ()))
            return "enum" if "enum" in marks else ""
        return ""

    def serve(self, module: Module, name: str, written: str) -> Steps:
        """Return what a module serves for a name, from what is written there: the first of several that is there."""
        options, found = written.split("|"), list[Candidate]()
        for option in options:
            found.extend((yield from self._serve_one(module, name, option)))
        if len(options) > 1:
            found = [each for each in found if each.value.module >= 0] or [Candidate(unknown("module __getattr__"))]
        values = tuple({each.value: each for each in reversed(found)}.values())[::-1]
        return values if len(values) == 1 else tuple([each._replace(level=max(MAYBE, each.level)) for each in values])

    def _serve_one(self, module: Module, name: str, written: str) -> Steps:
        if not written or written == name:
            return (Candidate(unknown("module __getattr__")),)
        if ":" in written or written.startswith("."):
            return (yield from self.take_import(module, written, ALL_RUN))
        values = yield from self.follow(module, written, AT_END)
        if not all(each.value.is_missing for each in values):
            return values
        return (yield from self.take_import(module, written, ALL_RUN))  # a module, named in full

    def take_given(self, given: Given) -> Steps:
        """Return what another module sets, where that is a name."""
        if not given.written or given.written.endswith("()"):
            return (Candidate(unknown(f"set by {given.setter.name}"), MAYBE),)
        return (yield from self.follow(given.setter, given.written, given.position))

    def find_computed(self, module: Module, name: str, written: str) -> Steps:
        """Return what is put into ``globals()`` under a computed name: a class where the call makes one."""
        if written and not written.endswith("()"):
            values = yield from self.follow(module, written, AT_END)
            there = [each._replace(level=max(MAYBE, each.level)) for each in values if not each.value.is_missing]
            if there:
                return tuple(there)
        if not written.endswith("()"):
            return (Candidate(unknown("name put into globals()"), MAYBE),)
        callees = yield from self.follow(module, written[:-2], AT_END)
        made = find_made_kind(choose(callees).value.target, 3)
        value = Value(made, f"{module.name}:{name}", module.number) if made else unknown("name put into globals()")
        return (Candidate(value, MAYBE),)

    def take_all_of(self, module: Module, written: str, name: str) -> Steps:
        """Return what a name is in the module whose names are all put into another; empty where it has none."""
        values = yield from self.follow(module, f"{written.removeprefix(ALL_OF)}.{name}", AT_END)
        return tuple([each._replace(level=max(MAYBE, each.level)) for each in values if not each.value.is_missing])


def via(values: Outcome, step: Key) -> Outcome:
    """Return candidates with the question that they answer; what binds them there is no statement of the asker."""
    return tuple([Candidate(value, level, step=step) for value, level, _, _ in values])


def _either(first: Outcome, other: Outcome) -> Outcome:
    """Return what a name may be, depending on what was imported before: the first is what a fresh process has."""
    found = [each._replace(level=max(MAYBE, each.level)) for each in (*first, *other)]
    return tuple({each.value: each for each in reversed(found)}.values())[::-1][:_MOST_CANDIDATES]


def of_module(module: Module) -> Value:
    return Value("module", module.name, module.number)


def limit_candidates(found: Iterable[Candidate]) -> Outcome:
    """Return candidates in the order of the source, each value once, not too many."""
    kept: dict[Value, Candidate] = {}
    for candidate in found:
        kept.setdefault(candidate.value, candidate)
    return tuple(reversed(list(kept.values())[:_MOST_CANDIDATES]))
