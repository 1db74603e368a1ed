"""Takes names out of the import that runs first: into the functions that use them, and to type checkers."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from analysis.facts.expressions import find_dotted
from analysis.facts.scopes import Function
from analysis.fixes.name_uses import ANNOTATION, FUNCTION, IMPORT, NameUse, count_bindings, find_name_uses
from analysis.fixes.offers import Edit
from analysis.fixes.source_text import SourceText
from analysis.fixes.statements import (
    Statement,
    insert_after,
    insert_before,
    place_statement,
    remove_names,
    remove_statement,
    replace_statement,
)

_CHECKING = "TYPE_CHECKING"


class UnmovableError(ValueError):
    """An import cannot be moved: the line that decides it, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


@dataclass(frozen=True)
class Moved:
    """One name that an import statement at module level binds, and its uses in the file.

    ``is_kept``: others take the name from the module, which goes on to give it on demand.
    """

    statement: Statement
    alias: ast.alias
    uses: Sequence[NameUse]
    is_kept: bool = False

    @property
    def name(self) -> str:
        """The name that it binds."""
        return find_bound_name(self.statement.node, self.alias)

    @cached_property
    def functions(self) -> list[Function]:
        """The functions that use it, outermost, in their order."""
        found = {
            use.function.lineno: use.function
            for use in self.uses
            if use.when == FUNCTION and isinstance(use.function, Function)
        }
        return [found[line] for line in sorted(found)]

    @property
    def is_for_types(self) -> bool:
        """Whether type checkers need it at module level."""
        return self.is_kept or any(use.when == ANNOTATION for use in self.uses)


def find_bound_name(statement: ast.stmt, alias: ast.alias) -> str:
    """Return the name that a part of an import binds."""
    name = alias.asname or alias.name
    return name if isinstance(statement, ast.ImportFrom) or alias.asname else name.partition(".")[0]


def find_top_import(source: SourceText, line: int) -> Statement:
    """Return the import statement at a line; raises ``UnmovableError`` unless it stands alone at module level."""
    for node in source.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and node.lineno == line:
            statement = place_statement(source, node)
            if not statement.is_alone:
                raise UnmovableError(line, "the import shares its line with other statements")
            return statement
    raise UnmovableError(
        line, "the import does not stand at module level by itself: a block around it decides when it runs"
    )


def read_uses(source: SourceText, names: Collection[str]) -> Mapping[str, Sequence[NameUse]]:
    """Return the uses of names that imports of a module bind, by name; raises ``UnmovableError``."""
    text = source.content.decode(source.encoding, "replace")
    found: dict[str, list[NameUse]] = {name: [] for name in names}
    try:
        for use in find_name_uses(source.tree, text, names):
            found[use.name].append(use)
    except RecursionError:
        raise UnmovableError(1, "the file is nested too deeply to follow its names") from None
    return found


def check_movable(source: SourceText, moved: Moved) -> None:
    """Raise ``UnmovableError`` where some use needs the name while the module is imported."""
    line, name = moved.statement.line, moved.name
    if moved.alias.name == "*":
        raise UnmovableError(line, "a star import gives the module all its names")
    if count_bindings(source.tree, name) > 1:
        raise UnmovableError(line, f"other statements bind {name} too")
    first = next((use for use in moved.uses if use.when == IMPORT), None)
    if first is not None:
        raise UnmovableError(first.line, f"{name} is used while the module is imported (line {first.line})")
    if not moved.uses:
        raise UnmovableError(
            line, f"nothing in the file uses {name}: it is imported for others, or for what its import does"
        )
    for use in moved.uses:
        if use.when == FUNCTION and not isinstance(use.function, Function):
            raise UnmovableError(use.line, f"{name} is used in a lambda, which can hold no import (line {use.line})")
        if isinstance(use.function, Function) and use.function.name == "__del__" and use.when == FUNCTION:
            raise UnmovableError(
                use.line, f"{name} is used in __del__, which may run when nothing can be imported any more"
            )


def build_edits(source: SourceText, moved: Sequence[Moved]) -> Iterator[Edit]:
    """Yield the edits of one file that move some names; raises ``UnplacedError`` and ``UnmovableError``."""
    by_statement: dict[int, list[Moved]] = defaultdict(list)
    for each in moved:
        by_statement[each.statement.start].append(each)
    groups = [group for _, group in sorted(by_statement.items())]
    gone = {id(group[0].statement.node) for group in groups if _is_whole(group)}
    typed = [each for each in moved if each.is_for_types]
    in_place = None
    if typed:
        edits, in_place = _import_for_types(source, typed, gone, groups[0][0].statement)
        yield from edits
    for group in groups:
        if group[0].statement is not in_place:
            yield from _take_out(group)
    yield from _quote(source, moved)
    yield from _import_in_functions(source, moved)
    kept = [each for each in moved if each.is_kept]
    if kept:
        yield _give_on_demand(source, kept)


def write_imports(moved: Iterable[Moved]) -> list[str]:
    """Return import statements, one for each module as written, that bind some names."""
    plain, taken = [], defaultdict(list)
    for each in moved:
        alias = each.alias
        text = alias.name + (f" as {alias.asname}" if alias.asname else "")
        node = each.statement.node
        if isinstance(node, ast.ImportFrom):
            taken["." * node.level + (node.module or "")].append(text)
        else:
            plain.append(f"import {text}")
    return sorted(plain) + [
        f"from {module} import {', '.join(sorted(set(names)))}" for module, names in sorted(taken.items())
    ]


