"""The classes of a concept beside one another: who extends whom, who wraps whom, who has which method."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.names.concepts import Concept, Member
from analysis.names.inheritance import read_inheritance
from analysis.tables.frames import build_frame

MEMBER_COLUMNS = (
    "concept", "definition", "name", "role", "extends", "wraps", "delegates", "methods", "lines", "statements", "files",
    "place",
)  # fmt: skip

if TYPE_CHECKING:
    import pandas as pd
USER_COLUMNS = ("definition", "importer", "path", "line", "import_path", "route", "scope")
#: A class is a wrapper when so many of its methods, and at least this share, only call one attribute.
_FEWEST_DELEGATES = 2
_DELEGATE_SHARE = 0.5

#: File and qualified name of a class.
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A class whose methods only call those of one attribute; an adapter gives them other names."""

    attribute: str
    calls: tuple[str, ...]
    is_adapter: bool


def find_wrappers(methods: pa.Table) -> dict[Place, Wrapper]:
    """Return the classes that delegate at least half of their public methods, two or more, to one attribute."""
    public = Counter[Place]()
    delegated: dict[Place, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for path, owner, name, delegate in tables.read_rows(methods, "path", "owner", "name", "delegate"):
        public[path, owner] += not name.startswith("_")
        if delegate and not name.startswith("_"):
            attribute, _, called = delegate.partition(".")
            delegated[path, owner][attribute].append((name, called))
    found = {}
    for place, attributes in delegated.items():
        attribute, calls = max(attributes.items(), key=lambda item: (len(item[1]), item[0]))
        if len(calls) >= max(_FEWEST_DELEGATES, _DELEGATE_SHARE * public[place]):
            renamed = sum(name != called for name, called in calls)
            called = tuple(sorted({called for _, called in calls}))
            found[place] = Wrapper(attribute, called, 2 * renamed > len(calls))
    return found


def build_members_frame(
    concepts: Iterable[Concept], definitions: pa.Table, methods: pa.Table, bases: pa.Table, paths: pa.Table
) -> pd.DataFrame:
    """Return one row per class of each concept.

    Columns: concept, definition, name, role (``implementation`` counts; ``abstract``, ``protocol``, ``fallback``
    and ``allowed`` do not), extends (other members that it extends, directly or not), wraps (members that have
    every method that it delegates; else the attribute), delegates (``wrapper``, ``adapter`` or empty), methods
    and lines (their numbers), statements and files (that import it), place (``path:line``).
    """
    wrappers = find_wrappers(methods)
    sizes = _read_sizes(definitions)
    inheritance = read_inheritance(bases)
    use = _count_use(paths)
    rows = []
    for concept in concepts:
        family = {member.definition for member in concept.members}
        places = {member.definition: _find_place(member) for member in concept.members}
        known = {definition: sizes.get(place, ((), 0))[0] for definition, place in places.items()}
        for member in concept.members:
            names, lines = sizes.get(places[member.definition], ((), 0))
            wrapper = wrappers.get(places[member.definition])
            rows.append(
                (concept.name, member.definition, member.name, member.role,
                 sorted(inheritance.find_ancestors(member.definition) & family),
                 _find_wrapped(member.definition, wrapper, known), _name_wrapper(wrapper), len(names), lines,
                 *use.get(member.definition, (0, 0)), f"{member.path}:{member.line}")
            )  # fmt: skip
    return build_frame(rows, MEMBER_COLUMNS)


def build_methods_frame(members: Iterable[Member], methods: pa.Table) -> pd.DataFrame:
    """Return the methods of some classes side by side: what each has and lacks.

    One row per method name (the index), one column per definition: its parameters as text, ``async`` before
    those of coroutines, empty where the class does not define the method itself. The methods that most
    have come first, then by name.
    """
    chosen = list(members)
    wanted = {_find_place(member): member.definition for member in chosen}
    cells: dict[str, dict[str, str]] = defaultdict(dict)
    for path, owner, name, parameters, is_async in tables.read_rows(
        methods, "path", "owner", "name", "parameters", "is_async"
    ):
        definition = wanted.get((path, owner))
        if definition is not None:
            cells[name][definition] = f"{'async ' if is_async else ''}({', '.join(parameters)})"
    order = sorted(cells, key=lambda name: (-len(cells[name]), name))
    definitions = [member.definition for member in chosen]
    rows = [[cells[name].get(definition, "") for definition in definitions] for name in order]
    return build_frame(rows, definitions).set_axis(order).rename_axis("method")


def build_users_frame(definitions: Iterable[str], paths: pa.Table, edges: pa.Table) -> pd.DataFrame:
    """Return who imports some classes: one row per import statement and class, sorted by definition and place.

    Columns: definition, importer, path, line, import_path (that the statement takes), route, scope.
    """
    wanted = pa.array(sorted(set(definitions)), type=pa.string())
    known = paths.filter(pc.is_in(paths["definition"], wanted)).select(["import_path", "definition", "route"])
    taken = edges.filter(pc.and_(pc.invert(edges["is_ancestor"]), pc.not_equal(edges["name"], "")))
    frame = taken.select(["importer", "imported", "path", "line", "name", "scope"]).to_pandas()
    frame["import_path"] = frame["imported"].astype(str) + "." + frame["name"].astype(str)
    users = frame.merge(known.to_pandas(), on="import_path", how="inner")
    for column in ("scope", "route"):
        users[column] = users[column].astype(str)
    users = users.sort_values(["definition", "path", "line", "import_path", "importer"], ignore_index=True)
    answer: pd.DataFrame = users[list(USER_COLUMNS)]
    return answer


def _find_place(member: Member) -> Place:
    return member.path, member.definition.partition(":")[2]


def _read_sizes(definitions: pa.Table) -> dict[Place, tuple[tuple[str, ...], int]]:
    """Return the names of the methods and the number of lines of each class."""
    columns = ("path", "qualname", "methods", "line", "end_line")
    rows = tables.read_rows(definitions, *columns)
    return {(path, qualname): (tuple(names), end - line + 1) for path, qualname, names, line, end in rows}


def _count_use(paths: pa.Table) -> dict[str, tuple[int, int]]:
    """Return statements and files (of every path together) by definition."""
    found: dict[str, tuple[int, int]] = {}
    for definition, statements, files in tables.read_rows(paths, "definition", "statements", "files"):
        before = found.get(definition, (0, 0))
        found[definition] = (before[0] + statements, before[1] + files)
    return found


def _find_wrapped(definition: str, wrapper: Wrapper | None, known: Mapping[str, tuple[str, ...]]) -> str:
    if wrapper is None:
        return ""
    fits = [other for other, names in known.items() if other != definition and set(wrapper.calls) <= set(names)]
    return ", ".join(sorted(fits)) or f"self.{wrapper.attribute}"


def _name_wrapper(wrapper: Wrapper | None) -> str:
    return "" if wrapper is None else "adapter" if wrapper.is_adapter else "wrapper"
