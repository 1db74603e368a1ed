"""Who imports whom directly, with the statements: the part of the import graph that a contract is about."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatch
from functools import cached_property, lru_cache

import pyarrow as pa

from analysis import tables
from analysis.contracts.terms import ContractError, Scope
from analysis.facts.test_files import is_test_file

Place = tuple[str, int]
Statements = Mapping[str, Mapping[str, list[tuple[Place, str, str]]]]
_COLUMNS = ("importer", "imported", "path", "line", "kind", "name", "scope", "liveness", "is_ancestor")
_OUTSIDE = ("importer", "package", "path", "line", "name", "scope", "liveness")
_DYNAMIC = frozenset({"dynamic", "recovered"})


class ModuleImports:
    """Direct imports between modules: each with its statements (place, name taken, scope), in order.

    ``names`` are the modules of the tree, ``outside`` the packages that are imported and not in it.
    """

    def __init__(self, names: Iterable[str], statements: Statements, outside: Collection[str] = ()) -> None:
        self.names = tuple(sorted(names))
        self.outside = frozenset(outside)
        self.statements = statements

    def __contains__(self, name: str) -> bool:
        return name in self._known or name in self.outside

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    @cached_property
    def following(self) -> Mapping[str, tuple[str, ...]]:
        """What each module imports, sorted."""
        return {importer: tuple(sorted(found)) for importer, found in self.statements.items()}

    @cached_property
    def importers(self) -> Mapping[str, tuple[str, ...]]:
        """Who imports each module, sorted."""
        found: dict[str, list[str]] = defaultdict(list)
        for importer, imported in self.following.items():
            for name in imported:
                found[name].append(importer)
        return {name: tuple(sorted(each)) for name, each in found.items()}

    def find_below(self, name: str) -> list[str]:
        """Return a module and all below it, sorted; a package outside of the tree alone."""
        found = [name] if name in self else []
        start = bisect_left(self.names, f"{name}.")
        for other in self.names[start:]:
            if not other.startswith(f"{name}."):
                break
            found.append(other)
        return found

    def find_children(self, name: str) -> list[str]:
        """Return the modules right below a package, sorted."""
        depth = name.count(".") + 1
        return [other for other in self.find_below(name) if other.count(".") == depth]

    def match(self, expression: str) -> list[str]:
        """Return the modules that an expression names: ``*`` is one part of a name, ``**`` one or more."""
        if "*" not in expression:
            return [expression]
        pattern = compile_expression(expression)
        return [name for name in (*self.names, *sorted(self.outside)) if pattern.fullmatch(name)]

    def list_places(self, importer: str, imported: str) -> list[Place]:
        """Return where one module imports another."""
        return [place for place, _, _ in self.statements.get(importer, {}).get(imported, ())]

    def leave_out(self, expressions: Iterable[str]) -> tuple[ModuleImports, list[str]]:
        """Return the imports without those that ``importer -> imported`` expressions name; and which name none."""
        dropped: set[tuple[str, str]] = set()
        unmatched = []
        for expression in expressions:
            left, arrow, right = (part.strip() for part in expression.partition("->"))
            if not (left and arrow and right):
                raise ContractError(f"{expression!r} is not of the form importer -> imported")
            found = set(self._find_pairs(left, right))
            dropped |= found
            if not found:
                unmatched.append(expression)
        kept = {
            importer: {imported: rows for imported, rows in found.items() if (importer, imported) not in dropped}
            for importer, found in self.statements.items()
        }
        return ModuleImports(self.names, kept, self.outside), unmatched

    def _find_pairs(self, left: str, right: str) -> Iterator[tuple[str, str]]:
        first, second = compile_expression(left), compile_expression(right)
        for importer, found in self.statements.items():
            if first.fullmatch(importer):
                yield from ((importer, imported) for imported in found if second.fullmatch(imported))

    def find_ways(
        self, starts: Collection[str], stops: Collection[str] = (), *, backwards: bool = False
    ) -> dict[str, str]:  # fmt: skip
        """Return what is reached from some modules, each with the one before it on a shortest way; the starts lead to
        themselves. From a module in ``stops`` nothing goes on.
        """
        following = self.importers if backwards else self.following
        before = {name: name for name in sorted(starts)}
        waiting = deque(before)
        while waiting:
            name = waiting.popleft()
            if name in stops and before[name] != name:
                continue
            for other in following.get(name, ()):
                if other not in before:
                    before[other] = name
                    waiting.append(other)
        return before


@lru_cache(maxsize=1_000)
def compile_expression(expression: str) -> re.Pattern[str]:
    """Return the pattern of a module expression; raises ``ContractError`` for one that is none."""
    parts = expression.split(".")
    if not all(part in {"*", "**"} or ("*" not in part and part) for part in parts):
        raise ContractError(f"{expression!r} is no module expression: a wildcard replaces a whole part of the name")
    words = {"*": r"[^.]+", "**": r"[^.]+(?:\.[^.]+)*"}
    return re.compile(r"\.".join(words.get(part) or re.escape(part) for part in parts))


def collect_imports(edges: pa.Table, externals: pa.Table, modules: Mapping[str, str], scope: Scope) -> ModuleImports:
    """Return the direct imports of which a contract speaks; ``modules`` are the names in the tree with their kinds."""
    chosen = {name for name in modules if _is_chosen(name, modules, scope)}
    found: dict[str, dict[str, list[tuple[Place, str, str]]]] = defaultdict(lambda: defaultdict(list))
    stars: dict[Place, str] = {}
    for importer, imported, path, line, kind, name, where, liveness, is_ancestor in tables.read_rows(edges, *_COLUMNS):
        is_meant = importer in chosen and imported in chosen and not is_ancestor and importer != imported
        if is_meant and (scope.excluded or scope.folders):
            is_meant = lies_within(path, scope)
        if kind == "star" and not scope.dynamic and imported != stars.setdefault((path, line), imported):
            continue  # a submodule that the star takes by __all__
        if is_meant and _counts(scope, path, where, liveness) and (scope.dynamic or kind not in _DYNAMIC):
            found[importer][imported].append(((path, line), name, where))
    outside = set()
    if scope.external:
        for importer, package, path, line, name, where, liveness in tables.read_rows(externals, *_OUTSIDE):
            if importer in chosen and _counts(scope, path, where, liveness):
                found[importer][package].append(((path, line), name, where))
                outside.add(package)
    return ModuleImports(chosen, {name: dict(rows) for name, rows in found.items()}, outside - chosen)


@lru_cache(maxsize=10_000)
def lies_within(path: str, scope: Scope) -> bool:
    """Return whether a file counts by where it lies: in the folders of a scope, and not left out."""
    folders = [folder for folder in scope.folders if not folder or path.startswith(f"{folder}/")]
    if scope.folders and not folders:
        return False
    parts = path.split("/")
    around = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return not any(fnmatch(each, pattern.strip("/")) for pattern in scope.excluded for each in around)


def _counts(scope: Scope, path: str, where: str, liveness: str) -> bool:
    if not scope.dead and liveness == "never":
        return False
    if where == "type_checking":
        return scope.type_checking and (scope.tests or not is_test_file(path))
    return (scope.deferred or where != "function") and (scope.tests or not is_test_file(path))


def _is_chosen(name: str, modules: Mapping[str, str], scope: Scope) -> bool:
    roots = [root for root in scope.roots if name == root or name.startswith(f"{root}.")]
    if scope.roots and not roots:
        return False
    if not scope.plain_packages:
        return True
    if modules[name] not in {"module", "package"}:
        return False
    parts, least = name.split("."), max(roots, key=len).count(".") + 1 if roots else 0
    return all(modules.get(".".join(parts[:length])) == "package" for length in range(least + 1, len(parts)))
