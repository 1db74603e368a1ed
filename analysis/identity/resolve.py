"""From a name in a module to the object behind it, by Python's own rules.

Every question is answered once. Questions that an answer needs wait on an explicit stack, so that chains of
any length are followed and a ring of aliases ends as unknown with its reason.
"""

from __future__ import annotations

import builtins
from collections.abc import Generator, Iterable
from fnmatch import fnmatchcase

from analysis.identity.makers import find_made_kind
from analysis.identity.module_index import Module, make_absolute
from analysis.identity.namespace import Namespaces
from analysis.identity.stars import StarNames
from analysis.identity.statements import Statements, Submodules
from analysis.identity.values import (
    ALWAYS,
    DEFERRED,
    MAYBE,
    NEVER,
    NO_SUCH,
    TRIED,
    Candidate,
    Key,
    Outcome,
    Value,
    choose,
    unknown,
)

Steps = Generator[Key, Outcome, Outcome]

#: More values than this are never told apart.
_MOST_CANDIDATES = 8
_BUILTINS = frozenset(dir(builtins))
_AT_END = 1 << 60
_KEPT = {
    "constant": "constant",
    "type_alias": "type-alias",
    "expression": "result",
    "unpacked": "result",
    "target": "result",
}
_RING = unknown("ring of names that are defined by one another")


