"""Imports whose failure is swallowed, made explicit where they always work, or always fail, within the tree."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from analysis import tables
from analysis.facts.context import find_caught, swallows_import_errors
from analysis.facts.source_tree import SourceTree
from analysis.fixes.findings import OpenFindings, ReadTable, find_open_findings
from analysis.fixes.import_outcomes import FAILS, WORKS, ImportOutcomes
from analysis.fixes.lifted_blocks import lift_block
from analysis.fixes.offers import Edit, Offer, Refusal
from analysis.fixes.source_text import SourceText, UnplacedError, read_source
from analysis.fixes.statements import Statement, place_statement, remove_statement
from analysis.wording import choose_form, format_count

KIND = "explicit-import"
RULES = ("phantom-import", "phantom-name", "swallowed-circular-import", "fallback-class")
_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})
#: What a handler uses that speaks of the exception without its name.
_SPEAKS = frozenset({"exc_info", "exception", "traceback", "print_exc", "format_exc"})
#: What the failure of an import is: an exception whose handlers are entered.
_RAISED: Mapping[str, type[BaseException]] = {"module": ModuleNotFoundError, "name": ImportError}

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Change:
    """What takes the place of one try."""

    statement: Statement
    edit: Edit
    works: bool


@dataclass
class _File:
    """One file with its tries: what changes, and what is refused."""

    changes: list[_Change] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


class _CannotError(ValueError):
    """A try that stays as it is; the text says why. ``is_nested``: what stands inside of it stays too."""

    def __init__(self, reason: str, *, is_nested: bool = False) -> None:
        super().__init__(reason)
        self.is_nested = is_nested


def find_explicit_imports(read_table: ReadTable, tree: SourceTree) -> Iterator[Offer | Refusal]:
    """Yield an offer for each module with tries around imports that need none, and what is refused.

    An import that always works loses the handler; one that always fails gives way to what its handler does. Tries
    that only guard what is outside of the tree are none of this kind's business.
    """
    outcomes = ImportOutcomes(read_table, tree)
    findings = {rule: find_open_findings(read_table, rule) for rule in RULES}
    evidence = _read_evidence(read_table)
    homes = dict(tables.read_rows(read_table("modules"), "path", "module"))
    refused: list[Refusal] = []
    for path in outcomes.list_files():
        try:
            found = _judge_file(read_source(tree, path), outcomes, findings, homes.get(path, path))
        except UnplacedError as error:
            refused.append(Refusal(KIND, homes.get(path, path), path, outcomes.find_line(path), str(error)))
            continue
        refused += found.refused
        if found.changes:
            yield _build_offer(homes.get(path, path), found.changes, evidence)
    yield from sorted(refused, key=lambda each: (each.path, each.line))


def _read_evidence(read_table: ReadTable) -> dict[str, frozenset[Place]]:
    """Return the places of each finding that this kind may clear, where all of them are known."""
    found = {}
    columns = ("fingerprint", "rule", "places", "evidence")
    for fingerprint, rule, places, evidence in tables.read_rows(read_table("findings"), *columns):
        known = frozenset((each["path"], each["line"]) for each in evidence)
        if rule in RULES and len(known) >= places:
            found[fingerprint] = known
    return found


def _judge_file(
    source: SourceText, outcomes: ImportOutcomes, findings: Mapping[str, OpenFindings], module: str
) -> _File:
    found = _File()
    tries = [node for node in source.blocks if isinstance(node, ast.Try) and _is_concerned(source.path, node, outcomes)]
    settled: set[ast.AST] = set()
    for node in sorted(tries, key=lambda each: (each.lineno, each.col_offset)):
        if node in settled:
            continue
        try:
            _refuse_accepted(source.path, node, findings)
            found.changes.append(_judge_try(source, node, outcomes, tries))
            settled.update(ast.walk(node))
        except (_CannotError, UnplacedError) as error:
            found.refused.append(Refusal(KIND, module, source.path, node.lineno, str(error)))
            settled.update(ast.walk(node) if isinstance(error, _CannotError) and error.is_nested else ())
    return found


def _is_concerned(path: str, node: ast.Try, outcomes: ImportOutcomes) -> bool:
    """Return whether a try swallows the failure of an import of the tree that stands right in its body."""
    caught = ",".join(name for handler in node.handlers for name in find_caught(handler.type))
    return swallows_import_errors(caught) and any(outcomes.is_of_tree(path, each) for each in _list_imports(node))


def _list_imports(node: ast.Try) -> list[ast.Import | ast.ImportFrom]:
    return [each for each in node.body if isinstance(each, ast.Import | ast.ImportFrom)]


def _refuse_accepted(path: str, node: ast.Try, findings: Mapping[str, OpenFindings]) -> None:
    for rule in RULES:
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
            reason = findings[rule].accepted_places.get((path, line))
            if reason:
                raise _CannotError(f"it is accepted: {reason}")


def _judge_try(source: SourceText, node: ast.Try, outcomes: ImportOutcomes, tries: Sequence[ast.Try]) -> _Change:
    """Return what takes the place of a try; raises ``_CannotError``."""
    if node.finalbody:
        raise _CannotError("its finally block runs in any case")
    verdicts = [outcomes.judge(source.path, each) for each in _list_imports(node)]
    failing = next((each for each in verdicts if each.outcome == FAILS), None)
    statement = place_statement(source, node)
    if failing is not None:
        if failing is not verdicts[0] or not isinstance(node.body[0], ast.Import | ast.ImportFrom):
            raise _CannotError("other statements of the try run before the import that always fails")
        kept = _choose_handler(node, failing.raises)
        return _Change(statement, _lift(source, statement, [kept], tries), works=False)
    unsure = next((each for each in verdicts if each.outcome != WORKS), None)
    if unsure is not None:
        raise _CannotError(unsure.reason)
    _refuse_other_failures(node)
    blocks = [node.body, *([node.orelse] if node.orelse else [])]
    return _Change(statement, _lift(source, statement, blocks, tries), works=True)


def _refuse_other_failures(node: ast.Try) -> None:
    """Raise ``_CannotError`` where a handler may have something else to do than to swallow the import's failure."""
    caught = {name.rpartition(".")[2] for handler in node.handlers for name in find_caught(handler.type)}
    if not caught <= _IMPORT_ERRORS:
        raise _CannotError("its handler also catches other failures")
    for each in node.body:
        is_plain = isinstance(each, ast.Import | ast.ImportFrom | ast.Pass) or (
            isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant | ast.Name)
        )
        if not is_plain:
            raise _CannotError("other statements of the try may raise what its handler catches")


