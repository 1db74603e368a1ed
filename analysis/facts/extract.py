"""From the bytes of one file to its facts: imports, classes, bindings, exports, hooks, markers, state.

A pure function of the bytes (and of the grammar of the running interpreter), so that its result can be
kept by content hash. Only statements are walked; expressions are looked into where a word in the text
says that it is worth while.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from analysis import tables
from analysis.facts.dynamic import find_dynamic_rows
from analysis.facts.hooks import read_getattr
from analysis.facts.lazy_tables import LazyTables
from analysis.facts.lines import normalise_line_ends
from analysis.facts.loads import find_load_rows
from analysis.facts.main_marks import find_process_marks
from analysis.facts.markers import find_markers
from analysis.facts.notebooks import Notebook, read_notebook
from analysis.facts.object_texts import find_object_texts
from analysis.facts.program import write_program
from analysis.facts.recover import recover_imports
from analysis.facts.rows import FileFacts, Row, Rows
from analysis.facts.source import decode, parse
from analysis.facts.start_marks import find_start_marks
from analysis.facts.stored import add_stored
from analysis.facts.structure import find_structure
from analysis.facts.walk import STEP, Walker
from analysis.gaps import describe_failure

_IMPORTS, _GAPS = tables.FACT_TABLES.index(tables.IMPORTS), tables.FACT_TABLES.index(tables.NOT_ANALYSED)
_MARKS = tables.FACT_TABLES.index(tables.START_MARKS)
_PATH_CHANGES = frozenset({"sys-path", "site-folder", "settings"})
_MAKING = frozenset({"import", "alias", "instance", "expression", "unpacked"})


def extract(source: bytes) -> FileFacts:
    """Return the facts of one file; a file that does not parse still yields its recovered imports.

    Where one of our own parts fails, the file lacks what that part finds, and a row of ``not_analysed`` says so.
    """
    lines = source.count(b"\n") + (not source.endswith(b"\n") and bool(source))
    parsed = parse(source)
    if parsed.tree is not None:
        try:
            rows = _read(normalise_line_ends(source), parsed.tree, parsed.encoding)
            found = rows.as_tuple()
            structure = find_structure(found)
            return FileFacts(
                "ok", parsed.reason, parsed.error_line, parsed.encoding, lines, structure, found, parsed.since
            )
        except RecursionError:
            status, reason = "parser-crash", "nested too deeply to be walked (RecursionError)"
        except Exception as error:  # noqa: BLE001 - our own failure costs this file's tree, not the run
            status, reason = "not-analysed", describe_failure(error)
    else:
        status, reason = parsed.status, parsed.reason
    found = _recover(source, parsed.encoding, status, reason).as_tuple()
    return FileFacts(
        status, reason, parsed.error_line, parsed.encoding, lines, find_structure(found), found, parsed.since
    )


def extract_notebook(source: bytes) -> FileFacts:
    """Return what a notebook imports, and how it changes the search path, with the lines of its JSON.

    Nothing else counts: nobody imports a notebook, so its classes and names are known to nobody. Cells that do not
    parse say nothing, and the first of them is the file's syntax error.
    """
    notebook = read_notebook(source)
    code = notebook.code
    inner = extract(code)
    rows = Rows(imports=_place(inner.rows[_IMPORTS], notebook), not_analysed=list(inner.rows[_GAPS]))
    rows.start_marks += [_place_mark(row, notebook) for row in inner.rows[_MARKS] if row[2] in _PATH_CHANGES]
    position = max((row[0] for row in rows.imports), default=-1) + 1
    rows.imports += [
        (position + number, line, line, "run", 0, name, "", "", "module", "none", "", "", "", False)
        for number, (line, name) in enumerate(notebook.runs)
    ]
    found = rows.as_tuple()
    lines = source.count(b"\n") + (not source.endswith(b"\n") and bool(source))
    problem = notebook.problem
    status, reason, line = (problem.status, problem.reason, problem.line) if problem else (inner.status, "", 0)
    if inner.since and not problem:
        reason, line = inner.reason, notebook.find_place(inner.error_line)
    return FileFacts(status, reason, line, "utf-8", lines, find_structure(found), found, inner.since)


def _place(imports: Sequence[Row], notebook: Notebook) -> list[Row]:
    """Return rows of imports with the lines of the file."""
    return [(row[0], notebook.find_place(row[1]), notebook.find_place(row[2]), *row[3:]) for row in imports]


def _place_mark(row: Row, notebook: Notebook) -> Row:
    """Return a change of the search path with the line of the file; a kernel's working folder is the notebook's."""
    position, line, kind, place, base, *others = row
    return (position, notebook.find_place(line), kind, place, "file" if base == "working-folder" else base, *others)


def _read(source: bytes, tree: ast.Module, encoding: str) -> Rows:
    """Return the facts of single statements, then those of the whole file."""
    walker = Walker(source, tree)
    rows = walker.rows
    walker.attempt("module __getattr__", lambda: _serve(walker, tree))
    walker.attempt("classes", lambda: walker.classes.finish(rows, walker.docstrings))
    walker.attempt("dynamic imports", lambda: find_dynamic_rows(source, tree, rows, walker.next_position))
    walker.attempt("starts", lambda: rows.start_marks.extend(find_start_marks(source, tree, walker.next_position)))
    walker.attempt("starts", lambda: rows.start_marks.extend(find_process_marks(source, tree, walker.next_position)))
    walker.attempt("stores", lambda: add_stored(rows, walker.functions, source, tree, walker.next_position))
    walker.attempt("markers", lambda: rows.markers.extend(find_markers(source, walker.docstrings, encoding)))
    walker.attempt("loads", lambda: rows.loads.extend(find_load_rows(source, tree, walker.next_position)))
    walker.attempt(
        "object texts", lambda: rows.object_texts.extend(find_object_texts(source, tree, walker.next_position))
    )
    if tree.body:
        walker.attempt("program", lambda: rows.programs.append((write_program(tree),)))
    return rows


def _serve(walker: Walker, tree: ast.Module) -> None:
    """Note what ``__getattr__`` serves, once all tables are known that it may look into."""
    hooks = walker.rows.hooks
    for node in walker.getattrs:
        for name, value in read_getattr(node, walker.literals, tree):
            hooks.append((walker.next_position(), node.lineno, "module_getattr", name, value))
    tables = LazyTables(tree)
    assigned = walker.literals.get("__getattr__")
    served, is_all = tables.read(assigned) if isinstance(assigned, ast.Call) else ([], False)
    for _, line, name, kind, *_ in walker.rows.bindings:
        if name == "__getattr__" and kind in _MAKING:  # made by a call, or imported
            for each in served if is_all else [*served, ("*", "")]:
                hooks.append((walker.next_position(), line, "module_getattr", *each))


def _recover(source: bytes, encoding: str, status: str, reason: str) -> Rows:
    """Return what can be had without a syntax tree: the imports, line by line."""
    rows = Rows()
    if status == "not-analysed":
        rows.not_analysed.append((STEP, "", reason))
    try:
        if status != "too-large":
            rows.imports.extend(recover_imports(decode(source, encoding)))
    except Exception as error:  # noqa: BLE001 - as above
        rows.not_analysed.append((STEP, "recovered imports", describe_failure(error)))
    return rows
