"""Where names lead to that one statement surely binds: imports are followed for all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from analysis import tables
from analysis.names.binding_columns import CALL, IMPORT, KINDS, NOWHERE, BindingColumns, Flags, Numbers, look_up
from analysis.resolve.liveness import ALWAYS
from analysis.resolve.modules import Module
from analysis.resolve.name_resolver import NameResolver
from analysis.resolve.namespaces import Namespaces

_UNKNOWN, _OUTSIDE = -2, -3
_EXTERNAL = tables.VALUE_KINDS.index("external")
#: Longer chains are followed one question after the other.
_MOST_HOPS = 25


@dataclass(frozen=True, slots=True)
class ImportChains:
    """Where each row of ``BindingColumns`` leads to.

    ``step`` is the row of the next name on the chain, ``end`` that of the last one, -1 where it takes more than a look
    to know. Of an import that is an end, ``module`` is the number of the module that it takes, or -1 for what lies
    outside the tree, whose name is at ``outside`` of ``texts``. ``kind`` is a position in ``VALUE_KINDS``, and
    ``maker`` one in ``makers``.
    """

    step: Numbers
    end: Numbers
    module: Numbers
    outside: Numbers
    texts: list[str]
    kind: Numbers
    maker: Numbers
    makers: list[str]


def find_import_chains(
    spaces: Namespaces, resolver: NameResolver, bound: BindingColumns, is_simple: Flags
) -> ImportChains:
    is_import = is_simple & (bound.kind == IMPORT)
    module, key, outside = np.full((3, len(bound.key)), NOWHERE, np.int64)
    rows = np.flatnonzero(is_import)
    taken, texts = _read_imports(spaces, resolver, bound, rows)
    module[rows], key[rows], outside[rows] = taken
    _take_submodules(spaces, resolver, bound, module, key)
    kind = np.where(is_import & (outside >= 0), _EXTERNAL, KINDS[bound.kind])
    maker, makers = np.zeros(len(bound.key), np.int64), [""]
    is_made = np.zeros(len(bound.key), bool)
    for row, made, made_by in _ask_calls(spaces, resolver, bound, np.flatnonzero(is_simple & (bound.kind == CALL))):
        is_made[row], kind[row], maker[row] = True, tables.VALUE_KINDS.index(made), len(makers)
        makers.append(made_by)
    is_own = ~is_import & ((bound.kind != CALL) | is_made)
    ends = is_simple & (is_own | (module >= 0) | (outside >= 0))
    step = bound.find(key)
    step[(key < 0) | (key // bound.width == bound.module)] = NOWHERE
    return ImportChains(step, _follow(step, ends), module, outside, texts, kind, maker, makers)


def _read_imports(
    spaces: Namespaces, resolver: NameResolver, bound: BindingColumns, rows: Numbers
) -> tuple[Numbers, list[str]]:
    """Return what import statements take, each module looked up once in each folder.

    Three numbers each, -1 where it is something else: the module; the key of the name in another module; the
    position in the texts of what lies outside the tree.
    """
    values, texts = tables.read_codes(spaces.bindings.select(["value"]).take(pa.array(bound.statement[rows])), "value")
    parts = [text.partition(":") for text in texts]
    which, targets, absolutes = _find_modules(spaces, resolver, bound.module[rows], values, [part[0] for part in parts])
    name = look_up([bound.codes.get(name, _UNKNOWN) if mark else NOWHERE for _, mark, name in parts], values)
    target = look_up(targets, which)
    found = np.full((3, len(rows)), NOWHERE, np.int64)
    is_module, is_name = (target >= 0) & (name == NOWHERE), (target >= 0) & (name >= 0)
    found[0, is_module] = target[is_module]
    found[1, is_name] = target[is_name] * bound.width + name[is_name]
    outside = np.flatnonzero(target == _OUTSIDE)
    wording = which[outside] * max(1, len(texts)) + values[outside]
    _, first, found[2, outside] = np.unique(wording, return_index=True, return_inverse=True)
    named = zip(which[outside[first]].tolist(), values[outside[first]].tolist(), strict=True)
    return found, [f"{absolutes[where]}{parts[part][1]}{parts[part][2]}" for where, part in named]


def _find_modules(
    spaces: Namespaces, resolver: NameResolver, importers: Numbers, values: Numbers, written: Sequence[str]
) -> tuple[Numbers, list[int], list[str]]:
    """Return which answer holds for each import, and as answers the number of the module and its absolute name.

    ``values`` are positions in ``written``, the modules as the statements name them.
    """
    modules = spaces.index.modules
    names = {name: code for code, name in enumerate(dict.fromkeys(written))}
    seats: dict[tuple[str, str, str], int] = {}
    seat = [seats.setdefault((module.package, module.folder, module.root), len(seats)) for module in modules]
    wording = look_up(seat, importers) * max(1, len(names)) + look_up([names[name] for name in written], values)
    _, first, which = np.unique(wording, return_index=True, return_inverse=True)
    targets, absolutes = [], []
    for number, value in zip(importers[first].tolist(), values[first].tolist(), strict=True):
        absolute, _, taken = resolver.evaluator.parse(modules[number], written[value])
        is_outside = taken is None and _is_external(resolver, modules[number], absolute, written[value])
        targets.append(taken.number if taken is not None else _OUTSIDE if is_outside else NOWHERE)
        absolutes.append(absolute)
    return which, targets, absolutes


def _is_external(resolver: NameResolver, module: Module, absolute: str, written: str) -> bool:
    return resolver.evaluator.find_external(module, absolute, "", written).kind == "external"


def _take_submodules(
    spaces: Namespaces, resolver: NameResolver, bound: BindingColumns, module: Numbers, key: Numbers
) -> None:
    """Let imports of names that are nothing but submodules take these modules."""
    children = {
        package.number * bound.width + bound.codes[name]: child.number
        for package, name, child in spaces.index.list_children()
        if name in bound.codes and not resolver.has_stars(package)
    }
    for number, name in resolver.list_given():
        children.pop(number * bound.width + bound.codes[name] if name in bound.codes else NOWHERE, None)
    numbers = np.array(sorted(children), np.int64)
    rows = np.flatnonzero(np.isin(key, numbers[bound.find(numbers) < 0]))
    module[rows] = [children[number] for number in key[rows].tolist()]
    key[rows] = NOWHERE


def _ask_calls(
    spaces: Namespaces, resolver: NameResolver, bound: BindingColumns, rows: Numbers
) -> Iterator[tuple[int, str, str]]:  # fmt: skip
    """Yield row, kind and maker of the objects that calls make and keep under a name."""
    modules = spaces.index.modules
    names = bound.names.take(pa.array(bound.name[rows])).to_pylist()
    for row, number, name in zip(rows.tolist(), bound.module[rows].tolist(), names, strict=True):
        outcome = resolver.resolve(modules[number], name)
        if len(outcome) != 1 or outcome[0].level != ALWAYS or outcome[0].step is not None:
            continue
        value = outcome[0].value
        if value.target == f"{modules[number].name}:{name}":
            yield row, value.kind, value.made_by


def _follow(step: Numbers, ends: Flags) -> Numbers:
    """Return the row at the end of each chain."""
    end = np.where(ends, np.arange(len(step)), NOWHERE)
    waiting = np.flatnonzero(step >= 0)
    place = step[waiting]
    for _ in range(_MOST_HOPS):
        end[waiting] = np.where(ends[place], place, NOWHERE)
        goes_on = step[place] >= 0
        waiting, place = waiting[goes_on], step[place[goes_on]]
    end[waiting] = NOWHERE
    return end
