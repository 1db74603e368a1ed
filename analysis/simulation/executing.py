"""Statements: definitions, bindings, branches, loops, exception handlers and imports, in order."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from analysis.facts.program import Node
from analysis.simulation.evaluating import MOST_CALLS, MOST_FRAMES, Evaluator, plain, truth
from analysis.simulation.importing import ABSENT, Frame
from analysis.simulation.values import (
    UNKNOWN,
    Caught,
    Class,
    External,
    Fault,
    Function,
    Globals,
    Instance,
    Listed,
    Module,
    Note,
    Raised,
    Table,
    Value,
)

_MOST_TURNS = 200


class Machine(Evaluator):
    """One simulated process that runs the programs of modules."""

    def run_block(self, block: Sequence[Node], frame: Frame) -> Value:
        """Run statements; return None at their end, else ``break``, ``continue`` or what was returned in a tuple."""
        for statement in block:
            frame.line = statement[1]
            self.step()
            left = _KINDS[statement[0]](self, statement, frame)
            if left is not None:
                return left
        return None

    # Imports

    def _import(self, node: Node, frame: Frame) -> None:
        for name, renamed in node[2]:
            found = self.import_dotted(name, is_renamed=bool(renamed))
            self.bind(renamed or name.partition(".")[0], found, frame)

    def _from(self, node: Node, frame: Frame) -> None:
        _, _, level, module, names = node
        base = self.find_base(frame, level, module)
        if names[0][0] == "*":
            self.import_star(base, lambda name, value: self.bind(name, value, frame), frame)
            return
        found = self.load(base)
        for name, _ in names:
            self.prepare(found, name)
        for name, bound in names:
            self.bind(bound, self.take(found, name), frame)

    # Bindings

    def _assign(self, node: Node, frame: Frame) -> None:
        value = self.evaluate(node[3], frame)
        for target in node[2]:
            self._store(target, value, frame)

    def _store(self, target: Node, value: Value, frame: Frame) -> None:
        kind = target[0]
        if kind == "n":
            if frame.kind == "module" and target[1] == "__path__":
                frame.module.finds_more = True
            self.bind(target[1], value, frame)
        elif kind == "a":
            owner = self.evaluate(target[1], frame)
            if isinstance(owner, Module):
                self.write(owner, target[2], value)
            elif isinstance(owner, Class | Instance):
                owner.names[target[2]] = value
        elif kind == "s":
            self._store_item(self.evaluate(target[1], frame), self.evaluate(target[2], frame), value)
        elif kind == "l":
            parts = value.elements if isinstance(value, Listed) and not value.is_open else value
            has_star = any(part[0] == "*" for part in target[1])
            fits = isinstance(parts, list | tuple) and len(parts) == len(target[1]) and not has_star
            for number, part in enumerate(target[1]):
                self._store(part, parts[number] if fits else UNKNOWN, frame)
        elif kind == "*":
            self._store(target[1], UNKNOWN, frame)

    def _store_item(self, owner: Value, index: Value, value: Value) -> None:
        if isinstance(owner, External) and owner.name == "sys.modules":
            if isinstance(index, str):
                self.modules[index] = value
        elif isinstance(owner, Globals):
            if isinstance(index, str):
                self.write(owner.module, index, value)
            else:
                self._forget_constants(owner.module)
        elif isinstance(owner, Table):
            wanted = plain(index)
            if wanted is UNKNOWN or isinstance(wanted, slice):
                owner.is_open = True
            else:
                owner.pairs[wanted] = value

    def _forget_constants(self, module: Module) -> None:
        """A name that nobody can tell is bound anew: what decides about branches may be another value now."""
        module.is_open = True
        for name, value in list(module.names.items()):
            if isinstance(value, bool | int | float | str | None) and not name.startswith("__"):
                self.write(module, name, UNKNOWN)

    def _augmented(self, node: Node, frame: Frame) -> None:
        _, _, target, operator, part = node
        value = self.evaluate(part, frame)
        before: Value = UNKNOWN
        if target[0] == "n":
            before = self.evaluate(["n", target[1], node[1]], frame)
        if operator == "+" and isinstance(before, Listed) and not self.maybe:
            added = self.add(before, value)
            before.elements, before.is_open = added.elements, added.is_open
        elif isinstance(before, Listed):
            before.is_open = True
        elif target[0] == "n":
            self._store(target, self.add(before, value) if operator == "+" else UNKNOWN, frame)

    def _expression(self, node: Node, frame: Frame) -> None:
        self.evaluate(node[2], frame)

    def _delete(self, node: Node, frame: Frame) -> None:
        for target in node[2]:
            if target[0] == "n":
                frame.names.pop(target[1], None)
            elif target[0] == "s":
                owner, index = self.evaluate(target[1], frame), self.evaluate(target[2], frame)
                if isinstance(owner, External) and owner.name == "sys.modules" and isinstance(index, str):
                    self.modules.pop(index, None)
            elif target[0] == "a":
                owner = self.evaluate(target[1], frame)
                if isinstance(owner, Module) and owner.is_running:
                    owner.names.pop(target[2], None)

    def _declare(self, node: Node, frame: Frame) -> None:
        if node[0] == "global":
            frame.declared.update(node[2])

    # Definitions

    def _function(self, node: Node, frame: Frame) -> None:
        _, line, name, decorators, parameters, annotations, end_line, is_async = node
        makers = [self.evaluate(decorator, frame) for decorator in decorators]
        defaults = [self.evaluate(default, frame) for default in parameters[1]]
        for _, default in parameters[3]:
            if default is not None:
                self.evaluate(default, frame)
        for annotation in annotations:
            self.evaluate(annotation, frame)
        around = (frame.names, *frame.around) if frame.kind == "function" else frame.around
        how = frozenset({"async"}) if is_async else frozenset()
        value: Value = Function(frame.module, name, line, end_line, parameters, defaults, around, how)
        for maker in reversed(makers):
            value = self._decorate(maker, value, frame)
        self.bind(name, value, frame)

    def _class(self, node: Node, frame: Frame) -> None:
        _, line, name, bases, keywords, decorators, body = node
        makers = [self.evaluate(decorator, frame) for decorator in decorators]
        found = [self.evaluate(base, frame) for base in bases]
        given = {word or "**": self.evaluate(part, frame) for word, part in keywords}
        if None in found and not self.maybe:
            frame.line = line
            raise self.fail("other", TypeError, "NoneType takes no arguments")
        around = (frame.names, *frame.around) if frame.kind == "function" else frame.around
        inner = Frame(frame.module, {}, "class", line, around)
        self.stack.append(inner)
        try:
            self.run_block(body, inner)
        finally:
            self.stack.pop()
        made = Class(frame.module, name, line, found, inner.names)
        for base in found:
            starter = self.find_in_class(base, "__init_subclass__") if isinstance(base, Class) else None
            if isinstance(starter, Function):
                self.run_function(starter, [made], given, frame)
                break
        value: Value = made
        for maker in reversed(makers):
            value = self._decorate(maker, value, frame)
        self.bind(name, value, frame)

    def _decorate(self, maker: Value, value: Value, frame: Frame) -> Value:
        made = self.call(maker, [value], {}, frame)
        is_known = isinstance(made, Class | Function) or made is None
        return value if isinstance(value, Class) and not is_known else made

    def run_function(
        self, function: Function, arguments: list[Value], keywords: dict[str, Value], frame: Frame
    ) -> Value:
        """Run the body of a function; what is async, or yields, runs later if at all."""
        key = (function.module.path, function.line)
        times = self.calls[key] = self.calls.get(key, 0) + 1
        is_often = times > MOST_CALLS and function.name != "__getattr__"
        if is_often or "async" in function.how or len(self.stack) >= MOST_FRAMES:
            return UNKNOWN
        body = self.shared.tree.read_body(function.module.path, function.line, function.end_line)
        if body is None or (body[1] and "contextmanager" not in function.how):
            return UNKNOWN
        names = self._take_arguments(function, arguments, keywords)
        inner = Frame(function.module, names, "function", function.line, function.around)
        before, depth = self.maybe, len(self.stack)
        self.stack.append(inner)
        try:
            left = self.run_block(body[0], inner)
        except Raised as raised:
            if not inner.is_doubtful:
                raise
            self.doubt(raised)
            return UNKNOWN
        finally:
            del self.stack[depth:]
            self.maybe = before
        if inner.is_doubtful:
            return UNKNOWN
        return left[1] if isinstance(left, tuple) else None

    def _take_arguments(
        self, function: Function, arguments: list[Value], keywords: dict[str, Value]
    ) -> dict[str, Value]:
        positional, _, rest, keyword_only, others = function.parameters
        names: dict[str, Value] = dict.fromkeys(positional, UNKNOWN)
        names.update(zip(reversed(positional), reversed(function.defaults), strict=False))
        for name, default in keyword_only:
            names[name] = default[1] if default is not None and default[0] == "k" else UNKNOWN
        names.update(zip(positional, arguments, strict=False))
        names.update({name: value for name, value in keywords.items() if name in names})
        if "**" in keywords:
            names.update(dict.fromkeys(set(positional[len(arguments) :]), UNKNOWN))
        if rest:
            names[rest] = Listed(list(arguments[len(positional) :]), is_open=True)
        if others:
            names[others] = Table(is_open=True)
        return names

    def _return(self, node: Node, frame: Frame) -> Value:
        return ("return", self.evaluate(node[2], frame))

    def _leave(self, node: Node, _: Frame) -> Value:
        return node[0]

    # Branches

    def _if(self, node: Node, frame: Frame) -> Value:
        _, _, branches, rest = node
        for number, (test, body, line) in enumerate(branches):
            frame.line = line
            known = truth(self.evaluate(test, frame))
            if known:
                return self.run_block(body, frame)
            if known is None:
                others = [each[1] for each in branches[number + 1 :]] + [rest]
                return self._run_maybe(body, frame, others)
        return self.run_block(rest, frame)

    def _run_maybe(self, body: Sequence[Node], frame: Frame, others: Iterable[Sequence[Node]] = ()) -> None:
        """Run what may not run: its failure is a doubt, and so is all that follows where it may return."""
        before, depth = self.maybe, len(self.stack)
        self.maybe += 1
        left = None
        try:
            left = self.run_block(body, frame)
        except Raised as raised:
            del self.stack[depth:]
            self.doubt(raised)
        finally:
            self.maybe = before
        if isinstance(left, tuple) and not frame.is_doubtful:
            frame.is_doubtful = True
            self.maybe += 1
        for block in others:
            for name in find_bound(block):
                if name == "*":
                    frame.module.is_open = True
                elif name not in frame.names:
                    self.bind(name, UNKNOWN, frame)

    def _try(self, node: Node, frame: Frame) -> Value:
        _, _, body, handlers, rest, final = node
        try:
            left = self._run_protected(body, handlers, rest, frame)
        except Raised:
            self.run_block(final, frame)
            raise
        return self.run_block(final, frame) or left

    def _run_protected(
        self, body: Sequence[Node], handlers: Sequence[Node], rest: Sequence[Node], frame: Frame
    ) -> Value:
        depth = len(self.stack)
        try:
            left = self.run_block(body, frame)
        except Raised as raised:
            del self.stack[depth:]
            line = frame.line
            for kind, name, block, at in handlers:
                frame.line = at
                if kind is None or self._catches(self.evaluate(kind, frame), raised.fault):
                    return self._handle(raised, block, name, body, line, frame)
            frame.line = line
            raise
        return self.run_block(rest, frame) if left is None else left

    def _handle(
        self, raised: Raised, block: Sequence[Node], name: str | None, body: Sequence[Node], line: int, frame: Frame
    ) -> Value:
        if name:
            self.bind(name, Caught(raised.fault), frame)
        self.handling.append(raised.fault)
        try:
            left = self.run_block(block, frame)
        finally:
            self.handling.pop()
            if name:
                frame.names.pop(name, None)
        if issubclass(raised.fault.kind, ImportError | AttributeError):
            left_as = ", ".join(self._format_left(body, line, frame))
            self.notes.append(Note(raised.fault, frame.module.path, line, left_as))
        return left

    def _format_left(self, body: Sequence[Node], line: int, frame: Frame) -> Iterator[str]:
        """Yield what the names of the failed statement are left as."""
        for statement in find_statements(body, line):
            for name in find_bound([statement]):
                if name != "*":
                    value = frame.names.get(name, ABSENT)
                    if value is ABSENT and frame.kind != "module":
                        value = self.read_global(frame.module, name)
                    yield f"{name}: {describe(value)}"

    def _catches(self, kind: Value, fault: Fault) -> bool:
        kinds = kind.elements if isinstance(kind, Listed) else [kind]
        return any(self._matches(each, fault) for each in kinds)

    def _matches(self, kind: Value, fault: Fault) -> bool:
        if isinstance(kind, External):
            own = getattr(builtins, kind.name.removeprefix("builtins."), None) if "builtins." in kind.name else None
            return isinstance(own, type) and issubclass(own, BaseException) and issubclass(fault.kind, own)
        if isinstance(kind, Class) and fault.made_by is not None:
            return any(one.line == kind.line and one.module.path == kind.module.path
                        for one in self.find_ancestry(fault.made_by))  # fmt: skip
        return False

    def find_ancestry(self, kind: Class) -> list[Class]:
        """Return a class and its known bases."""
        found: list[Class] = []
        waiting = [kind]
        while waiting and len(found) < 100:
            current = waiting.pop()
            found.append(current)
            waiting.extend([base for base in current.bases if isinstance(base, Class)])
        return found

    def _with(self, node: Node, frame: Frame) -> Value:
        caught: list[Value] = []
        for context, target in node[2]:
            if context[0] == "c" and context[1][0] in {"a", "n"}:
                maker = self.evaluate(context[1], frame)
                if isinstance(maker, External) and maker.name == "contextlib.suppress":
                    caught += [self.evaluate(part, frame) for part in context[2]]
            value = self.evaluate(context, frame)
            if target is not None:
                self._store(target, value if isinstance(value, Instance) else UNKNOWN, frame)
        depth = len(self.stack)
        try:
            return self.run_block(node[3], frame)
        except Raised as raised:
            if not any(self._matches(kind, raised.fault) for kind in caught):
                raise
            del self.stack[depth:]
            return self._handle(raised, [], None, node[3], frame.line, frame)

    def _for(self, node: Node, frame: Frame) -> Value:
        _, _, target, whole, body, rest = node
        items = self.evaluate(whole, frame)
        if isinstance(items, Table):
            items = Listed(list(items.pairs), items.is_open)
        content = items.elements if isinstance(items, Listed) and not items.is_open else items
        if not isinstance(content, list | tuple) or len(content) > _MOST_TURNS:
            self._store(target, UNKNOWN, frame)
            self._run_maybe(body, frame, [rest])
            return None
        for item in list(content):
            self._store(target, item, frame)
            left = self.run_block(body, frame)
            if left == "break":
                return None
            if isinstance(left, tuple):
                return left
        return self.run_block(rest, frame)

    def _while(self, node: Node, frame: Frame) -> Value:
        _, _, test, body, rest = node
        if truth(self.evaluate(test, frame)) is False:
            return self.run_block(rest, frame)
        self._run_maybe(body, frame, [rest])
        return None

    def _match(self, node: Node, frame: Frame) -> None:
        self.evaluate(node[2], frame)
        for names, body in node[3]:
            for name in names:
                self.bind(name, UNKNOWN, frame)
            self._run_maybe(body, frame)

    def _raise(self, node: Node, frame: Frame) -> None:
        if node[2] is None:
            if self.handling:
                raise Raised(self.handling[-1], self.find_chain())
            raise self.fail("other", RuntimeError, "no active exception to reraise")
        value = self.evaluate(node[2], frame)
        if isinstance(value, Caught):
            raise Raised(value.fault, self.find_chain())
        made_by = value.made_by if isinstance(value, Instance) else value if isinstance(value, Class) else None
        kind: type[BaseException] = Exception
        bases = [base for each in self.find_ancestry(made_by) for base in each.bases] if made_by else [value]
        for base in bases:
            if isinstance(base, External):
                own: Any = getattr(builtins, base.name.removesuffix("()").removeprefix("builtins."), None)
                if isinstance(own, type) and issubclass(own, BaseException):
                    kind = own
        frame.line = node[1]
        outcome = "exit" if issubclass(kind, SystemExit) else "other"
        if issubclass(kind, ImportError) and self.handling and self._mentions(node[2], frame):
            outcome = "circular" if self.handling[-1].outcome == "circular" else outcome
        raise self.fail(outcome, kind, "raised by the program", "", "", made_by)

    def _mentions(self, node: Node, frame: Frame) -> bool:
        """Return whether an expression names the exception that is being handled."""
        if node[:1] == ["n"]:
            return isinstance(frame.names.get(node[1]), Caught)
        return any(isinstance(part, list) and self._mentions(part, frame) for part in node)


def find_bound(block: Iterable[Node]) -> Iterator[str]:
    """Yield the names that statements bind; ``*`` for a star import."""
    for node in block:
        kind = node[0]
        if kind == "import":
            yield from [renamed or name.partition(".")[0] for name, renamed in node[2]]
        elif kind == "from":
            yield from [bound for _, bound in node[4]]
        elif kind in {"def", "class"}:
            yield node[2]
        elif kind in {"=", "for"}:
            for target in node[2] if kind == "=" else [node[2]]:
                yield from _find_targets(target)
        for inner in find_inner(node):
            yield from find_bound(inner)


def find_inner(node: Node) -> list[Sequence[Node]]:
    """Return the blocks of a statement that may run where it stands."""
    kind = node[0]
    if kind == "if":
        return [*[body for _, body, _ in node[2]], node[3]]
    if kind == "try":
        return [node[2], *[handler[2] for handler in node[3]], node[4], node[5]]
    if kind in {"with", "while"}:
        return [node[3]]
    return [node[4]] if kind == "for" else []


def _find_targets(target: Node) -> Iterator[str]:
    if target[0] == "n":
        yield target[1]
    elif target[0] == "l":
        for part in target[1]:
            yield from _find_targets(part)
    elif target[0] == "*":
        yield from _find_targets(target[1])


def find_statements(block: Iterable[Node], line: int) -> Iterator[Node]:
    """Yield the import and definition statements of a line."""
    for node in block:
        if node[1] == line and node[0] in {"import", "from", "=", "class", "def"}:
            yield node
        for inner in find_inner(node):
            yield from find_statements(inner, line)


def describe(value: Value) -> str:
    """Return what a name holds, in one or two words."""
    if value is ABSENT:
        return "absent"
    if value is None:
        return "None"
    if isinstance(value, Class):
        return f"class {value.module.name}:{value.qualname}"
    if isinstance(value, Module):
        return f"module {value.name}"
    if isinstance(value, Function):
        return f"function {value.module.name}:{value.name}"
    if isinstance(value, External):
        return value.name.removeprefix("builtins.")
    if isinstance(value, bool | int | float | str):
        return repr(value)[:40]
    return "instance" if isinstance(value, Instance) else "unknown"


_KINDS: dict[str, Callable[[Machine, Node, Frame], Value]] = {
    "import": Machine._import,
    "from": Machine._from,
    "=": Machine._assign,
    "+=": Machine._augmented,
    "e": Machine._expression,
    "del": Machine._delete,
    "global": Machine._declare,
    "nonlocal": Machine._declare,
    "def": Machine._function,
    "class": Machine._class,
    "if": Machine._if,
    "try": Machine._try,
    "with": Machine._with,
    "for": Machine._for,
    "while": Machine._while,
    "match": Machine._match,
    "raise": Machine._raise,
    "return": Machine._return,
    "break": Machine._leave,
    "continue": Machine._leave,
}