def _take_out(group: Sequence[Moved]) -> Iterator[Edit]:
    """Yield the edits that take names out of one statement."""
    statement = group[0].statement
    if _is_whole(group):
        yield remove_statement(statement)
    else:
        yield from remove_names(statement, [each.alias for each in group])


def _is_whole(group: Sequence[Moved]) -> bool:
    """Return whether all names of a statement move."""
    node = group[0].statement.node
    return isinstance(node, ast.Import | ast.ImportFrom) and len(group) == len(node.names)


def _quote(source: SourceText, moved: Iterable[Moved]) -> Iterator[Edit]:
    """Yield the edits that make texts of the annotations that Python would evaluate, each once."""
    annotations = {id(use.annotation): use.annotation for each in moved for use in each.uses if use.is_evaluated}
    for annotation in annotations.values():
        assert annotation is not None
        start, end = source.find_span(annotation)
        lines = source.cut(annotation).decode(source.encoding).splitlines()
        text = " ".join(line.strip() for line in lines)
        marks = [mark for mark in "\"'" if mark not in text]
        if not marks or "\\" in text or (len(lines) > 1 and "#" in text):
            raise UnmovableError(
                annotation.lineno, "an annotation holds quotes or comments, so that it cannot become a text"
            )
        yield Edit(source.path, start, end, source.encode(f"{marks[0]}{text}{marks[0]}"))


def _import_in_functions(source: SourceText, moved: Iterable[Moved]) -> Iterator[Edit]:
    """Yield the edits that import names at the beginning of the functions that use them."""
    wanted: dict[int, tuple[Function, list[Moved]]] = {}
    for each in moved:
        for function in each.functions:
            wanted.setdefault(function.lineno, (function, []))[1].append(each)
    for _, (function, names) in sorted(wanted.items()):
        body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
        first = place_statement(source, body[0])
        if not first.is_alone and "\n" not in source.content[first.start : first.line_end].decode(
            source.encoding, "replace"
        ):
            raise UnmovableError(function.lineno, f"the body of {function.name} stands on the line of its def")
        yield insert_before(first, "\n".join(write_imports(names)))


def _import_for_types(
    source: SourceText, moved: Sequence[Moved], gone: Collection[int], first: Statement
) -> tuple[list[Edit], Statement | None]:
    """Return the edits that import names under a test for type checkers: in a block that is there, or a new one.

    A new one stands behind the imports with which the file begins. Where all of these go, it takes the place of the
    ``first`` that moves, which is returned too.
    """
    imports = write_imports(moved)
    for node in source.tree.body:
        if isinstance(node, ast.If) and find_dotted(node.test).rpartition(".")[2] == _CHECKING and not node.orelse:
            inside = place_statement(source, node.body[0])
            if inside.is_alone:
                return [insert_before(inside, "\n".join(imports))], None
    last = find_last_import(source, gone)
    known = _find_checking(source, (last or first).line)
    beside = None if known else _find_typing_names(source, (last or first).line)
    lines = [*([] if known or beside else [f"from typing import {_CHECKING}"]), "", f"if {known or _CHECKING}:"]
    text = "\n".join([*lines, *(f"    {each}" for each in imports)])
    edits = [] if beside is None else [Edit(source.path, beside, beside, source.encode(f"{_CHECKING}, "))]
    if last is None:
        return [*edits, replace_statement(first, text.lstrip("\n"))], first
    return [*edits, insert_after(last, text)], None


def _find_typing_names(source: SourceText, line: int) -> int | None:
    """Return where the names begin that a file takes from typing, up to a line; None where it takes none."""
    for node in source.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "typing" and not node.level and node.lineno <= line:
            return source.find_span(node.names[0])[0] if node.names[0].name != "*" else None
    return None


def find_last_import(source: SourceText, gone: Collection[int] = ()) -> Statement | None:
    """Return the last import that stays of those with which a file begins."""
    last = None
    for node in source.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            last = node if id(node) not in gone else last
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            break
    return None if last is None else place_statement(source, last)


def _find_checking(source: SourceText, line: int) -> str:
    """Return how a file names TYPE_CHECKING behind a line, by imports at module level; empty where it does not."""
    for node in source.tree.body:
        if node.lineno > line:
            break
        if isinstance(node, ast.ImportFrom) and node.module == "typing" and not node.level:
            for alias in node.names:
                if alias.name == _CHECKING:
                    return alias.asname or alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "typing":
                    return f"{alias.asname or alias.name}.{_CHECKING}"
    return ""


def _give_on_demand(source: SourceText, moved: Sequence[Moved]) -> Edit:
    """Return the edit that adds a module ``__getattr__`` for names that others take from the module."""
    if any(isinstance(node, Function) and node.name == "__getattr__" for node in source.tree.body):
        raise UnmovableError(
            moved[0].statement.line, f"others take {moved[0].name} from here, and the module has a __getattr__ already"
        )
    lines = [
        "",
        "",
        "def __getattr__(name: str) -> object:",
        '    """Import what others take from here when they ask: at import time it closes a cycle."""',
    ]
    for each in sorted(moved, key=lambda each: each.name):
        lines += [
            f'    if name == "{each.name}":',
            *(f"        {text}" for text in write_imports([each])),
            "",
            f"        return {each.name}",
        ]
    lines.append('    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")')
    last = place_statement(source, source.tree.body[-1])
    return insert_after(last, "\n".join(lines))
