"""Imports of a class past its canonical path, rewritten to take it from there."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from analysis import tables
from analysis.facts.object_texts import PATCH, SETTER
from analysis.facts.source_tree import SourceTree
from analysis.fixes.findings import OpenFindings, ReadTable, find_open_findings
from analysis.fixes.loaded_modules import MovedLoad, find_last_loaders
from analysis.fixes.mentions import find_mentions
from analysis.fixes.moved_imports import Move, find_taken_module, move_names, write_module
from analysis.fixes.names_in_tree import NamesInTree
from analysis.fixes.offers import Edit, Mention, Offer, Refusal
from analysis.fixes.source_text import UnplacedError, read_source
from analysis.fixes.statements import Statement, find_imports
from analysis.fixes.text_paths import NamedText, RenamedText, find_patched_texts, rename_texts
from analysis.wording import choose_form, format_count, format_some

KIND, RULE = "canonical-imports", "class-taken-from-elsewhere"
_TRIED = frozenset({"try", "except"})
_LOADING = frozenset({"module", "class"})

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Target:
    """What the snapshot knows: the names of the tree, and those import paths that are sure, stated and patched."""

    names: NamesInTree
    sure: Mapping[str, str]
    stated: frozenset[str]
    patched: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Rewrite:
    """One name of one statement with where it should come from."""

    row: Row
    statement: Statement
    move: Move


def find_canonical_imports(
    read_table: ReadTable, tree: SourceTree, stated: frozenset[str] = frozenset()
) -> Iterator[Offer | Refusal]:
    """Yield an offer for each class that imports take past its canonical path, and what is refused.

    Classes that one statement takes together share an offer: no two offers edit one statement. ``stated`` are the
    import paths that the policy names as canonical.
    """
    violations = read_table("violations")
    if not violations.num_rows:
        return
    findings = find_open_findings(read_table, RULE)
    target = _read_target(read_table, violations, stated)
    by_path = sorted(_group(violations.to_pylist(), "path").items())
    found = [each for path, rows in by_path for each in _find_rewrites(tree, path, rows, target, findings)]
    refused = [each for each in found if isinstance(each, Refusal)]
    rewrites = [each for each in found if isinstance(each, _Rewrite)]
    loaders = find_last_loaders(
        read_table, [_say_moved(each.row) for each in rewrites if each.row["scope"] in _LOADING]
    )
    refused += [_refuse(each.row, _say_last(each.row)) for each in rewrites if _find_place(each.row) in loaders]
    kept_back = {each.subject for each in refused}
    groups = _join_classes(each for each in rewrites if _find_place(each.row) not in loaders)
    mentions = find_mentions(read_table, tree, {each.row["import_path"] for group in groups for each in group})
    texts = _find_texts(read_table, tree, groups, target)
    results = [_build_offer(group, findings, kept_back, mentions, texts) for group in groups]
    yield from sorted((each for each in results if isinstance(each, Offer)), key=lambda offer: offer.subject)
    refused += [each for each in results if isinstance(each, Refusal)]
    yield from sorted(refused, key=lambda each: (each.path, each.line, each.subject))


def _read_target(read_table: ReadTable, violations: pa.Table, stated: frozenset[str]) -> _Target:
    names = NamesInTree(read_table)
    rows = list(tables.read_rows(violations, "import_path", "canonical", "name"))
    asked = {path for row in rows for path in (row[0], row[1], f"{row[1].rpartition('.')[0]}.{row[2]}")}
    texts = tables.read_rows(read_table("object_texts"), "kind", "value")
    patched = frozenset(value for kind, value in texts if kind in {PATCH, SETTER})
    return _Target(names, names.find_sure(asked), stated, patched)


def _find_texts(
    read_table: ReadTable, tree: SourceTree, groups: Iterable[Sequence[_Rewrite]], target: _Target
) -> Mapping[str, Sequence[RenamedText]]:
    """Return by import path the edits of texts that name what lies in its class: the class is the same by both paths.

    A text that names the class itself stays: a patch replaces the name in that module, and not in another one. So do
    all where a test does that.
    """
    right = {
        each.row["import_path"]: each.row["canonical"]
        for group in groups
        for each in group
        if each.row["import_path"] not in target.patched
    }
    found: dict[str, dict[NamedText, str]] = defaultdict(dict)
    for path, line, text in find_patched_texts(read_table):
        parts = text.split(".")
        for end in range(1, len(parts)):
            taken = ".".join(parts[:end])
            if taken in right:
                found[taken][path, line, text] = f"{right[taken]}{text[len(taken) :]}"
    return {taken: list(rename_texts(tree, renamed)) for taken, renamed in found.items()}


def _find_place(row: Row) -> tuple[str, int]:
    return row["path"], row["line"]


def _say_moved(row: Row) -> MovedLoad:
    module, home = (row[column].rpartition(".")[0] for column in ("import_path", "canonical"))
    return MovedLoad(row["path"], row["line"], row["name"], module, row["importer"], home)


def _say_last(row: Row) -> str:
    module = row["import_path"].rpartition(".")[0]
    return f"it alone loads {module}, which others may read as an attribute of its package"


def _group(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found


def _find_rewrites(
    tree: SourceTree, path: str, rows: Sequence[Row], target: _Target, findings: OpenFindings
) -> Iterator[_Rewrite | Refusal]:
    """Yield for each wrong import of a file what it should be, or why it is left alone."""
    wanted = [row for row in rows if row["definition"] in {*findings.fingerprints, *findings.accepted_subjects}]
    if not wanted:
        return
    try:
        source = read_source(tree, path)
        statements = find_imports(source)
    except UnplacedError as error:
        yield from (_refuse(row, str(error)) for row in wanted)
        return
    for row in wanted:
        reason = findings.find_acceptance(row["definition"], path, row["line"])
        reason = f"it is accepted: {reason}" if reason else _find_obstacle(row, target)
        found = None if reason else _find_statement(row, statements, target.names.packages.get(path, ""))
        if found is None:
            yield _refuse(row, reason or "the statement is not found under the name of the module that it means")
        else:
            yield _Rewrite(row, found[0], _build_move(row, *found, target))


def _find_obstacle(row: Row, target: _Target) -> str:
    """Return why an import cannot surely take the same class from its canonical path; empty where it can."""
    module = row["canonical"].rpartition(".")[0]
    if module in target.names.beside:
        return f"{module} lies beside the target: fix a folder that has both"
    if module not in target.names.kinds:
        return f"{row['canonical']} is not taken from a module"
    if module == row["importer"]:
        return f"{module} cannot import from itself"
    if row["guard"] in _TRIED:
        return "a handler decides what happens when this import fails"
    if row["scope"] == "function" and row["import_path"] in target.patched:
        return f"a test replaces {row['import_path']}, and this import takes it from there when it runs"
    for path in (row["import_path"], row["canonical"]):
        if target.sure.get(path) != row["definition"]:
            return f"it is not sure that {path} is always {row['definition']}"
    return ""


def _find_statement(row: Row, statements: Iterable[Statement], package: str) -> tuple[Statement, ast.alias] | None:
    module = row["import_path"].rpartition(".")[0]
    for statement in statements:
        if statement.line == row["line"] and find_taken_module(statement, package) == module:
            for alias in statement.node.names:  # type: ignore[attr-defined]
                if alias.name == row["name"]:
                    return statement, alias
    return None


def _build_move(row: Row, statement: Statement, alias: ast.alias, target: _Target) -> Move:
    """Return where a name should come from: under the name that it has, if the canonical module has it too."""
    module, _, name = row["canonical"].rpartition(".")
    level = statement.node.level if isinstance(statement.node, ast.ImportFrom) else 0
    if row["canonical"] not in target.stated and target.sure.get(f"{module}.{alias.name}") == row["definition"]:
        name = alias.name
    return Move(alias, write_module(target.names.packages.get(row["path"], ""), level, module), name)


def _join_classes(rewrites: Iterable[_Rewrite]) -> list[list[_Rewrite]]:
    """Return the rewrites by class; classes that one statement takes together are together."""
    groups: dict[str, list[_Rewrite]] = {}
    by_statement: dict[tuple[str, int], str] = {}
    for each in rewrites:
        place = (each.row["path"], each.statement.start)
        own = groups.setdefault(each.row["definition"], [])
        own.append(each)
        other = groups[by_statement.setdefault(place, each.row["definition"])]
        if other is not own:
            other.extend(own)
            groups.update((name, other) for name, group in groups.items() if group is own)
    return list({id(group): group for group in groups.values()}.values())


def _build_offer(
    group: Sequence[_Rewrite], findings: OpenFindings, refused: set[str], mentions: Mapping[str, Sequence[Mention]],
    texts: Mapping[str, Sequence[RenamedText]],
) -> Offer | Refusal:  # fmt: skip
    by_statement: dict[tuple[str, int], list[_Rewrite]] = defaultdict(list)
    for each in group:
        by_statement[each.row["path"], each.statement.start].append(each)
    classes = sorted({each.row["definition"] for each in group})
    edits: list[Edit] = []
    for _, together in sorted(by_statement.items()):
        try:
            edits += move_names(together[0].statement, [each.move for each in together])
        except UnplacedError as error:
            return _refuse(together[0].row, str(error))
    canonical = sorted({each.row["canonical"] for each in group})
    files = len({each.row["path"] for each in group})
    taken = sorted({each.row["import_path"].rpartition(".")[0] for each in group})
    title = f"Import {format_some([path.rpartition('.')[2] for path in canonical])} from where it is defined"
    reason = (
        f"{format_count(len(by_statement), 'import statement')} in {format_count(files, 'file')} "
        f"{choose_form(len(by_statement), 'takes', 'take')} {format_some(classes)} from {format_some(taken)}; "
        f"canonical is {format_some(canonical)}."
    )
    named_in = [text for path in sorted({each.row["import_path"] for each in group}) for text in texts.get(path, ())]
    edits += [text.edit for text in named_in]
    if named_in:
        counted = format_count(len(named_in), "text")
        reason += f" {counted} that {choose_form(len(named_in), 'names', 'name')} what lies in a class follow."
    lines = {mention for each in group for mention in mentions.get(each.row["import_path"], ())}
    done = {(text.edit.path, text.line) for text in named_in}
    left = [mention for mention in lines if (mention.path, mention.line) not in done]
    named = tuple(sorted(left, key=lambda mention: (mention.path, mention.line)))
    clears = tuple(findings.fingerprints[name] for name in classes if name not in refused)
    return Offer(KIND, format_some(classes), title, reason, clears, tuple(edits), mentions=named)


def _refuse(row: Row, reason: str) -> Refusal:
    return Refusal(KIND, row["definition"], row["path"], row["line"], reason)
