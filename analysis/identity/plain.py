"""Names that one statement surely binds, answered all at once, as columns.

Nine names of ten are of this kind: a class, a function, a value, or an import that leads to such a name. Whole
columns are looked up for them; the ``Resolver``, which knows all of Python's rules, answers the rest, one question
after the other. Both give the same rows: the tests hold them against each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.identity.meaning import KEPT
from analysis.identity.module_index import Module
from analysis.identity.namespace import Namespaces
from analysis.identity.resolve import Resolver
from analysis.identity.routes import Routes
from analysis.identity.usage import Usage
from analysis.identity.values import ALWAYS

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_NOWHERE, _UNKNOWN, _OUTSIDE = -1, -2, -3
#: What a statement of each kind makes of its name; an import passes on what it takes.
_MADE = {"import": "module", "class": "class", "function": "function", "constant": "constant"}
_MADE |= {kind: KEPT[kind] for kind in ("expression", "unpacked", "target")}
_MADE["instance"] = "instance"
_IMPORT, _CALL = list(_MADE).index("import"), list(_MADE).index("instance")
_QUALIFIED = tuple(list(_MADE).index(kind) for kind in ("class", "function"))
_KINDS = np.array([tables.VALUE_KINDS.index(made) for made in _MADE.values()], np.int8)
_EXTERNAL, _RESULT = tables.VALUE_KINDS.index("external"), tables.VALUE_KINDS.index("result")
_CERTAIN, _CONDITIONAL = (tables.PATH_CERTAINTIES.index(word) for word in ("certain", "conditional"))
#: Longer chains are followed one question after the other.
_MOST_HOPS = 25


@dataclass(frozen=True, slots=True)
class PlainNames:
    """``table``: the rows of ``tables.PATHS`` without the last column, of the names that are answered.

    ``others`` are the bound names that are not answered, by module number; ``answered`` those that are, of modules
    that get names in other ways than by their own statements, too.
    """

    table: pa.Table
    others: Mapping[int, set[str]]
    answered: Mapping[int, set[str]]


@dataclass(frozen=True, slots=True)
class _Bound:
    """The names of modules, a row for each, ascending by ``key``: module number times ``width`` plus code of the name.

    ``statement`` is the first that binds the name, ``is_single`` whether it is the only one, ``kind`` a position in
    ``_MADE`` or -1.
    """

    key: Numbers
    width: int
    names: pa.Array
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
        return np.where(self.key[place] == keys, place, _NOWHERE) if len(self.key) else keys


@dataclass(frozen=True, slots=True)
class _Way:
    """Where each row of ``_Bound`` leads to.

    ``step`` is the row of the next name on the way, ``end`` that of the last one, -1 where the way takes more than a
    look. Of an import that is an end, ``module`` is the number of the module that it takes, or -1 for what lies
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


def find_plain(spaces: Namespaces, resolver: Resolver, routes: Routes, usage: Usage) -> PlainNames:
    """Answer the names that need no more than a look; linear in the number of statements."""
    bound = _read_bound(spaces)
    way = _find_way(spaces, resolver, bound, _find_simple(spaces, resolver, bound))
    table = _build(spaces, routes, bound, way, usage)
    hidden = pc.and_(pc.starts_with(table["name"], "__"), pc.ends_with(table["name"], "__"))
    gets_others = np.array([bool(resolver.find_unbound(module)) for module in spaces.index.modules], bool)
    others = _group(bound, np.flatnonzero(way.end < 0))
    answered = _group(bound, np.flatnonzero((way.end >= 0) & gets_others[bound.module]))
    return PlainNames(table.filter(pc.invert(hidden)), others, answered)


def _group(bound: _Bound, rows: Numbers) -> dict[int, set[str]]:
    """Return some names by the number of their module."""
    found: dict[int, set[str]] = defaultdict(set)
    for module, name in zip(bound.module[rows].tolist(), bound.names.take(bound.name[rows]).to_pylist(), strict=True):
        found[module].add(name)
    return found