def _choose_handler(node: ast.Try, raised: str) -> list[ast.stmt]:
    """Return the body of the handler that the failure of an import enters; raises ``_CannotError``."""
    for handler in node.handlers:
        for name in find_caught(handler.type):
            kind = BaseException if name == "*" else getattr(builtins, name.removeprefix("builtins."), None)
            if not isinstance(kind, type):
                raise _CannotError(f"whether {name} catches the failure is not known")
            if issubclass(_RAISED[raised], kind):
                _refuse_use_of_exception(handler)
                return handler.body
    raise _CannotError("no handler catches the failure")


def _refuse_use_of_exception(handler: ast.ExceptHandler) -> None:
    for node in ast.walk(handler):
        named = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if (handler.name and named == handler.name) or named in _SPEAKS:
            raise _CannotError("its handler uses the exception")
        if isinstance(node, ast.Raise):
            raise _CannotError("its handler raises an exception of its own")


def _lift(
    source: SourceText, statement: Statement, blocks: Sequence[Sequence[ast.stmt]], tries: Sequence[ast.Try]
) -> Edit:
    """Return the edit that puts blocks in the place of the try that had them."""
    kept = [each for block in blocks for each in block]
    if any(inner in tries for each in kept for inner in ast.walk(each)):
        raise _CannotError("another try that swallows an import stands inside of what would stay", is_nested=True)
    if all(isinstance(each, ast.Pass) for each in kept):
        return remove_statement(statement)
    lifted = [lift_block(source, block, statement.indent) for block in blocks]
    text = (source.newline + statement.indent).join(lifted)
    return Edit(source.path, statement.start, statement.line_end, text)


def _build_offer(module: str, changes: Sequence[_Change], evidence: Mapping[str, frozenset[Place]]) -> Offer:
    places = {
        (each.statement.source.path, line)
        for each in changes
        for line in range(each.statement.line, (each.statement.node.end_lineno or 0) + 1)
    }
    clears = tuple(sorted(fingerprint for fingerprint, cited in evidence.items() if cited <= places))
    works = sum(each.works for each in changes)
    title = f"Import without a handler in {module}"
    reason = " ".join(_describe(works, len(changes) - works))
    return Offer(KIND, module, title, reason, clears, tuple(each.edit for each in changes))


def _describe(works: int, fails: int) -> Iterator[str]:
    if works:
        verb = choose_form(works, "guards", "guard")
        yield f"{format_count(works, 'try', 'tries')} {verb} imports that always work: no handler is ever entered."
    if fails:
        verb = choose_form(fails, "guards", "guard")
        yield f"{format_count(fails, 'try', 'tries')} {verb} imports that always fail: only the handler ever counts."
