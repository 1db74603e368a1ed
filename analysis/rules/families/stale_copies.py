"""Names that other modules copied with ``from m import name`` before a function binds them anew."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.source_tree import read_if_any
from analysis.facts.test_files import is_test_file
from analysis.rules.called_on_import import find_called, find_called_through
from analysis.rules.context import RuleContext
from analysis.rules.eager_reads import find_eager_reads
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import STATE, PlanStep
from analysis.rules.root_causes import SHARED_STATE
from analysis.rules.rule import Rule
from analysis.wording import choose_form, format_count, format_some

#: A module and a name in it.
_Name = tuple[str, str]
#: Function, path and line of the statements that bind a name anew.
Rebinding = list[tuple[str, str, int]]
_EAGER = frozenset({"module", "class"})


def _check_copies(case: RuleContext) -> Iterator[Finding]:
    rule = "stale-global-copy"
    rebound = _find_rebound(case)
    copies = _find_copies(case, set(rebound)) if rebound else {}
    if not copies:
        return
    called = _find_called(case, rebound, copies)
    for name, found in sorted(copies.items()):
        functions = [each for each in rebound[name] if each[0].rpartition(".")[2] not in called]
        if not functions or len(functions) < len(rebound[name]):
            continue  # it runs while modules are imported: the copies may be right
        module, variable = name
        names = sorted({function for function, _, _ in functions})
        importers = sorted({importer for importer, _ in found})
        _, path, line = functions[0]
        copied_path, copied_line = found[0][1]
        binds, keeps = choose_form(len(names), "binds", "bind"), choose_form(len(importers), "keeps", "keep")
        imports, copy = format_count(len(found), "statement"), choose_form(len(found), "copies", "copy")
        message = (
            f"{format_some(names)} {binds} {module}.{variable} anew ({path}:{line}), but {format_some(importers)} "
            f"{keeps} the old value: {imports} {copy} it on import ({copied_path}:{copied_line})"
        )
        places = [place for _, place in found] + [(path, line) for _, path, line in functions]
        yield build_finding(rule, "P2", f"{module}.{variable}", message, places)


def _find_rebound(case: RuleContext) -> dict[_Name, Rebinding]:
    """Return function, path and line of the statements by which functions bind names of their modules anew."""
    bindings = case.facts.bindings
    found: dict[_Name, Rebinding] = defaultdict(list)
    columns = ("path", "line", "name", "kind", "owner")
    rows = tables.read_rows(bindings.filter(pc.not_equal(bindings["owner"], "")), *columns)
    for path, line, name, kind, owner in rows:
        if path in case.homes and not is_test_file(path) and kind not in {"delete", "star", "declaration"}:
            found[case.homes[path], name].append((owner, path, line))
    modules = frozenset(case.homes.values())
    for store in case.stores:
        module, _, name = store.holder.rpartition(".")
        is_name = store.way == "attribute" and not store.is_class and not store.part and module in modules
        if is_name and not store.is_test:
            found[module, name].append((store.owner, store.path, store.line))
    return found


def _find_copies(case: RuleContext, rebound: set[_Name]) -> dict[_Name, list[tuple[str, Place]]]:
    """Return importer and place of the copies of each name, those of copies too: they are made on import."""
    edges = case.graph.edges
    edges = edges.filter(pc.is_in(edges["kind"].cast(pa.string()), pa.array(["from", "star"])))
    columns = ("imported", "name", "importer", "bound_as", "path", "line", "scope", "is_ancestor", "liveness")
    taken: dict[_Name, list[tuple[_Name, Place]]] = defaultdict(list)
    for imported, name, importer, bound_as, path, line, scope, is_ancestor, liveness in tables.read_rows(
        edges, *columns
    ):
        is_copy = scope in _EAGER and not is_ancestor and liveness != "never" and importer != imported
        if is_copy and not is_test_file(path):
            taken[imported, name].append(((importer, bound_as or name), (path, line)))
    for copied, copy in (*_find_aliases(case, {name for _, name in rebound}), *find_eager_reads(case, rebound)):
        taken[copied].append(copy)
    stars = _Stars(case)
    found: dict[_Name, list[tuple[str, Place]]] = {}
    for name in sorted(rebound):
        waiting, seen = [name], {name}
        for asked in waiting:
            by_star = taken.get((asked[0], "*"), ()) if stars.are_offering(*asked) else ()
            for taker, place in (*taken.get(asked, ()), *(((one[0], asked[1]), place) for one, place in by_star)):
                if taker in rebound:
                    continue  # it is bound anew, too
                is_new = (taker[0], place) not in found.get(name, ())
                if is_new and (place not in (each for _, each in by_star) or stars.is_used(place[0], asked[1])):
                    found.setdefault(name, []).append((taker[0], place))
                if taker not in seen and taker not in rebound:
                    seen.add(taker)
                    waiting.append(taker)
    return found


class _Stars:
    """Answers which names ``from m import *`` copies, and whether the file that takes them uses one."""

    def __init__(self, case: RuleContext) -> None:
        self._tree = case.facts.tree
        self._texts: dict[str, bytes] = {}
        self._listed: dict[str, set[str]] = defaultdict(set)
        self._open: set[str] = set()
        for path, name, operation in tables.read_rows(case.facts.exports, "path", "name", "operation"):
            module = case.homes.get(path, "")
            self._listed[module].add(name)
            if operation == "unknown" or ":" in name:
                self._open.add(module)

    def are_offering(self, module: str, name: str) -> bool:
        """Return whether a star import of a module takes a name; only what is certain."""
        if module in self._listed:
            return name in self._listed[module] and module not in self._open
        return not name.startswith("_")

    def is_used(self, path: str, name: str) -> bool:
        """Return whether the text of a file has a name in it."""
        if path not in self._texts:
            self._texts[path] = read_if_any(self._tree, path)
        return re.search(rb"\b%s\b" % re.escape(name.encode()), self._texts[path]) is not None


def _find_aliases(case: RuleContext, names: set[str]) -> Iterator[tuple[_Name, tuple[_Name, Place]]]:
    """Yield what ``X = module.name`` copies at the top of a module, and the copy."""
    bindings = case.facts.bindings
    is_alias = pc.and_(pc.equal(bindings["kind"].cast(pa.string()), "alias"), pc.equal(bindings["owner"], ""))
    columns = ("path", "line", "name", "value")
    rows = [
        (path, line, name, value.rpartition(".")[::2])
        for path, line, name, value in tables.read_rows(bindings.filter(is_alias), *columns)
        if value.rpartition(".")[2] in names and "." in value and path in case.homes and not is_test_file(path)
    ]
    if not rows:
        return
    meanings = case.meanings.find_meanings({(case.homes[path], owner) for path, _, _, (owner, _) in rows})
    for path, line, name, (owner, copied) in rows:
        meaning = meanings.get((case.homes[path], owner))
        if meaning is not None and meaning.kind == "module":
            yield (meaning.definition, copied), ((case.homes[path], name), (path, line))


def _find_called(case: RuleContext, rebound: Mapping[_Name, Rebinding], copies: Iterable[_Name]) -> set[str]:
    """Return the last names of the functions that bind copied names anew and run on import, by whomever."""
    functions = {function.rpartition(".")[2] for name in copies for function, _, _ in rebound[name]}
    called = find_called(case, functions)
    rest = functions - called
    if not rest:
        return called
    edges = case.graph.edges
    own = {path for name in copies for _, path, _ in rebound[name]}
    is_near = pc.is_in(edges["imported"].cast(pa.string()), pa.array(sorted({module for module, _ in copies})))
    near = {path for (path,) in tables.read_rows(edges.filter(is_near), "path") if not is_test_file(path)}
    return called | find_called_through(case, rest, [*sorted(own), *sorted(near - own)])


RULES = (
    Rule(
        "stale-global-copy", "P2",
        "`from m import name` copies the value that the name has at that moment. When a function binds the name of the "
        "module anew, the copies keep the old value, often None.",
        "Import the module and read `m.name` where it is used, or offer a function that returns the current value.",
        _check_copies,
        bad={
            "a.py": "STORE = None\n\ndef start():\n    global STORE\n    STORE = dict()\n",
            "b.py": "from a import STORE\n\ndef read(key):\n    return STORE[key]\n",
        },
        good={
            "a.py": "STORE = None\n\ndef start():\n    global STORE\n    STORE = dict()\n",
            "b.py": "import a\n\ndef read(key):\n    from a import STORE\n    return STORE[key], a.STORE\n",
        },
        is_joint=True,
        step=PlanStep(STATE, 65, "Read names that change through their module", minutes=15), cause=SHARED_STATE,
    ),
)  # fmt: skip