def _read_bound(spaces: Namespaces) -> _Bound:
    numbers = {module.source: module.number for module in spaces.index.modules if module.source}
    files, paths = tables.read_codes(spaces.bindings, "path")
    names, texts = tables.read_codes(spaces.bindings, "name")
    kinds, words = tables.read_codes(spaces.bindings, "kind")
    module = _look_up([numbers.get(path, _NOWHERE) for path in paths], files)
    rows, width = np.flatnonzero(module >= 0), max(1, len(texts))
    key, first, count = np.unique(module[rows] * width + names[rows], return_index=True, return_counts=True)
    places = {kind: place for place, kind in enumerate(_MADE)}
    kind = _look_up([places.get(word, _NOWHERE) for word in words], kinds[rows[first]])
    return _Bound(key, width, pa.array(texts, tables.TEXT), rows[first], count == 1, kind)


def _look_up(values: list[int], codes: Numbers) -> Numbers:
    """Return the value of each code."""
    return np.array(values, np.int64)[codes] if values else codes


def _find_simple(spaces: Namespaces, resolver: Resolver, bound: _Bound) -> Flags:
    """Return which names one statement binds for sure, and nothing else can."""
    codes = {name: code for code, name in enumerate(bound.names.to_pylist())}
    children = [
        package.number * bound.width + codes[name] for package, name, _ in spaces.index.list_children() if name in codes
    ]
    given = [number * bound.width + codes[name] for number, name in resolver.list_given() if name in codes]
    has_stars = np.array([resolver.has_stars(module) for module in spaces.index.modules], bool)
    is_moved = has_stars[bound.module] | np.isin(bound.key, np.array([*children, *given], np.int64))
    level = np.array(spaces.rows.level, np.int64)[bound.statement]
    is_sure = bound.is_single & (level == ALWAYS) & (bound.kind >= 0)
    is_none = (bound.kind == list(_MADE).index("constant")) & _is_none(spaces, bound)
    return is_sure & ~is_moved & ~is_none


def _is_none(spaces: Namespaces, bound: _Bound) -> Flags:
    value = spaces.bindings.column("value").take(pa.array(bound.statement))
    return np.asarray(pc.equal(value, "None").to_numpy())


