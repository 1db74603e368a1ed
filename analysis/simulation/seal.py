"""The end of a simulated process: what its first import leaves, as other processes take it over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analysis.simulation.records import ABSENT, Delta
from analysis.simulation.state import InterpreterState
from analysis.simulation.values import Fault, LoadedModule, SwallowedFault


def seal(
    process: InterpreterState, fault: Fault | None, chain: tuple[tuple[str, int, str], ...], *, is_cut: bool
) -> Delta:  # fmt: skip
    """Return what the first import of a process leaves, and keep it for all others."""
    ledger, registry = process.ledger, process.shared.registry
    is_cut |= any(part.is_cut for part in ledger.parts)
    is_smooth = fault is None and not is_cut and _is_smooth(process)
    number = len(registry.deltas)
    own = tuple((name, process.loaded[name]) for name in ledger.own if name in process.loaded)
    same = _find_same(process) if is_smooth else None
    parts, own_odd = tuple(ledger.parts) if same is None else (same,), 0
    if same is not None:
        own = ()
    else:
        for name, value in own:
            is_first = not is_cut and registry.owners.setdefault(name, number) == number
            if is_first:
                registry.states[name] = value
            elif registry.fixed.get(name, ABSENT) is not value and registry.states.get(name) is not value:
                own_odd |= registry.find_bit(name)
    odd = own_odd
    for part in parts:
        odd |= part.odd
    is_own = same is None
    kept = {name for name, _ in own}
    runs = ledger.runs if is_own else {}
    delta = Delta(
        number, own, registry.find_bits(kept), parts,
        ledger.changed if is_own else {}, runs, registry.find_bits(runs), ledger.failures, ledger.repeated[0],
        ledger.names, ledger.reached, ledger.nodes | 1 << number | (same.nodes if same else 0),
        odd, own_odd, ledger.failing,
        frozenset(ledger.lacked), ledger.stars, frozenset(ledger.asked), frozenset(ledger.absent),
        {name: number if node < 0 else node for name, node in ledger.altered.items() if name not in kept or node >= 0},
        {name: number if node < 0 else node for name, node in ledger.touched.items()},
        _join_notes(process), tuple(process.doubts), fault, chain,
        sum(process.runs.values()), {name: times for name, times in process.runs.items() if times > 1},
        ledger.is_raising, is_smooth, is_cut,
    )  # fmt: skip
    registry.add(delta)
    return delta


def _join_notes(process: InterpreterState) -> tuple[SwallowedFault, ...]:
    """Return what the process and all that it took over have swallowed; one tuple where only one did."""
    ledger = process.ledger
    if not process.notes:
        lists = {id(part.notes): part.notes for part in ledger.parts if part.notes}
        if len(lists) <= 1:
            return next(iter(lists.values()), ())
    found = {id(note): note for part in ledger.parts for note in part.notes}
    found.update((id(note), note) for note in process.notes)
    return tuple(found.values())


def _is_smooth(process: InterpreterState) -> bool:
    """Return whether each module that was looked at while it ran had then what it has at its end."""
    ledger = process.ledger
    if ledger.is_rough or ledger.lacked or ledger.stars or ledger.altered or ledger.touched or ledger.asked:
        return False
    return all(_is_final(process, module, name, value) for module, name, value in ledger.looks)


def _is_final(process: InterpreterState, module: LoadedModule, name: str, value: object) -> bool:
    last = module.names.get(name, ABSENT)
    if last is value:
        return True
    child = process.shared.imports.index.find_child(module.resolved, name)
    return value is ABSENT and child is not None and last is process.loaded.get(child.name)


def _find_same(process: InterpreterState) -> Delta | None:
    """Return the first import that has made the same states, if all modules of this one are shared already."""
    registry, ledger = process.shared.registry, process.ledger
    if any(part.odd for part in ledger.parts):
        return None
    owners = {registry.owners.get(name) for name in ledger.own if name not in registry.fixed}
    number = owners.pop() if len(owners) == 1 else None
    if number is None:
        return None
    same = registry.deltas[number]
    is_same = same.is_smooth and same.names == ledger.names and not same.odd
    is_same = is_same and tuple(process.doubts[:1]) == same.doubts[:1]
    is_same = is_same and len(_join_notes(process)) == len(same.notes) and sum(process.runs.values()) == same.total
    return same if is_same else None


def repeat_fault(fault: Fault, notes: Iterable[SwallowedFault]) -> Fault:
    """Return a fault for another process: the same as another exception, unless it was swallowed before it was raised.

    What one process has swallowed may end another.
    """
    raised: set[int] = set()
    each: Fault | None = fault
    while each is not None:
        raised.add(id(each))
        each = each.context
    return fault if any(id(note.fault) in raised for note in notes) else replace(fault)
