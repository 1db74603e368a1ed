"""Texts of Python files that name objects: settings of Django, of logging and Celery, and targets of patches."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from analysis.facts.expressions import find_dotted, find_literal_text
from analysis.facts.lines import find_lines, has_line_between
from analysis.facts.rows import Row
from analysis.facts.walking import list_parts

#: Line, dotted name, and what for.
_Text = tuple[int, str, str]
#: What a text is for: a setting that a framework reads, or the target of a patch in a test.
SETTING, PATCH, SETTER = "setting", "patch", "setter"
_WORDS = (
    b"INSTALLED_APPS", b"LOCAL_APPS", b"PROJECT_APPS", b"ROOT_URLCONF", b"MIDDLEWARE", b"GI_APPLICATION",
    b"DJANGO_SETTINGS_MODULE", b"AUTHENTICATION_BACKENDS", b"dictConfig", b"LOGGING", b"CELERY_", b"patch",
)  # fmt: skip
_SETTINGS = frozenset({
    "INSTALLED_APPS", "ROOT_URLCONF", "MIDDLEWARE", "MIDDLEWARE_CLASSES", "WSGI_APPLICATION", "ASGI_APPLICATION",
    "DJANGO_SETTINGS_MODULE", "AUTHENTICATION_BACKENDS", "CELERY_IMPORTS", "CELERY_INCLUDE", "TEMPLATES", "LOGGING",
    "REST_FRAMEWORK", "DATABASE_ROUTERS", "PASSWORD_HASHERS", "TEST_RUNNER", "LOCAL_APPS", "PROJECT_APPS",
})  # fmt: skip
#: What stands where such a text is assigned or given.
_NAMING = (*(name.encode() for name in sorted(_SETTINGS)), b"dictConfig", b"patch")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z")
_PATCHES = re.compile(r"(?:(?:^|\.)(?:mock\.|mocker\.)|^)patch(?:\.multiple|\.dict)?\Z")
_SETTERS = re.compile(r"(?:^|\.)monkeypatch\.(?:setattr|delattr)\Z")
#: Exceptions of a target that is not there: whoever expects one names it on purpose.
_EXPECTING = ("raises", "assertRaises", "suppress")


def find_object_texts(source: bytes, tree: ast.Module, next_position: Callable[[], int]) -> list[Row]:
    """Return the rows of ``object_texts`` of one file, by line; none where a handler expects a failure."""
    if not any(map(source.__contains__, _WORDS)):
        return []
    lines = find_lines(source, _NAMING)
    return [(next_position(), line, kind, value) for line, value, kind in sorted(set(_read(tree, lines)))]


def _read(tree: ast.Module, lines: list[int]) -> Iterator[_Text]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Try) or (isinstance(node, ast.stmt) and not _has_line(node, lines)) or _expects(node):
            continue
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            yield from _read_assignment(node)
        elif isinstance(node, ast.Call):
            yield from _read_call(node)
        waiting.extend(list_parts(node))


def _has_line(node: ast.stmt, lines: list[int]) -> bool:
    """Return whether a statement, with its decorators and blocks, has one of the lines."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(each.lineno for each in decorators)])
    return has_line_between(lines, first, node.end_lineno or node.lineno)


def _expects(node: ast.AST) -> bool:
    items = node.items if isinstance(node, ast.With | ast.AsyncWith) else []
    return any(
        isinstance(item.context_expr, ast.Call) and find_dotted(item.context_expr.func).endswith(_EXPECTING)
        for item in items
    )


def _read_assignment(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> Iterator[_Text]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = {find_dotted(target) for target in targets if isinstance(target, ast.Name)}
    names |= {find_literal_text(target.slice) or "" for target in targets if isinstance(target, ast.Subscript)}
    if node.value is not None and not _SETTINGS.isdisjoint(names):
        yield from _read_texts(node.value, only_classes="LOGGING" in names)


def _read_texts(value: ast.expr, *, only_classes: bool = False) -> Iterator[_Text]:
    """Yield the dotted names in a value; of a configuration of logging those of classes and factories."""
    chosen: list[ast.AST] = [value]
    if only_classes:
        tables = [each for each in ast.walk(value) if isinstance(each, ast.Dict)]
        chosen = [
            inner
            for each in tables
            for key, inner in zip(each.keys, each.values, strict=True)
            if find_literal_text(key) in {"class", "()"}
        ]
    for part in chosen:
        for node in ast.walk(part):
            text = find_literal_text(node) if isinstance(node, ast.Constant) else None
            if isinstance(node, ast.Constant) and text and _DOTTED.match(text):
                yield node.lineno, text, SETTING


def _read_call(node: ast.Call) -> Iterator[_Text]:
    called = find_dotted(node.func)
    first = node.args[0] if node.args else None
    text = find_literal_text(first) if first is not None else None
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    if called.endswith("dictConfig") and first is not None:
        yield from _read_texts(first, only_classes=True)
    elif called.endswith("environ.setdefault") and text == "DJANGO_SETTINGS_MODULE" and len(node.args) > 1:
        yield from _read_texts(node.args[1])
    elif text and _DOTTED.match(text) and "**" not in {keyword.arg or "**" for keyword in node.keywords}:
        if _PATCHES.search(called) and not _is(keywords.get("create"), default=False):
            yield node.lineno, text, PATCH
        elif _SETTERS.search(called) and _is(keywords.get("raising"), default=True) and len(node.args) < 3:
            yield node.lineno, text, SETTER


def _is(value: ast.expr | None, *, default: bool) -> bool:
    """Return whether a keyword is true; one that is computed counts as the answer about which nothing is said."""
    if value is None:
        return default
    return bool(value.value) if isinstance(value, ast.Constant) else not default
