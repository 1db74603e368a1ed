"""Going through values one by one: what fails, or depends on the order, where nobody knows the order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analysis.simulation.loading import Loader
from analysis.simulation.values import FoundModule, Listed, LoadedModule, Raised, Value

#: What comes from a folder, or a set, in one order on one machine and in another on the next.
DOUBT = "{}:{} goes through values that come in no known order"
#: Failures that no other value of the same loop can bring about, or keep away.
_SAME_ANYWHERE = frozenset({"missing-in-tree", "missing-third-party", "missing-name", "syntax"})


def go_through(machine: Loader, whole: Value, items: Sequence[Value], act: Callable[[Value], bool]) -> bool:
    """Act for each value until one says that it is the last; return whether one did.

    Where the order is not known, all orders must agree: a failure is certain if nothing that the loop has begun caused
    it, and all else that depends on the order is a doubt. What follows a failure may have come before it.
    """
    listed = whole if isinstance(whole, Listed) else None
    if listed is not None and listed.kind == "walk":
        return _walk(machine, items, act)
    if listed is None or len(items) < 2 or not (listed.is_unordered or listed.kind == "set"):
        return any(map(act, items))
    machine.shuffled += 1
    try:
        return _go_in_some_order(machine, items, act)
    finally:
        machine.shuffled -= 1


def _go_in_some_order(machine: Loader, items: Sequence[Value], act: Callable[[Value], bool]) -> bool:
    watch, yielded = _Watch(machine), machine.stack[-1].yielded
    if yielded is not None:
        yielded.is_unordered = True
    for number, item in enumerate(items):
        try:
            is_last = act(item)
        except Raised as raised:
            watch.judge(raised)
            _try_rest(machine, items[number + 1 :], act)
            raise
        if is_last:
            watch.doubt()
            return True
    watch.end()
    return False


def _try_rest(machine: Loader, items: Sequence[Value], act: Callable[[Value], bool]) -> None:
    machine.maybe += 1
    try:
        for item in items:
            try:
                act(item)
            except Raised as raised:
                machine.doubt(raised)
    finally:
        machine.maybe -= 1


def _walk(machine: Loader, items: Sequence[Value], act: Callable[[Value], bool]) -> bool:
    """Act for each module as ``walk_packages`` yields it: it imports each package that it goes into."""
    skipped: tuple[str, ...] = ()
    for item in items:
        if item.name.startswith(skipped):
            continue
        if act(item):
            return True
        if not load_walked(machine, item):
            skipped = (*skipped, f"{item.name}.")
    return False


def load_walked(machine: Loader, item: FoundModule) -> bool:
    """Import a package that ``walk_packages`` goes into; return whether it does, as it swallows an ``ImportError``."""
    if item.ispkg:
        try:
            machine.load(item.name)
        except Raised as raised:
            if not issubclass(raised.fault.kind, ImportError):
                raise
            return False
    return True


def load_all(machine: Loader, value: Value) -> Value:
    """Return what a list is made of; the packages of ``walk_packages`` are imported for it."""
    if not isinstance(value, Listed) or value.kind != "walk":
        return value
    found: list[Value] = []

    def take(item: Value) -> bool:
        found.append(item)
        return False

    _walk(machine, value.elements, take)
    return Listed(found, value.is_open, "generator")


class _Watch:
    """What has begun before a loop: all else depends on the order in it."""

    def __init__(self, machine: Loader) -> None:
        self._machine = machine
        self._before = {name for name, each in machine.loaded.items() if _is_running(each)}
        self._looks = len(machine.ledger.looks)
        self._line = machine.stack[-1].line
        self._path = machine.stack[-1].module.path

    def judge(self, raised: Raised) -> None:
        """Doubt a failure that another order may keep away."""
        fault = raised.fault
        if fault.outcome not in _SAME_ANYWHERE and not (fault.outcome == "circular" and fault.module in self._before):
            self.doubt()

    def end(self) -> None:
        """Doubt what was read of a module that the loop has begun, while it ran."""
        if any(module.name not in self._before for module, _, _ in self._machine.ledger.looks[self._looks :]):
            self.doubt()

    def doubt(self) -> None:
        """Note that something depends on the order."""
        self._machine.doubts.append(DOUBT.format(self._path, self._line))


def _is_running(value: Value) -> bool:
    return isinstance(value, LoadedModule) and value.is_running
