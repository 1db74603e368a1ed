"""Imports of names and modules that are not there, corrected where the tree has one right answer."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis import tables
from analysis.facts.source_tree import SourceTree
from analysis.facts.test_files import is_test_file
from analysis.fixes.findings import OpenFindings, ReadTable, find_open_findings
from analysis.fixes.moved_imports import Move, find_taken_module, move_names, write_module
from analysis.fixes.names_in_tree import NamesInTree
from analysis.fixes.offers import Edit, Offer, Refusal
from analysis.fixes.source_text import UnplacedError, read_source
from analysis.fixes.statements import Statement, find_imports
from analysis.names.phantom_names import find_homes
from analysis.wording import choose_form, format_count, format_some

KIND = "missing-names"
_NO_NAME, _NO_MODULE = "no-such-name", "no-such-module"
_RULES = {"phantom_names": "phantom-name", "phantoms": "phantom-import"}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Answer:
    """Where a missing name is: ``module`` and ``name`` are empty where the tree does not say, for the ``reason``."""

    module: str
    name: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Correction:
    row: Row
    statement: Statement
    move: Move
    home: str


def find_missing_names(read_table: ReadTable, tree: SourceTree) -> Iterator[Offer | Refusal]:
    """Yield an offer for each module from which something is imported that is elsewhere, and what is refused.

    A name is elsewhere where the tree has one class or function of that name, or one module, and something else speaks
    for it: the same package for a class, an import that takes it from there, or its place below the module asked.
    """
    rows = [{**row, "table": name} for name in _RULES for row in read_table(name).to_pylist()]
    if not rows:
        return
    found = list(_Finder(read_table, rows).find(tree))
    refused = [each for each in found if isinstance(each, Refusal)]
    kept_back = {each.subject for each in refused}
    groups: dict[str, list[_Correction]] = defaultdict(list)
    for each in found:
        if isinstance(each, _Correction):
            groups[each.row["module"]].append(each)
    findings = {name: find_open_findings(read_table, rule) for name, rule in _RULES.items()}
    for module, group in sorted(groups.items()):
        try:
            yield _build_offer(module, group, findings, kept_back)
        except UnplacedError as error:
            refused.append(_refuse(group[0].row, str(error)))
    yield from sorted(refused, key=lambda each: (each.path, each.line, each.subject))


class _Finder:
    def __init__(self, read_table: ReadTable, rows: Sequence[Row]) -> None:
        self._names, self._rows = NamesInTree(read_table), rows
        self._findings = {name: find_open_findings(read_table, rule) for name, rule in _RULES.items()}
        wanted = {row["name"] for row in rows if row["name"]}
        paths = self._names.choose_paths_named(wanted)
        self._homes = find_homes(paths, wanted)
        columns = ("import_path", "definition", "statements")
        known = list(tables.read_rows(paths, *columns))
        self._definitions: dict[str, str] = {path: definition for path, definition, _ in known}
        self._taken = {path for path, _, statements in known if statements}
        pairs = tables.read_rows(read_table("edges"), "importer", "imported")
        self._edges = frozenset(pairs)

    def find(self, tree: SourceTree) -> Iterator[_Correction | Refusal]:
        """Yield what each row should be, or why it is left alone."""
        by_path: dict[str, list[Row]] = defaultdict(list)
        for row in self._rows:
            by_path[row["path"]].append(row)
        for path, rows in sorted(by_path.items()):
            judged = _join([(row, self._answer(row)) for row in rows if row["liveness"] != "never"])
            yield from (_refuse(row, answer.reason) for row, answer in judged if answer.reason)
            wanted = [(row, answer) for row, answer in judged if not answer.reason]
            if wanted:
                yield from self._correct(tree, path, wanted)

    def _correct(
        self, tree: SourceTree, path: str, wanted: Sequence[tuple[Row, _Answer]]
    ) -> Iterator[_Correction | Refusal]:
        try:
            statements = find_imports(read_source(tree, path))
        except UnplacedError as error:
            yield from (_refuse(row, str(error)) for row, _ in wanted)
            return
        package = self._names.packages.get(path, "")
        for row, answer in wanted:
            found = _find_statement(row, statements, package)
            if found is None:
                yield _refuse(row, "the statement that takes it is not a from-import that names its module")
                continue
            statement, alias = found
            level = statement.node.level if isinstance(statement.node, ast.ImportFrom) else 0
            move = Move(alias, write_module(package, level, answer.module), answer.name)
            yield _Correction(row, statement, move, answer.module)

    def _answer(self, row: Row) -> _Answer:
        accepted = self._findings[row["table"]].find_acceptance(_find_subject(row), row["path"], row["line"])
        if accepted:
            return _Answer("", "", f"it is accepted: {accepted}")
        if row["reason"] not in {_NO_NAME, _NO_MODULE}:
            return _Answer("", "", f"it may be there in another way ({row['reason'].replace('-', ' ')})")
        if not row["name"] or row["name"] == "*":
            return _Answer("", "", "the statement does not say which names it needs")
        answer = self._find_module(row) if row["reason"] == _NO_MODULE else self._find_home(row)
        if answer.reason and row["reason"] == _NO_MODULE:
            home = self._find_home(row)
            answer = answer if home.reason else home
        if answer.module == row["importer"] and answer.module:
            return _Answer("", "", f"{answer.module} cannot import from itself")
        return answer

    def _find_module(self, row: Row) -> _Answer:
        """Return the module that is meant by one that is not there: called alike, with all that is taken from it."""
        parent, _, last = row["module"].rpartition(".")
        near = [row["nearest"]] if row["nearest"].rpartition(".")[0] == parent else []
        candidates = {*near, *self._names.by_last_part.get(last, ())} & self._names.kinds.keys()
        candidates = set(self._leave_tests(row, sorted(candidates)))
        together = {each["name"] for each in self._rows if _is_together(each, row)}
        same = {each for each in candidates if _is_same_package(each, row["module"])}
        having = sorted(
            each for each in same if self._names.find_bound(wanted := {f"{each}.{name}" for name in together}) == wanted
        )
        if len(having) == 1:
            return _Answer(having[0], row["name"])
        if having:
            return _Answer("", "", f"several modules may be meant: {format_some(having)}")
        return _Answer("", "", f"no module of the tree is called alike and has {format_some(sorted(together))}")

    def _find_home(self, row: Row) -> _Answer:
        """Return the module that has a name which the one asked has not."""
        name = row["name"]
        homes = self._leave_tests(row, [home for home in self._homes.get(name, ()) if self._is_own(home, name)])
        if not homes:
            return self._find_submodule(row)
        if len(homes) > 1:
            return _Answer("", "", f"{name} is in several modules: {format_some(homes)}")
        home = homes[0]
        if home not in self._names.kinds:
            return _Answer("", "", f"{home}, which has {name}, cannot be imported by name")
        if not self._is_meant(row, home):
            return _Answer("", "", f"nothing but the name speaks for {home}.{name}")
        return _Answer(home, name)

    def _leave_tests(self, row: Row, homes: list[str]) -> list[str]:
        """Return the modules that a file may take something from: code that is no test takes nothing from tests."""
        if is_test_file(row["path"]):
            return homes
        return [home for home in homes if not is_test_file(self._names.files.get(home, ""))]

    def _is_own(self, home: str, name: str) -> bool:
        """Return whether a module has a class or function under its own name, not under another one."""
        return self._definitions.get(f"{home}.{name}", "").rpartition(":")[2] == name

    def _is_meant(self, row: Row, home: str) -> bool:
        """Return whether something speaks for it, besides the name, that this home is meant."""
        asked, name = str(row["module"]), str(row["name"])
        is_class = name[:1].isupper()
        is_below = home.startswith(f"{asked}.")
        is_known = f"{home}.{name}" in self._taken or (asked, home) in self._edges
        return (is_class and _is_same_package(home, asked)) or is_below or is_known

    def _find_submodule(self, row: Row) -> _Answer:
        modules = [
            each for each in self._names.by_last_part.get(row["name"], ()) if _is_same_package(each, row["module"])
        ]
        found = [each for each in modules if "." in each and each != row["importer"]]
        if len(found) == 1:
            return _Answer(found[0].rpartition(".")[0], row["name"])
        if found:
            return _Answer("", "", f"several modules are called {row['name']}: {format_some(found)}")
        near = f"; the nearest name is {row['nearest']}" if row["nearest"] else ""
        return _Answer("", "", f"nothing in the tree defines a class, a function or a module {row['name']}{near}")


def _join(judged: Sequence[tuple[Row, _Answer]]) -> list[tuple[Row, _Answer]]:
    """Return the answers, none for names that come from a missing module together with one that has none."""
    lost = {(row["line"], row["module"]) for row, answer in judged if answer.reason and row["reason"] == _NO_MODULE}
    other = _Answer("", "", "another name that the statement takes from there is not found")
    return [
        (row, other if (row["line"], row["module"]) in lost and not answer.reason else answer) for row, answer in judged
    ]


def _is_same_package(first: str, second: str) -> bool:
    return first.partition(".")[0] == second.partition(".")[0]


def _is_together(each: Row, row: Row) -> bool:
    """Return whether two rows are of one statement."""
    return all(each[column] == row[column] for column in ("path", "line", "module"))


def _find_subject(row: Row) -> str:
    return f"{row['module']}.{row['name']}" if row["table"] == "phantom_names" else row["module"]


def _find_statement(row: Row, statements: Iterable[Statement], package: str) -> tuple[Statement, ast.alias] | None:
    for statement in statements:
        if statement.line == row["line"] and find_taken_module(statement, package) == row["module"]:
            for alias in statement.node.names:  # type: ignore[attr-defined]
                if alias.name == row["name"]:
                    return statement, alias
    return None


def _build_offer(
    module: str, group: Sequence[_Correction], findings: Mapping[str, OpenFindings], kept_back: set[str]
) -> Offer:
    """Return the offer for all that is taken in vain from one module; raises ``UnplacedError``."""
    by_statement: dict[tuple[str, int], list[_Correction]] = defaultdict(list)
    for each in group:
        by_statement[each.row["path"], each.statement.start].append(each)
    edits: list[Edit] = []
    for _, together in sorted(by_statement.items()):
        edits += move_names(together[0].statement, [each.move for each in together])
    subjects = sorted({(each.row["table"], _find_subject(each.row)) for each in group})
    clears = (findings[name].fingerprints.get(subject, "") for name, subject in subjects if subject not in kept_back)
    names = sorted({each.row["name"] for each in group})
    homes = sorted({each.home for each in group})
    absent = "does not exist" if any(each.row["reason"] == _NO_MODULE for each in group) else "does not have them"
    reason = (
        f"{format_count(len(by_statement), 'import statement')} {choose_form(len(by_statement), 'takes', 'take')} "
        f"{format_some(names)} from {module}, which {absent}; the tree has {choose_form(len(names), 'it', 'them')} in "
        f"{format_some(homes)}."
    )
    title = f"Import {format_some(names)} from where it is, not from {module}"
    return Offer(KIND, module, title, reason, tuple(filter(None, clears)), tuple(edits))


def _refuse(row: Row, reason: str) -> Refusal:
    return Refusal(KIND, _find_subject(row), row["path"], row["line"], reason)
