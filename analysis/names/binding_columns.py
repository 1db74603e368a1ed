"""The names that modules bind, as columns: which of them one statement surely binds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.resolve.binding_evaluator import KEPT
from analysis.resolve.liveness import ALWAYS
from analysis.resolve.name_resolver import NameResolver
from analysis.resolve.namespaces import Namespaces

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: What stands for no row and no number.
NOWHERE = -1
#: What a statement of each kind makes of its name; an import passes on what it takes.
MADE = {"import": "module", "class": "class", "function": "function", "constant": "constant"}
MADE |= {kind: KEPT[kind] for kind in ("expression", "unpacked", "target")}
MADE["instance"] = "instance"
IMPORT, CALL, _CONSTANT = (list(MADE).index(kind) for kind in ("import", "instance", "constant"))
QUALIFIED = tuple(list(MADE).index(kind) for kind in ("class", "function"))
#: What each kind makes, as a position in ``VALUE_KINDS``.
KINDS = np.array([tables.VALUE_KINDS.index(made) for made in MADE.values()], np.int64)


@dataclass(frozen=True, slots=True)
class BindingColumns:
    """The names of modules, a row for each, ascending by ``key``: module number times ``width`` plus code of the name.

    ``codes`` are the codes of ``names``; ``statement`` is the first that binds the name, ``is_single`` whether it is
    the only one, ``kind`` a position in ``MADE`` or -1.
    """

    key: Numbers
    width: int
    names: pa.Array
    codes: Mapping[str, int]
    statement: Numbers
    is_single: Flags
    kind: Numbers

    @property
    def module(self) -> Numbers:
        return self.key // self.width

    @property
    def name(self) -> Numbers:
        return self.key % self.width

    def find(self, keys: Numbers) -> Numbers:
        """Return the row of each key, -1 where there is none."""
        place = np.minimum(np.searchsorted(self.key, keys), max(0, len(self.key) - 1))
        return np.where(self.key[place] == keys, place, NOWHERE) if len(self.key) else keys


def read_binding_columns(spaces: Namespaces) -> BindingColumns:
    numbers = {module.source: module.number for module in spaces.index.modules if module.source}
    files, paths = tables.read_codes(spaces.bindings, "path")
    names, texts = tables.read_codes(spaces.bindings, "name")
    kinds, values = tables.read_codes(spaces.bindings, "kind")
    module = look_up([numbers.get(path, NOWHERE) for path in paths], files)
    rows, width = np.flatnonzero(module >= 0), max(1, len(texts))
    key, first, count = np.unique(module[rows] * width + names[rows], return_index=True, return_counts=True)
    places = {kind: place for place, kind in enumerate(MADE)}
    kind = look_up([places.get(word, NOWHERE) for word in values], kinds[rows[first]])
    codes = {text: code for code, text in enumerate(texts)}
    return BindingColumns(key, width, pa.array(texts, tables.TEXT), codes, rows[first], count == 1, kind)


def look_up(values: list[int], codes: Numbers) -> Numbers:
    """Return the value of each code."""
    return np.array(values, np.int64)[codes] if values else codes


def find_simple(spaces: Namespaces, resolver: NameResolver, bound: BindingColumns) -> Flags:
    """Return which names one statement binds for sure, and nothing else can."""
    children = [
        package.number * bound.width + bound.codes[name]
        for package, name, _ in spaces.index.list_children()
        if name in bound.codes
    ]
    given = [number * bound.width + bound.codes[name] for number, name in resolver.list_given() if name in bound.codes]
    has_stars = np.array([resolver.has_stars(module) for module in spaces.index.modules], bool)
    is_moved = has_stars[bound.module] | np.isin(bound.key, np.array([*children, *given], np.int64))
    level = np.array(spaces.rows.level, np.int64)[bound.statement]
    is_sure = bound.is_single & (level == ALWAYS) & (bound.kind >= 0)
    is_none = (bound.kind == _CONSTANT) & _is_none(spaces, bound)
    simple: Flags = is_sure & ~is_moved & ~is_none
    return simple & ~_takes_replaced(spaces, bound, has_stars)


def _takes_replaced(spaces: Namespaces, bound: BindingColumns, has_stars: Flags) -> Flags:
    """Return which statements may be ``import a.b as c`` where a package binds ``b`` too: they take what it has."""
    children = [
        (package.number, name)
        for package, name, _ in spaces.index.list_children()
        if name in bound.codes and package.path
    ]
    keys = np.array([number * bound.width + bound.codes[name] for number, name in children], np.int64)
    is_bound = (bound.find(keys) >= 0) | has_stars[[number for number, _ in children]] if children else ()
    replaced = {name for (_, name), is_one in zip(children, is_bound, strict=True) if is_one}
    value = spaces.bindings.column("value").take(pa.array(bound.statement))
    texts = [text for text in value.unique().to_pylist() if text.rpartition(".")[2] in replaced and ":" not in text]
    found: Flags = pc.is_in(value, pa.array(texts, tables.TEXT)).to_numpy() & (bound.kind == IMPORT)
    return found


def _is_none(spaces: Namespaces, bound: BindingColumns) -> Flags:
    value = spaces.bindings.column("value").take(pa.array(bound.statement))
    is_none: Flags = pc.equal(value, "None").to_numpy()
    return is_none