def _find_way(spaces: Namespaces, resolver: Resolver, bound: _Bound, is_simple: Flags) -> _Way:
    is_import = is_simple & (bound.kind == _IMPORT)
    module, key, outside = np.full((3, len(bound.key)), _NOWHERE, np.int64)
    rows = np.flatnonzero(is_import)
    taken, texts = _read_imports(spaces, resolver, bound, rows)
    module[rows], key[rows], outside[rows] = taken
    _take_submodules(spaces, resolver, bound, module, key)
    kind = np.where(is_import & (outside >= 0), _EXTERNAL, _KINDS[bound.kind])
    maker, makers = np.zeros(len(bound.key), np.int64), [""]
    is_made = np.zeros(len(bound.key), bool)
    for row, made, made_by in _ask_calls(spaces, resolver, bound, np.flatnonzero(is_simple & (bound.kind == _CALL))):
        is_made[row], kind[row], maker[row] = True, tables.VALUE_KINDS.index(made), len(makers)
        makers.append(made_by)
    is_own = ~is_import & ((bound.kind != _CALL) | is_made)
    ends = is_simple & (is_own | (module >= 0) | (outside >= 0))
    step = bound.find(key)
    step[(key < 0) | (key // bound.width == bound.module)] = _NOWHERE
    return _Way(step, _follow(step, ends), module, outside, texts, kind, maker, makers)


def _take_submodules(
    spaces: Namespaces, resolver: Resolver, bound: _Bound, module: Numbers, key: Numbers
) -> None:
    """Let imports of names that are nothing but submodules take these modules."""
    codes = {name: code for code, name in enumerate(bound.names.to_pylist())}
    children = {
        package.number * bound.width + codes[name]: child.number
        for package, name, child in spaces.index.list_children()
        if name in codes and not resolver.has_stars(package)
    }
    for number, name in resolver.list_given():
        children.pop(number * bound.width + codes[name] if name in codes else _NOWHERE, None)
    numbers = np.array(sorted(children), np.int64)
    rows = np.flatnonzero(np.isin(key, numbers[bound.find(numbers) < 0]))
    module[rows] = [children[number] for number in key[rows].tolist()]
    key[rows] = _NOWHERE


def _ask_calls(
    spaces: Namespaces, resolver: Resolver, bound: _Bound, rows: Numbers
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


def _read_imports(spaces: Namespaces, resolver: Resolver, bound: _Bound, rows: Numbers) -> tuple[Numbers, list[str]]:
    """Return what import statements take, each module looked up once in each folder.

    Three numbers each, -1 where it is something else: the module; the key of the name in another module; the
    position in the texts of what lies outside the tree.
    """
    values, texts = tables.read_codes(spaces.bindings.select(["value"]).take(pa.array(bound.statement[rows])), "value")
    parts = [text.partition(":") for text in texts]
    codes = {name: code for code, name in enumerate(bound.names.to_pylist())}
    bases = {base: code for code, base in enumerate(dict.fromkeys(base for base, _, _ in parts))}
    base = _look_up([bases[base] for base, _, _ in parts], values)
    name = _look_up([codes.get(name, _UNKNOWN) if mark else _NOWHERE for _, mark, name in parts], values)
    modules = spaces.index.modules
    seats: dict[tuple[str, str, str], int] = {}
    seat = [seats.setdefault((module.package, module.folder, module.root), len(seats)) for module in modules]
    wording = _look_up(seat, bound.module[rows]) * max(1, len(bases)) + base
    _, first, which = np.unique(wording, return_index=True, return_inverse=True)
    targets, absolutes = [], []
    for number, part in zip(bound.module[rows[first]].tolist(), values[first].tolist(), strict=True):
        absolute, _, taken = resolver.meaning.parse(modules[number], parts[part][0])
        outside = taken is None and _is_external(resolver, modules[number], absolute, parts[part][0])
        targets.append(taken.number if taken is not None else _OUTSIDE if outside else _NOWHERE)
        absolutes.append(absolute)
    target = _look_up(targets, which)
    found = np.full((3, len(rows)), _NOWHERE, np.int64)
    is_module = (target >= 0) & (name == _NOWHERE)
    found[0, is_module] = target[is_module]
    is_name = (target >= 0) & (name >= 0)
    found[1, is_name] = target[is_name] * bound.width + name[is_name]
    outside = np.flatnonzero(target == _OUTSIDE)
    _, first, place = np.unique(which[outside] * max(1, len(texts)) + values[outside], return_index=True, return_inverse=True)
    found[2, outside] = place
    named = zip(which[outside[first]].tolist(), values[outside[first]].tolist(), strict=True)
    return found, [f"{absolutes[where]}{parts[part][1]}{parts[part][2]}" for where, part in named]


def _is_external(resolver: Resolver, module: Module, absolute: str, written: str) -> bool:
    return resolver.meaning.find_external(module, absolute, "", written).kind == "external"


def _follow(step: Numbers, ends: Flags) -> Numbers:
    """Return the row at the end of each way."""
    end = np.where(ends, np.arange(len(step)), _NOWHERE)
    waiting = np.flatnonzero(step >= 0)
    place = step[waiting]
    for _ in range(_MOST_HOPS):
        end[waiting] = np.where(ends[place], place, _NOWHERE)
        goes_on = step[place] >= 0
        waiting, place = waiting[goes_on], step[place[goes_on]]
    end[waiting] = _NOWHERE
    return end


def _build(spaces: Namespaces, routes: Routes, bound: _Bound, way: _Way, usage: Usage) -> pa.Table:
    """Return the columns of ``tables.PATHS`` but the last, for the names whose end is known."""
    rows = np.flatnonzero(way.end >= 0)
    last, module = way.end[rows], bound.module[rows]
    modules, lines = spaces.index.modules, tables.read_numbers(spaces.bindings, "line")
    module_names = pa.array([each.name for each in modules], tables.TEXT)
    sources = pa.array(["", *(each.source for each in modules)], tables.TEXT)
    is_import = bound.kind[last] == _IMPORT
    home = np.where(is_import, way.module[last], bound.module[last])
    kind = way.kind[last]
    names, line = bound.names.take(bound.name[rows]), lines[bound.statement[rows]]
    import_path = _join(module_names.take(module), names, ".")
    places = _join(_join(import_path, sources.take(module + 1), " "), pa.array(line).cast(tables.TEXT), ":")
    route = routes.find_many(module, names, np.where(is_import, _NOWHERE, home))
    makers = pa.array(way.makers, tables.TEXT)
    nothing = makers.take(pa.array(np.zeros(len(rows), np.int64)))
    columns = (
        import_path, _encode(module, module_names), names, _encode(module + 1, sources), line,
        _name_ends(spaces, bound, way, last, module_names), _encode(home + 1, sources),
        np.where(is_import, 0, lines[bound.statement[last]]), _encode(kind, pa.array(tables.VALUE_KINDS)),
        makers.take(pa.array(way.maker[last])),
        _encode(route, pa.array(tables.ROUTES)), _chain(way.step, rows, places), np.ones(len(rows), np.int32),
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


def _name_ends(spaces: Namespaces, bound: _Bound, way: _Way, last: Numbers, module_names: pa.Array) -> pa.Array:
    """Return the definition of each name: ``pkg.mod:Qual``, a module, or a name outside the tree."""
    qualnames = spaces.bindings.column("value").take(pa.array(bound.statement[last])).combine_chunks()
    is_qualified = pa.array(np.isin(bound.kind[last], _QUALIFIED))
    inner = pc.if_else(is_qualified, qualnames, bound.names.take(bound.name[last]))
    own = _join(module_names.take(bound.module[last]), inner, ":")
    place = np.arange(len(last))
    module, outside = way.module[last], way.outside[last]
    place[module >= 0] = len(last) + module[module >= 0]
    place[outside >= 0] = len(last) + len(module_names) + outside[outside >= 0]
    return pa.concat_arrays([own, module_names, pa.array(way.texts, tables.TEXT)]).take(pa.array(place))


def _chain(step: Numbers, rows: Numbers, places: pa.Array) -> pa.ListArray:
    """Return the places on the way of each name."""
    index = np.zeros(len(step), np.int64)
    index[rows] = np.arange(len(rows))
    starts, hops = [np.arange(len(rows))], [rows]
    while len(hops[-1]):
        following = step[hops[-1]]
        starts.append(starts[-1][following >= 0])
        hops.append(following[following >= 0])
    start = np.concatenate(starts)
    order = np.argsort(start, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(start, minlength=len(rows)))]).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, places.take(pa.array(index[np.concatenate(hops)[order]])))


def _count(bound: _Bound, usage: Usage, rows: Numbers) -> tuple[Numbers, Numbers]:
    """Return how many statements take each name, and in how many files."""
    codes = {name: code for code, name in enumerate(bound.names.to_pylist())}
    taken = [(module * bound.width + codes[name], place) for place, (module, name) in enumerate(usage.rows) if name in codes]
    keys, places = np.array(taken, np.int64).reshape(-1, 2).T
    row = bound.find(keys)
    found = np.zeros((2, len(bound.key)), np.int64)
    found[:, row[row >= 0]] = np.array(usage.counts, np.int64).reshape(-1, 2).T[:, places[row >= 0]]
    return found[0, rows], found[1, rows]
