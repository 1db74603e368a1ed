"""From a name in a module to the object behind it, by Python's own rules.

Every question is answered once. Questions that an answer needs wait on an explicit stack, so that chains of
any length are followed and a ring of aliases ends as unknown with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from analysis.facts.executed import ALL_OF, LOADED
from analysis.resolve.binding_evaluator import (
    AT_END,
    UNTIL_IMPORTED,
    BindingEvaluator,
    Given,
    Steps,
    limit_candidates,
    of_module,
)
from analysis.resolve.imports import ImportResolver
from analysis.resolve.liveness import ALWAYS, DEFERRED, MAYBE, NEVER, TRIED
from analysis.resolve.modules import Module
from analysis.resolve.namespaces import Namespaces
from analysis.resolve.open_namespaces import COMPILED, find_open, find_own_reason
from analysis.resolve.served_hints import ServedHints
from analysis.resolve.stars import StarNames
from analysis.resolve.statements import Statements, Submodules
from analysis.resolve.values import (
    ALL_RUN,
    Candidate,
    Key,
    Outcome,
    Value,
    choose,
    unknown,
)

_UNBINDING = frozenset({"delete", "declaration", "augmented"})
_RING = unknown("ring of names that are defined by one another")


class NameResolver:
    """Answers what a name of a module means; see ``values`` for the answers."""

    def __init__(self, spaces: Namespaces, imports: ImportResolver, statements: Statements) -> None:
        self._spaces = spaces
        self.rows = spaces.rows
        self._index = spaces.index
        self.submodules = Submodules(statements, spaces)
        self._memo: dict[Key, Outcome] = {}
        self._sources: dict[int, list[tuple[int, int]]] = {}
        self.evaluator = BindingEvaluator(spaces, imports, self._sources, self.find_moment)
        outside = self._read_stars()
        self.stars = StarNames(spaces, imports, self._sources, self.submodules)
        self._open = find_open(spaces, self.stars, self._sources, outside)
        self._hints = ServedHints(spaces, self.evaluator, self.stars)
        self._given: dict[int, dict[str, list[Given]]] = {}
        self._read_attributes()

    def resolve(self, module: Module, name: str) -> Outcome:
        """Return what an import of the name from the module yields; empty when there is no such name."""
        return self._run((module.number, name, ALL_RUN))

    def resolve_taken(self, importer: Module, package: Module, name: str, position: int) -> Outcome:
        """Return what ``from package import name`` takes where it stands in an importer; empty: no such name, yet.

        ``position`` is that of the statement, ``ALL_RUN`` for one that runs when all is imported.
        """
        return self.take_at(package, name, self.find_moment(importer, package, name, position))

    def take_at(self, package: Module, name: str, moment: int) -> Outcome:
        """Return what ``from package import name`` takes when the package has run up to a moment.

        Where nothing is bound yet, or only by an import that failed, it is the submodule.
        """
        outcome = self.resolve_at(package, name, moment)
        if not self.is_hidden(package, name):
            return outcome
        there = tuple([candidate for candidate in outcome if not candidate.value.is_missing])
        child = self._index.find_submodule(package, name)
        return there if there or child is None else (Candidate(of_module(child)),)

    def find_moment(self, importer: Module, package: Module, name: str, position: int) -> int:
        """Return up to which position the package's statements have run when an importer takes a name.

        A package that takes a name from itself, and a module inside it that its file makes Python import, run before
        the package is done. It matters where the name is that of a submodule too, which is taken until it is bound, and
        again when it is imported later.
        """
        if importer is package or position < 0:
            return position
        if not self.is_hidden(package, name):
            return ALL_RUN
        if package.number in importer.own:  # else the importer, imported first, waits until the package is done
            moment = self.submodules.find_reached(package.number).get(importer.number)
            if moment is not None:
                return moment
        child = self._index.find_submodule(package, name)
        is_loaded = child is not None and self._has_loaded(importer, child, position)
        return ALL_RUN if is_loaded else UNTIL_IMPORTED

    def _has_loaded(self, importer: Module, child: Module, position: int) -> bool:
        """Return whether a first import of a module has loaded another one when it comes to a position.

        What the packages around it import comes before, as far as they have run when they come to the module. A module
        is no attribute of its package while it runs itself.
        """
        if child is importer:
            return False
        if self.submodules.has_loaded(importer.number, child.number, position):
            return True
        for package in self._index.find_around(importer):
            reached = self.submodules.find_reached(package.primary)
            loaded, own = reached.get(child.number), reached.get(importer.number, AT_END)
            if loaded is not None and loaded < own:
                return True
        return False

    def is_hidden(self, package: Module, name: str) -> bool:
        """Return whether a package binds the name of one of its submodules to something, itself or by a star."""
        if package.kind != "package" or self._index.find_submodule(package, name) is None:
            return False
        is_bound = name in self._spaces.space(package).names
        return is_bound or (package.number in self._sources and name in self.stars.has(package))

    def resolve_at(self, module: Module, name: str, position: int) -> Outcome:
        """Return what a name of a module is when its statements have run up to a position; ``ALL_RUN``: all of them."""
        return self._run((module.number, name, position))

    def resolve_dotted(self, module: Module, dotted: str, position: int) -> Outcome:
        """Return what a dotted name means where it stands in a module: before a position of its statements."""
        return self._drive(None, self.evaluator.follow(module, dotted, position))

    def list_given(self) -> Iterable[tuple[int, str]]:
        """Return number and name of what modules set on other modules."""
        return ((number, name) for number, names in self._given.items() for name in names)

    def has_stars(self, module: Module) -> bool:
        """Return whether a module gets names by star imports of modules of the tree."""
        return module.number in self._sources

    def find_unbound(self, module: Module) -> set[str]:
        """Return the names that a module may get in other ways than by statements of its own that name them."""
        names = set(self._spaces.space(module).served)
        names.update(self._given.get(module.number, ()), module.classes)
        names.update(name for name, _ in self._spaces.space(module).computed if "*" not in name)
        if module.number in self._sources:
            names |= self.stars.has(module)
        if module.number in self._open:
            names |= self._hints.list_names(module)
        return names

    def is_compiled(self, module: Module) -> bool:
        """Return whether nothing of a module can be read, since it is compiled and its source is not beside it."""
        return self._open.get(module.number) == COMPILED

    def is_open(self, module: Module) -> bool:
        """Return whether a module may have names that nobody sees."""
        return module.number in self._open

    def is_open_by_star(self, module: Module) -> bool:
        """Return whether stars alone may give a module names that nobody sees."""
        return module.number in self._open and not find_own_reason(self._spaces, module)

    def find_bound(self, module: Module) -> Mapping[str, list[int]]:
        """Return the rows of the statements in the module's file that bind or unbind a name, by name."""
        return self._spaces.space(module).names

    def depends_on_order(self, module: Module, name: str) -> bool:
        """Return whether a name is the package's attribute until somebody imports its submodule of that name."""
        events = list(self._find_events(module, name, AT_END))
        return len(events) > 1 and events[0][0] == AT_END

    def find_candidate(self, key: Key, value: Value) -> Candidate:
        """Return the candidate with a value among those of an answered question."""
        outcome = self._memo.get(key, ())
        found = next((candidate for candidate in outcome if candidate.value == value), None)
        return found or Candidate(value)

    def _read_stars(self) -> dict[int, str]:
        """Fill the sources of star imports; return what modules star-import from outside the tree."""
        outside: dict[int, str] = {}
        for module in self._index.modules:
            for row in self._spaces.space(module).stars:
                if self.rows.level[row] == NEVER:
                    continue
                absolute, _, found = self.evaluator.parse(module, self.rows.value[row])
                if found is None:
                    outside.setdefault(module.number, f"star import of {absolute or 'nothing'}")
                elif found is not module:  # what a module takes from itself, it has
                    self._sources.setdefault(module.number, []).append((row, found.number))
        return outside

    def _read_attributes(self) -> None:
        """Note what modules set on other modules, by the module that gets it."""
        found: list[tuple[int, str, Given]] = []
        for path, position, dotted, written in self._spaces.attributes:
            setter = self._index.find_importer(path)
            owner, _, name = dotted.rpartition(".")
            if setter is None or not self._index.is_importable(setter):
                continue
            value = self._find_owner(setter, owner, position)
            if value.kind == "module" and (value.module != setter.number or owner.startswith(LOADED)):
                found.append((value.module, name, Given(setter, written, position)))
        self._memo.clear()  # the answers so far knew nothing of this
        for number, name, given in found:
            self._given.setdefault(number, {}).setdefault(name, []).append(given)

    def _find_owner(self, setter: Module, owner: str, position: int) -> Value:
        """Return what gets an attribute: what a dotted name means, or the module of ``sys.modules["name"]``."""
        if not owner.startswith(LOADED):
            return choose(self.resolve_dotted(setter, owner, position)).value
        _, _, found = self.evaluator.parse(setter, owner.removeprefix(LOADED))
        return unknown("no module of the tree") if found is None else of_module(found)

    # The stack

    def _run(self, key: Key) -> Outcome:
        known = self._memo.get(key)
        return self._drive(key, self._start(key)) if known is None else known

    def _drive(self, asked: Key | None, first: Steps) -> Outcome:
        memo = self._memo
        stack: list[tuple[Key | None, Steps]] = [(asked, first)]
        active = {asked}
        answer: Outcome | None = None
        while stack:
            key, steps = stack[-1]
            try:
                wanted = steps.send(answer)  # type: ignore[arg-type]
            except StopIteration as stop:
                answer = stop.value
                if key is not None:
                    memo[key] = stop.value  # never asked again: it may stay among the active ones
                stack.pop()
                continue
            answer = memo.get(wanted)
            if answer is not None:
                continue
            if wanted in active:
                answer = (Candidate(_RING),)
                continue
            active.add(wanted)
            stack.append((wanted, self._start(wanted)))
        assert answer is not None
        return answer

    def _start(self, key: Key) -> Steps:
        number, name, limit = key
        module = self._index.modules[number]
        return self._look_up(module, name, AT_END if limit < 0 else limit)

    # Names

    def _look_up(self, module: Module, name: str, limit: int) -> Steps:
        """Walk the statements that bind a name backwards, until one that surely holds."""
        found: list[Candidate] = []
        is_sure = False
        for position, row in self._find_events(module, name, limit):
            if is_sure and (row < 0 or self.rows.level[row] != DEFERRED or limit != AT_END):
                continue  # but for what a function binds, which may run later: whatever stands after it
            if row < 0:
                found.append(Candidate(of_module(self._index.modules[-row - 1])))
                is_sure = True
                continue
            level, kind = self.rows.level[row], self.rows.kind[row]
            if kind == "delete" and level == ALWAYS:
                is_sure = True
            if kind in _UNBINDING or level == NEVER or (level == DEFERRED and limit != AT_END):
                continue
            values = yield from self.evaluator.evaluate(module, name, row, position)
            found.extend(Candidate(value, max(level, own), row, step) for value, own, _, step in reversed(values))
            is_sure |= bool(values) and (level == ALWAYS or (level == TRIED and _is_sure(values)))
        if limit == AT_END and module.number in self._given:
            found.extend((yield from self._look_given(module, name, DEFERRED if found else MAYBE)))
        if not found:
            found.extend((yield from self._look_outside(module, name)))
        return limit_candidates(found)

    def _look_given(self, module: Module, name: str, level: int) -> Steps:
        """Return what other modules set under the name: all that it is, or what it may become."""
        found: list[Candidate] = []
        for given in self._given[module.number].get(name, ()):
            values = yield from self.evaluator.take_given(given)
            found.extend(Candidate(value, level, step=step) for value, _, _, step in values)
        return tuple(found)

    def _find_events(self, module: Module, name: str, limit: int) -> Iterable[tuple[int, int]]:
        """Return pairs of position and row, last first; a negative row stands for a submodule."""
        positions = self.rows.position
        rows = self._spaces.space(module).names.get(name, ())
        if len(rows) == 1 and module.number not in self._sources and not module.is_package:
            return [(positions[rows[0]], rows[0])] if positions[rows[0]] < limit else []
        events = [(positions[row], row) for row in rows if positions[row] < limit]
        for row, source in self._sources.get(module.number, ()):
            if positions[row] < limit and name in self.stars.exported(self._index.modules[source]):
                events.append((positions[row], row))
        child = self._index.find_submodule(module, name) if events else None
        if child is not None:
            before = min(events)[0]
            position = self.submodules.find_position(module, child, name, before)
            if position is not None and position < limit:
                events.append((position, -child.number - 1))
            elif limit == AT_END and child.number in self.submodules.imported:
                events.append((AT_END, -child.number - 1))
        events.sort(reverse=True)
        return events

    def _look_outside(self, module: Module, name: str) -> Steps:
        """Return what a name is that no statement of the module binds: a submodule, or served on demand."""
        child = self._index.find_submodule(module, name)
        if child is not None:
            return (Candidate(of_module(child)),)
        served = self._spaces.space(module).served.get(name)
        if served is not None:
            return (yield from self.evaluator.serve(module, name, served))
        for pattern, written in self._spaces.space(module).computed:
            if pattern != "*" and fnmatchcase(name, pattern):
                return (yield from self.evaluator.find_computed(module, name, written))
            if written.startswith(ALL_OF):
                values = yield from self.evaluator.take_all_of(module, written, name)
                if values:
                    return values
        reason = self._open.get(module.number, "")
        hinted = self._hints.find(module, name) if reason else ""
        if hinted:
            values = yield from self.evaluator.serve(module, name, hinted)
            return tuple([each._replace(level=max(MAYBE, each.level)) for each in values])
        if reason == COMPILED:
            return (Candidate(Value("compiled", f"{module.name}:{name}", module.number)),)
        return (Candidate(unknown(reason)),) if reason else ()


def _is_sure(values: Outcome) -> bool:
    """Return whether the statement cannot fail for lack of a package that may not be installed."""
    return all(candidate.value.kind not in {"external", "unknown"} for candidate in values)