class Resolver:
    """Answers what a name of a module means; see ``values`` for the answers."""

    def __init__(self, spaces: Namespaces, statements: Statements) -> None:
        self._spaces = spaces
        self._rows = spaces.rows
        self._index = spaces.index
        self._submodules = Submodules(statements, spaces)
        self._memo: dict[Key, Outcome] = {}
        self._sources: dict[int, list[tuple[int, int]]] = {}
        self._open: dict[int, str] = {}
        self._parsed: dict[tuple[str, str, str], tuple[str, str, Module | None]] = {}
        self._read_stars()
        self.stars = StarNames(spaces, self._sources, self._submodules)

    def resolve(self, module: Module, name: str) -> Outcome:
        """Return what an import of the name from the module yields; empty when there is no such name."""
        return self._run((module.number, name, -1))

    def find_candidate(self, key: Key, value: Value) -> Candidate:
        """Return the candidate with a value among those of an answered question."""
        outcome = self._memo.get(key, ())
        found = next((candidate for candidate in outcome if candidate.value == value), None)
        return found or Candidate(value, ALWAYS, -1, None)

    def find_reason(self, module: Module) -> str:
        """Return why a module may have names that its statements do not show; empty when it has none."""
        if module.kind == "extension" and not module.source.endswith(".py"):
            return "compiled module"
        if module.source in self._spaces.unreadable:
            return f"file cannot be parsed ({self._spaces.unreadable[module.source]})"
        space = self._spaces.space(module)
        if "*" in space.served:
            return "module __getattr__"
        if any(pattern == "*" for pattern, _ in space.computed):
            return "names put into globals()"
        return self._open.get(module.number, "")

    def _read_stars(self) -> None:
        for module in self._index.modules:
            for row in self._spaces.space(module).stars:
                if self._rows.level[row] == NEVER:
                    continue
                absolute, _, found = self._parse(module, self._rows.value[row])
                if found is None:
                    self._open.setdefault(module.number, f"star import of {absolute or 'nothing'}")
                else:
                    self._sources.setdefault(module.number, []).append((row, found.number))

    # The stack

    def _run(self, key: Key) -> Outcome:
        memo = self._memo
        if key in memo:
            return memo[key]
        stack: list[tuple[Key, Steps]] = [(key, self._start(key))]
        active = {key}
        answer: Outcome | None = None
        while stack:
            key, steps = stack[-1]
            try:
                wanted = steps.send(answer)  # type: ignore[arg-type]
            except StopIteration as stop:
                answer = memo[key] = stop.value
                active.discard(key)
                stack.pop()
                continue
            answer = memo.get(wanted)
            if answer is not None:
                continue
            if wanted in active:
                answer = (Candidate(_RING, ALWAYS, -1, None),)
                continue
            active.add(wanted)
            stack.append((wanted, self._start(wanted)))
        assert answer is not None
        return answer

    def _start(self, key: Key) -> Steps:
        number, name, limit = key
        module = self._index.modules[number]
        return self._look_up(module, name, _AT_END if limit < 0 else limit)

    # Names

    def _look_up(self, module: Module, name: str, limit: int) -> Steps:
        """Walk the statements that bind a name backwards, until one that surely holds."""
        found: list[Candidate] = []
        for position, row in self._find_events(module, name, limit):
            if row < 0:
                found.append(Candidate(_of_module(self._index.modules[-row - 1]), ALWAYS, -1, None))
                break
            level = self._rows.level[row]
            if level == NEVER or (level == DEFERRED and limit != _AT_END):
                continue
            kind = self._rows.kind[row]
            if kind == "delete":
                if level == ALWAYS:
                    break
                continue
            if kind in {"declaration", "augmented"}:
                continue
            values = yield from self._evaluate(module, name, row, position)
            if not values:
                continue
            found.extend(value._replace(level=max(level, value.level), row=row) for value in reversed(values))
            if level == ALWAYS or (level == TRIED and _is_sure(values)):
                break
        if not found:
            found.extend((yield from self._look_outside(module, name)))
        return _limit(found)

    def _find_events(self, module: Module, name: str, limit: int) -> Iterable[tuple[int, int]]:
        """Return pairs of position and row, last first; a negative row stands for a submodule."""
        positions = self._rows.position
        rows = self._spaces.space(module).names.get(name, ())
        events = [(positions[row], row) for row in rows if positions[row] < limit]
        for row, source in self._sources.get(module.number, ()):
            if positions[row] < limit and name in self.stars.exported(self._index.modules[source]):
                events.append((positions[row], row))
        child = self._index.find_child(module, name) if events else None
        if child is not None:
            before = min(events)[0]
            position = self._submodules.find_position(module, child, name, before)
            if position is not None:
                events.append((position, -child.number - 1))
            elif limit == _AT_END and child.number in self._submodules.imported:
                events.append((_AT_END, -child.number - 1))
        events.sort(reverse=True)
        return events

    def _look_outside(self, module: Module, name: str) -> Steps:
        """Return what a name is that no statement of the module binds: a submodule, or served on demand."""
        child = self._index.find_child(module, name)
        if child is not None:
            return (Candidate(_of_module(child), ALWAYS, -1, None),)
        served = self._spaces.space(module).served.get(name)
        if served is not None:
            return (yield from self._serve(module, name, served))
        for pattern, written in self._spaces.space(module).computed:
            if pattern != "*" and fnmatchcase(name, pattern):
                return (yield from self._find_computed(module, name, written))
        reason = self.find_reason(module)
        if reason == "compiled module":
            return (Candidate(Value("compiled", f"{module.name}:{name}", module.number), ALWAYS, -1, None),)
        return (Candidate(unknown(reason), ALWAYS, -1, None),) if reason else ()

    def _serve(self, module: Module, name: str, written: str) -> Steps:
        if not written:
            return (Candidate(unknown("module __getattr__"), ALWAYS, -1, None),)
        if ":" in written:
            return (yield from self._import(module, written, -1))
        if written == name:
            return (Candidate(unknown("module __getattr__"), ALWAYS, -1, None),)
        return (yield from self._follow(module, written, _AT_END))

    def _find_computed(self, module: Module, name: str, written: str) -> Steps:
        """Return what is put into ``globals()`` under a computed name: a class where the call makes one."""
        if not written.endswith("()"):
            return (Candidate(unknown("name put into globals()"), MAYBE, -1, None),)
        callees = yield from self._follow(module, written[:-2], _AT_END)
        made = find_made_kind(choose(callees).value.target, 3)
        value = Value(made, f"{module.name}:{name}", module.number) if made else unknown("name put into globals()")
        return (Candidate(value, MAYBE, -1, None),)

    # Statements

    def _evaluate(self, module: Module, name: str, row: int, position: int) -> Steps:
        """Return the candidates that one statement gives a name."""
        kind, written = self._rows.kind[row], self._rows.value[row]
        if kind == "import":
            return (yield from self._import(module, written, position))
        if kind in {"class", "function"}:
            value = Value(kind, f"{module.name}:{written}", module.number, self._rows.line[row])
            return (Candidate(value, ALWAYS, row, None),)
        if kind == "star":
            return (yield from self._star(module, name, row))
        if kind == "instance":
            return (yield from self._call(module, name, row, position))
        if kind in {"alias", "type_alias"} and written:
            return (yield from self._choose_from(module, written, position))
        if kind == "constant" and written == "None":
            return (Candidate(Value("none", ""), ALWAYS, row, None),)
        return (Candidate(self._keep(module, name, row, _KEPT[kind]), ALWAYS, row, None),)

    def _keep(self, module: Module, name: str, row: int, kind: str, made_by: str = "") -> Value:
        """Return the value of an object that is known by the binding that keeps it."""
        return Value(kind, f"{module.name}:{name}", module.number, self._rows.line[row], "", made_by)

    def _choose_from(self, module: Module, written: str, position: int) -> Steps:
        """Return the values of ``A if x else B``: all of them, none sure."""
        options = written.split("|")
        if len(options) == 1:
            return (yield from self._follow(module, written, position))
        found: list[Candidate] = []
        for option in options:
            if option == "None":
                found.append(Candidate(Value("none", ""), MAYBE, -1, None))
                continue
            values = yield from self._follow(module, option, position)
            found.extend(value._replace(level=max(MAYBE, value.level)) for value in values)
        return _limit(found[::-1])

    def _star(self, module: Module, name: str, row: int) -> Steps:
        for star, source in self._sources.get(module.number, ()):
            if star == row:
                key = (source, name, -1)
                values = yield key
                return tuple(value._replace(step=key) for value in values)
        return ()

    def _parse(self, module: Module, written: str) -> tuple[str, str, Module | None]:
        """Return absolute module, name and the module itself of ``..pkg:name`` as written in a module."""
        cache_key = (module.package, module.root, written)
        known = self._parsed.get(cache_key)
        if known is None:
            base, _, name = written.partition(":")
            bare = base.lstrip(".")
            absolute = make_absolute(module.package, len(base) - len(bare), bare)
            known = (absolute, name, self._index.find(absolute, module.root) if absolute else None)
            self._parsed[cache_key] = known
        return known

    def _import(self, module: Module, written: str, position: int) -> Steps:
        absolute, name, found = self._parse(module, written)
        if found is None:
            return (Candidate(self._find_external(absolute, name, written), ALWAYS, -1, None),)
        if not name:
            return (Candidate(_of_module(found), ALWAYS, -1, None),)
        limit = position if found is module and position >= 0 else -1
        key = (found.number, name, limit)
        values = yield key
        if not values:
            return (Candidate(unknown(f"{NO_SUCH}name {name} in {found.name}"), ALWAYS, -1, None),)
        return tuple(value._replace(step=key) for value in values)

    def _find_external(self, absolute: str, name: str, written: str) -> Value:
        if not absolute:
            return unknown(f"{NO_SUCH}module {written.partition(':')[0]} (beyond the top package)")
        if self._index.is_in_tree(absolute) or written.startswith("."):
            full = f"{absolute}.{name}" if name else absolute
            if absolute in self._spaces.registered or full in self._spaces.registered:
                return unknown(f"{absolute} is registered in sys.modules at run time")
            return unknown(f"{NO_SUCH}module {absolute}")
        return Value("external", f"{absolute}:{name}" if name else absolute)

    def _follow(self, module: Module, dotted: str, position: int) -> Steps:
        """Return the values of a dotted name as it stands in a module, before a position."""
        first, *rest = dotted.split(".")
        key = (module.number, first, position if position < _AT_END else -1)
        values = yield key
        if not values:
            if first not in _BUILTINS:
                return (Candidate(unknown(f"{NO_SUCH}name {first} in {module.name}"), ALWAYS, -1, None),)
            values = (Candidate(Value("external", f"builtins:{first}"), ALWAYS, -1, None),)
        else:
            values = tuple(value._replace(step=key) for value in values)
        for attribute in rest:
            values = yield from self._take(values, attribute)
        return values

    def _take(self, owners: Outcome, attribute: str) -> Steps:
        """Return the values of an attribute of each candidate."""
        found: list[Candidate] = []
        for owner in owners:
            value = owner.value
            if value.kind == "module":
                key = (value.module, attribute, -1)
                values = yield key
                name = self._index.modules[value.module].name
                missing = Candidate(unknown(f"{NO_SUCH}name {attribute} in {name}"), owner.level, -1, None)
                found.extend(inner._replace(step=key, level=max(inner.level, owner.level)) for inner in values)
                if not values:
                    found.append(missing)
            else:
                found.append(owner._replace(value=self._find_attribute(value, attribute)))
        return _limit(found[::-1])

    def _find_attribute(self, owner: Value, attribute: str) -> Value:
        if owner.kind == "external":
            separator = "." if ":" in owner.target else ":"
            return Value("external", f"{owner.target}{separator}{attribute}")
        if owner.kind == "class":
            qualname = f"{owner.target.partition(':')[2]}.{attribute}"
            module = self._index.modules[owner.module]
            inner = self._spaces.classes.get((module.source, qualname))
            if inner is not None:
                return Value("class", f"{module.name}:{qualname}", module.number, inner[0])
        if owner.kind == "unknown":
            return owner
        return unknown(f"attribute of {'an' if owner.kind == 'instance' else 'a'} {owner.kind}")

    def _call(self, module: Module, name: str, row: int, position: int) -> Steps:
        """Return what a call yields: a class that it makes, an instance of a class, or unknown."""
        written = self._rows.value[row]
        if not written:
            return (Candidate(self._keep(module, name, row, "result"), ALWAYS, row, None),)
        callees = yield from self._follow(module, written, position)
        callee = choose(callees).value
        if callee.is_missing:
            return (Candidate(callee, ALWAYS, row, None),)
        kind = self._find_made(callee, self._rows.arguments[row]) or ("instance" if callee.is_class else "result")
        value = self._keep(module, name, row, kind, callee.target or written)
        return (Candidate(value, ALWAYS, row, None),)

    def _find_made(self, callee: Value, arguments: int) -> str:
        if callee.kind == "external":
            return find_made_kind(callee.target, arguments)
        if callee.kind == "class" and arguments >= 2:
            source = self._index.modules[callee.module].source
            _, marks = self._spaces.classes.get((source, callee.target.partition(":")[2]), (0, ()))
            return "enum" if "enum" in marks else ""
        return ""


def _of_module(module: Module) -> Value:
    return Value("module", module.name, module.number)


def _is_sure(values: Outcome) -> bool:
    """Return whether the statement cannot fail for lack of a package that may not be installed."""
    return all(candidate.value.kind not in {"external", "unknown"} for candidate in values)


def _limit(found: Iterable[Candidate]) -> Outcome:
    """Return candidates in the order of the source, each value once, not too many."""
    kept: dict[Value, Candidate] = {}
    for candidate in found:
        kept.setdefault(candidate.value, candidate)
    return tuple(reversed(list(kept.values())[:_MOST_CANDIDATES]))
