"""Texts of Python files that name objects: settings of Django, of logging and Celery, and targets of patches."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from analysis.facts.expressions import find_dotted, find_literal_text
from analysis.facts.lines import find_lines
from analysis.facts.loaded_texts import find_loaded_texts
from analysis.facts.rows import Row
from analysis.facts.scopes import Function, list_bindings
from analysis.facts.walking import has_line_of, list_parts

#: Line, dotted name, and what for.
_Text = tuple[int, str, str]
#: What a text is for: a setting that a framework reads, or the target of a patch in a test; a model by its label,
#: and what the code of the file loads by its name.
SETTING, PATCH, SETTER, MODEL, TASK, LOADED = "setting", "patch", "setter", "model", "task", "loaded"
_WORDS = (
    b"INSTALLED_APPS", b"LOCAL_APPS", b"PROJECT_APPS", b"ROOT_URLCONF", b"MIDDLEWARE", b"GI_APPLICATION",
    b"DJANGO_SETTINGS_MODULE", b"AUTHENTICATION_BACKENDS", b"dictConfig", b"LOGGING", b"CELERY_", b"patch",
    b"AUTH_USER_MODEL", b"Celery(", b".conf.", b"autodiscover_tasks(", b"send_task(", b"beat_schedule",
    b"BEAT_SCHEDULE", b"task_routes", b"TASK_ROUTES",
)  # fmt: skip
_SETTINGS = frozenset({
    "INSTALLED_APPS", "ROOT_URLCONF", "MIDDLEWARE", "MIDDLEWARE_CLASSES", "WSGI_APPLICATION", "ASGI_APPLICATION",
    "DJANGO_SETTINGS_MODULE", "AUTHENTICATION_BACKENDS", "CELERY_IMPORTS", "CELERY_INCLUDE", "TEMPLATES", "LOGGING",
    "REST_FRAMEWORK", "DATABASE_ROUTERS", "PASSWORD_HASHERS", "TEST_RUNNER", "LOCAL_APPS", "PROJECT_APPS",
})  # fmt: skip
#: Settings of Celery as an attribute of its configuration, and as what its class or ``update`` is given.
_CELERY = frozenset({"imports", "include"})
_OF_CELERY = (".conf.update", ".autodiscover_tasks", ".send_task")
_SCHEDULES = frozenset({"beat_schedule", "CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE"})
_ROUTES = frozenset({"task_routes", "CELERY_TASK_ROUTES", "CELERY_ROUTES"})
#: What stands where such a text is assigned or given.
_NAMING = (
    *(name.encode() for name in sorted(_SETTINGS)), b"dictConfig", b"patch", b"AUTH_USER_MODEL", b"Celery(", b".conf.",
    b"autodiscover_tasks(", b"send_task(", *(name.encode() for name in sorted(_SCHEDULES | _ROUTES)),
)  # fmt: skip
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z")
_PATCHES = re.compile(r"(?:(?:^|\.)(?:mock\.|mocker\.)|^)patch(?:\.multiple|\.dict)?\Z")
_OBJECT_PATCHES = re.compile(r"(?:(?:^|\.)(?:mock\.|mocker\.)|^)patch\.object\Z")
#: What ``patch.multiple`` takes for itself.
_OWN_KEYWORDS = frozenset({"spec", "create", "spec_set", "autospec", "new_callable", "unsafe"})
_SETTERS = re.compile(r"(?:^|\.)monkeypatch\.(?:setattr|delattr)\Z")
#: Exceptions of a target that is not there: whoever expects one names it on purpose.
_EXPECTING = ("raises", "assertRaises", "suppress")


def find_object_texts(source: bytes, tree: ast.Module, next_position: Callable[[], int]) -> list[Row]:
    """Return the rows of ``object_texts`` of one file, by line; none where a handler expects a failure."""
    found = {(line, value, LOADED) for line, value in find_loaded_texts(source, tree)}
    if any(map(source.__contains__, _WORDS)):
        found |= set(_read(tree, find_lines(source, _NAMING)))
    return [(next_position(), line, kind, value) for line, value, kind in sorted(found)]


def _read(tree: ast.Module, lines: list[int]) -> Iterator[_Text]:
    imports = _Imports(tree)
    waiting: list[tuple[ast.AST, tuple[Function, ...]]] = [(tree, ())]
    while waiting:
        node, around = waiting.pop()
        if isinstance(node, ast.Try) or (isinstance(node, ast.stmt) and not has_line_of(node, lines)) or _expects(node):
            continue
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            yield from _read_assignment(node)
        elif isinstance(node, ast.Call):
            yield from _read_call(node, imports, around)
        elif isinstance(node, Function):
            around = (*around, node)
        waiting.extend((part, around) for part in list_parts(node))


class _Imports:
    """What names of a file stand for by its own imports; it is looked through when a call asks for the first time."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._known: Mapping[str, str] | None = None

    def find(self, name: str, around: Sequence[Function]) -> str:
        """Return the absolute dotted name of what a name stands for inside some functions; empty if not imported."""
        if self._known is None:
            self._known = _find_imported(self._tree)
        dotted = self._known.get(name, "")
        is_own = dotted and any(name == bound for function in around for bound, _ in list_bindings(function))
        return "" if is_own else dotted


