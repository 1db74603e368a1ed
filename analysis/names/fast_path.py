"""Names that one statement surely binds, answered all at once, as columns.

Nine names of ten are of this kind: a class, a function, a value, or an import that leads to such a name. Whole
columns are looked up for them; the ``NameResolver``, which knows all of Python's rules, answers the rest, one question
after the other. Both give the same rows: the tests hold them against each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.names.binding_columns import (
    IMPORT,
    NOWHERE,
    QUALIFIED,
    BindingColumns,
    Numbers,
    find_simple,
    read_binding_columns,
)
from analysis.names.import_chains import ImportChains, find_import_chains
from analysis.names.routes import Routes
from analysis.names.usage import Usage
from analysis.resolve.name_resolver import NameResolver
from analysis.resolve.namespaces import Namespaces
from analysis.steps import join_bindings

_RESULT = tables.VALUE_KINDS.index("result")
_CERTAIN, _CONDITIONAL = (tables.PATH_CERTAINTIES.index(word) for word in ("certain", "conditional"))


@dataclass(frozen=True, slots=True)
class FastNames:
    """``table``: the rows of ``tables.PATHS`` without the last column, of the names that are answered.

    ``others`` are the bound names that are not answered, by module number; ``answered`` those that are, of modules
    that get names in other ways than by their own statements, too.
    """

    table: pa.Table
    others: Mapping[int, set[str]]
    answered: Mapping[int, set[str]]


def find_fast(spaces: Namespaces, resolver: NameResolver, routes: Routes, usage: Usage) -> FastNames:
    """Answer the names that need no more than a look; linear in the number of statements."""
    bound = read_binding_columns(spaces)
    chains = find_import_chains(spaces, resolver, bound, find_simple(spaces, resolver, bound))
    table = _build(spaces, routes, bound, chains, usage)
    hidden = pc.and_(pc.starts_with(table["name"], "__"), pc.ends_with(table["name"], "__"))
    gets_others = np.array([bool(resolver.find_unbound(module)) for module in spaces.index.modules], bool)
    others = _group(bound, np.flatnonzero(chains.end < 0))
    answered = _group(bound, np.flatnonzero((chains.end >= 0) & gets_others[bound.module]))
    return FastNames(table.filter(pc.invert(hidden)), others, answered)


def _group(bound: BindingColumns, rows: Numbers) -> dict[int, set[str]]:
    """Return some names by the number of their module."""
    found: dict[int, set[str]] = defaultdict(set)
    for module, name in zip(bound.module[rows].tolist(), bound.names.take(bound.name[rows]).to_pylist(), strict=True):
        found[module].add(name)
    return found


def _build(spaces: Namespaces, routes: Routes, bound: BindingColumns, chains: ImportChains, usage: Usage) -> pa.Table:
    """Return the columns of ``tables.PATHS`` but the last, for the names whose end is known."""
    rows = np.flatnonzero(chains.end >= 0)
    last, module = chains.end[rows], bound.module[rows]
    modules, lines = spaces.index.modules, tables.read_numbers(spaces.bindings, "line")
    module_names = pa.array([each.name for each in modules], tables.TEXT)
    sources = pa.array(["", *(each.source for each in modules)], tables.TEXT)
    is_import = bound.kind[last] == IMPORT
    home = np.where(is_import, chains.module[last], bound.module[last])
    kind = chains.kind[last]
    names, line = bound.names.take(bound.name[rows]), lines[bound.statement[rows]]
    import_path = _join(module_names.take(module), names, ".")
    places = join_bindings(import_path, sources.take(module + 1), pa.array(line))
    route = routes.find_many(module, names, np.where(is_import, NOWHERE, home))
    makers = pa.array(chains.makers, tables.TEXT)
    nothing = makers.take(pa.array(np.zeros(len(rows), np.int64)))
    columns = (
        import_path, _encode(module, module_names), names, _encode(module + 1, sources), line,
        _name_ends(spaces, bound, chains, last, module_names), _encode(home + 1, sources),
        np.where(is_import, 0, lines[bound.statement[last]]), _encode(kind, pa.array(tables.VALUE_KINDS)),
        makers.take(pa.array(chains.maker[last])),
        _encode(route, pa.array(tables.ROUTES)), _chain(chains.step, rows, places), np.ones(len(rows), np.int32),
        _encode(np.where(kind == _RESULT, _CONDITIONAL, _CERTAIN), pa.array(tables.PATH_CERTAINTIES)), nothing,
        *_count(bound, usage, rows),
    )  # fmt: skip
    schema = pa.schema(list(tables.PATHS.schema)[:-1])
    arrays = [pa.array(column).cast(wanted.type) for column, wanted in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _join(first: pa.Array, second: pa.Array, separator: str) -> pa.Array:
    return pc.binary_join_element_wise(first, second, separator)


def _encode(codes: Numbers, values: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(codes.astype(np.int32), values)


def _name_ends(
    spaces: Namespaces, bound: BindingColumns, chains: ImportChains, last: Numbers, module_names: pa.Array
) -> pa.Array:
    """Return the definition of each name: ``pkg.mod:Qual``, a module, or a name outside the tree."""
    qualnames = spaces.bindings.column("value").take(pa.array(bound.statement[last])).combine_chunks()
    is_qualified = pa.array(np.isin(bound.kind[last], QUALIFIED))
    inner = pc.if_else(is_qualified, qualnames, bound.names.take(bound.name[last]))
    own = _join(module_names.take(bound.module[last]), inner, ":")
    place = np.arange(len(last))
    module, outside = chains.module[last], chains.outside[last]
    place[module >= 0] = len(last) + module[module >= 0]
    place[outside >= 0] = len(last) + len(module_names) + outside[outside >= 0]
    return pa.concat_arrays([own, module_names, pa.array(chains.texts, tables.TEXT)]).take(pa.array(place))


def _chain(step: Numbers, rows: Numbers, places: pa.Array) -> pa.ListArray:
    """Return the places on the chain of each name."""
    index = np.zeros(len(step), np.int64)
    index[rows] = np.arange(len(rows))
    starts, steps = [np.arange(len(rows))], [rows]
    while len(steps[-1]):
        following = step[steps[-1]]
        starts.append(starts[-1][following >= 0])
        steps.append(following[following >= 0])
    start = np.concatenate(starts)
    order = np.argsort(start, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(start, minlength=len(rows)))]).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, places.take(pa.array(index[np.concatenate(steps)[order]])))


def _count(bound: BindingColumns, usage: Usage, rows: Numbers) -> tuple[Numbers, Numbers]:
    """Return how many statements take each name, and in how many files."""
    taken = [
        (module * bound.width + bound.codes[name], place)
        for place, (module, name) in enumerate(usage.rows)
        if name in bound.codes
    ]
    keys, places = np.array(taken, np.int64).reshape(-1, 2).T
    row = bound.find(keys)
    found = np.zeros((2, len(bound.key)), np.int64)
    found[:, row[row >= 0]] = np.array(usage.counts, np.int64).reshape(-1, 2).T[:, places[row >= 0]]
    return found[0, rows], found[1, rows]