def _find_imported(tree: ast.Module) -> Mapping[str, str]:
    """Return what the imports of a module bind, of those whose names nothing else binds."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {each.asname or each.name.partition(".")[0]: each.name if each.asname else
                      each.name.partition(".")[0] for each in node.names}  # fmt: skip
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    if found:
        others = {name for name, bound in list_bindings(tree) if bound.kind != "import"}
        found = {name: dotted for name, dotted in found.items() if name not in others}
    return found


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
    text = find_literal_text(node.value) if node.value is not None else None
    if node.value is not None:
        for last in {find_dotted(target).rpartition(".")[2] for target in targets}:
            yield from _read_tasks(last, node.value)
    if names == {"AUTH_USER_MODEL"} and text and _DOTTED.match(text):
        yield node.lineno, text, MODEL
    configured = (find_dotted(target).rpartition(".conf.") for target in targets if isinstance(target, ast.Attribute))
    if node.value is not None and any(owner and name in _CELERY for owner, _, name in configured):
        yield from _read_texts(node.value)
    if node.value is not None and not _SETTINGS.isdisjoint(names):
        yield from _read_texts(node.value, only_classes="LOGGING" in names)


def _read_tasks(setting: str, value: ast.expr) -> Iterator[_Text]:
    """Yield the tasks that a schedule or a table of routes of Celery names."""
    nodes = [each for each in ast.walk(value) if isinstance(each, ast.Dict)] if setting in _SCHEDULES | _ROUTES else []
    for each in nodes:
        for key, inner in zip(each.keys, each.values, strict=True):
            named = inner if setting in _SCHEDULES and find_literal_text(key) == "task" else None
            named = key if setting in _ROUTES else named
            text = find_literal_text(named) if named is not None else None
            if named is not None and text and _DOTTED.match(text):
                yield named.lineno, text, TASK


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


def _read_call(node: ast.Call, imports: _Imports, around: Sequence[Function]) -> Iterator[_Text]:
    called = find_dotted(node.func)
    first = node.args[0] if node.args else None
    text = find_literal_text(first) if first is not None else None
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    if called.endswith("dictConfig") and first is not None:
        yield from _read_texts(first, only_classes=True)
    elif called.endswith("environ.setdefault") and text == "DJANGO_SETTINGS_MODULE" and len(node.args) > 1:
        yield from _read_texts(node.args[1])
    elif called.rpartition(".")[2] == "Celery" or called.endswith(_OF_CELERY):
        yield from _read_celery(node, called)
    elif len(node.args) > 1 and first is not None and not text:
        yield from _read_object(node, called, imports, around)
    elif text and _DOTTED.match(text) and "**" not in {keyword.arg or "**" for keyword in node.keywords}:
        if _PATCHES.search(called) and not _is(keywords.get("create"), default=False):
            yield node.lineno, text, PATCH
            if called.endswith(".multiple"):
                names = sorted({each for each in keywords if each} - _OWN_KEYWORDS)
                yield from ((node.lineno, f"{text}.{name}", PATCH) for name in names)
        elif _SETTERS.search(called) and _is(keywords.get("raising"), default=True) and len(node.args) < 3:
            yield node.lineno, text, SETTER


def _read_celery(node: ast.Call, called: str) -> Iterator[_Text]:
    """Yield the modules and tasks that a call of Celery names."""
    text = find_literal_text(node.args[0]) if node.args else None
    if called.endswith(".autodiscover_tasks"):
        yield from _read_texts(node.args[0]) if node.args else ()
    elif called.endswith(".send_task"):
        yield from [(node.lineno, text, TASK)] if text and _DOTTED.match(text) else ()
    else:
        for keyword in node.keywords:
            yield from _read_tasks(keyword.arg or "", keyword.value)
            yield from _read_texts(keyword.value) if keyword.arg in _CELERY else ()


def _read_object(node: ast.Call, called: str, imports: _Imports, around: Sequence[Function]) -> Iterator[_Text]:
    """Yield the attribute that a patch of an object names, where the file imports that object."""
    is_patch, is_setter = _OBJECT_PATCHES.search(called), _SETTERS.search(called)
    name = find_literal_text(node.args[1])
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    if not (is_patch or is_setter) or not name or not name.isidentifier() or None in keywords:
        return
    first, _, rest = find_dotted(node.args[0]).partition(".")
    imported = imports.find(first, around)
    if not imported:
        return
    text = ".".join(filter(None, (imported, rest, name)))
    if is_patch and not _is(keywords.get("create"), default=False):
        yield node.lineno, text, PATCH
    elif is_setter and _is(keywords.get("raising"), default=True) and len(node.args) < 4:
        yield node.lineno, text, SETTER


def _is(value: ast.expr | None, *, default: bool) -> bool:
    """Return whether a keyword is true; one that is computed counts as the answer about which nothing is said."""
    if value is None:
        return default
    return bool(value.value) if isinstance(value, ast.Constant) else not default
