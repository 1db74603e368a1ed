"""Redirects that do nothing but redirect and say so, and single sources that say that they are."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.source import LARGEST_FILE_BYTES, parse
from analysis.facts.source_tree import SourceTree
from analysis.rules import plan_phases
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import LASTING, PlanStep
from analysis.rules.root_causes import UNDOCUMENTED
from analysis.rules.rule import Rule

_WARNINGS = frozenset({"DeprecationWarning", "PendingDeprecationWarning", "FutureWarning"})
_TYPE_CHECKING = frozenset({"TYPE_CHECKING", "typing.TYPE_CHECKING"})


def _check_redirects(case: RuleContext) -> Iterator[Finding]:
    """Judge the modules by which a redirect leads to an object: not its own module, not the packages around that."""
    rule = "redirect-unclean"
    files = case.files_by_module
    written = {path.replace(":", ".") for redirect in case.policy.redirect for path in redirect.paths}
    homes = _find_homes(case.identity.paths, written)
    seen: set[str] = set()
    for redirect in case.policy.redirect:
        for path in redirect.paths:
            module, _, name = path.replace(":", ".").rpartition(".")
            home = homes.get(f"{module}.{name}", "")
            is_source = not home or home == module or home.startswith(f"{module}.")
            if is_source or module in seen or module not in files:
                continue
            seen.add(module)
            faults = judge_redirect(case.facts.tree, files[module], redirect.marker)
            if faults:
                described = "; ".join(fault.description for fault in faults)
                message = f"{module} redirects {name} to {home}, but {described}"
                places = [(files[module], fault.line) for fault in faults]
                severity = "P2" if any(fault.does_more for fault in faults) else "P3"
                yield build_finding(rule, severity, module, message, places)


def _find_homes(paths: pa.Table, written: Iterable[str]) -> dict[str, str]:
    """Return the module that defines what each of some import paths leads to, where that is known and in the tree."""
    paths = paths.filter(pc.is_in(paths.column("import_path"), pa.array(sorted(written), pa.string())))
    chosen = paths.filter(pc.not_equal(paths.column("definition_path").cast(pa.string()), ""))
    rows = tables.read_rows(chosen, "import_path", "definition")
    return {import_path: definition.partition(":")[0] for import_path, definition in rows if ":" in definition}


class RedirectFault(NamedTuple):
    """What is wrong with a redirect, and where; ``does_more``: it is more than a redirect, not only badly marked."""

    line: int
    description: str
    does_more: bool = False


def judge_redirect(source_tree: SourceTree, path: str, marker: str) -> list[RedirectFault]:
    """Return what is wrong with a module that should only redirect; nothing when it cannot be read.

    It may hold a docstring, imports, ``__all__``, a deprecation warning, and a ``__getattr__`` that serves old names.
    """
    try:
        source = source_tree.read_bytes(path, most_bytes=LARGEST_FILE_BYTES)
    except OSError:
        return []
    tree = parse(source).tree if source else None
    if tree is None:
        return []
    faults = []
    if marker and marker.casefold() not in source.decode("utf-8", "replace").casefold():
        faults.append(RedirectFault(1, f"it does not carry the marker {marker!r}"))
    warned = [call for node in ast.walk(tree) if (call := _find_warning(node)) is not None]
    if not warned:
        faults.append(RedirectFault(1, "it raises no deprecation warning"))
    for call in warned:
        level = _find_stacklevel(call)
        if level is not None and level != 2:
            given = "no stacklevel" if level == 1 else f"the stacklevel {level}"
            fault = f"its warning has {given}: with 2 it names the line of who imports it"
            faults.append(RedirectFault(call.lineno, fault))
    more = next((statement for statement in tree.body if not _may_redirect(statement)), None)
    if more is not None:
        faults.append(RedirectFault(more.lineno, "it does more than redirect", does_more=True))
    return faults


def _find_warning(node: ast.AST) -> ast.Call | None:
    """Return a call of ``warn`` that names a category of deprecation."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] not in {"warn", "warn_explicit"}:
        return None
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    return node if any(ast.unparse(value).rpartition(".")[2] in _WARNINGS for value in given) else None


def _find_stacklevel(call: ast.Call) -> int | None:
    """Return the stack level of a warning, 1 when none is given, None when it is computed."""
    values: Iterable[ast.expr] = [keyword.value for keyword in call.keywords if keyword.arg == "stacklevel"]
    value = next(iter(values), call.args[2] if len(call.args) > 2 else None)
    if value is None:
        return 1
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, int) else None


def _may_redirect(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) or _find_warning(statement.value) is not None
    if isinstance(statement, ast.If):
        return ast.unparse(statement.test) in _TYPE_CHECKING
    if isinstance(statement, ast.FunctionDef):
        return statement.name in {"__getattr__", "__dir__"}
    if isinstance(statement, ast.Assign):
        return isinstance(statement.value, ast.Name | ast.Attribute) or ast.unparse(statement.targets[0]) == "__all__"
    return False


def _check_documented(case: RuleContext) -> Iterator[Finding]:
    rule = "single-source-undocumented"
    homes = _find_definitions(case)
    marked = set(tables.read_column(_keep_marks(case.facts.markers), "path"))
    exported = _find_exported(case)
    for concept in case.concepts:
        if not concept.is_policy or not concept.canonical:
            continue
        definition = _find_canonical(concept.canonical, homes, case)
        if definition not in homes:
            continue
        path, line = homes[definition]
        faults = [] if path in marked else ["no comment or docstring says that it is the single source of truth"]
        if definition.partition(":")[2] not in exported.get(path, ()):
            faults.append("__all__ does not name it")
        if faults:
            message = f"{definition} is the single source of {concept.name}, but in its file {' and '.join(faults)}"
            yield build_finding(rule, "P3", definition, message, [(path, line)])


def _find_definitions(case: RuleContext) -> Mapping[str, tuple[str, int]]:
    homes = case.homes
    columns = ("path", "qualname", "line")
    rows = tables.read_rows(case.facts.definitions, *columns)
    return {f"{homes[path]}:{qualname}": (path, line) for path, qualname, line in rows if path in homes}


def _find_canonical(wanted: str, homes: Mapping[str, object], case: RuleContext) -> str:
    """Return the definition that the policy means, by itself or by an import path."""
    if wanted in homes:
        return wanted
    at = pc.equal(case.identity.paths.column("import_path"), wanted.replace(":", "."))
    return next(iter(tables.read_column(case.identity.paths.filter(at), "definition")), "")


def _keep_marks(markers: pa.Table) -> pa.Table:
    is_ssot = pc.equal(markers.column("kind").cast(pa.string()), "ssot")
    is_said = pc.not_equal(markers.column("place").cast(pa.string()), "code")
    is_exception = pc.match_substring_regex(markers.column("text"), r"(?i)ssot:\s*allow\[")
    return markers.filter(pc.and_(pc.and_(is_ssot, is_said), pc.invert(is_exception)))


def _find_exported(case: RuleContext) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    rows = tables.read_rows(case.facts.exports, "path", "name")
    for path, name in rows:
        found.setdefault(path, set()).add(name)
    return found


_TREE = {"p/__init__.py": "", "p/a.py": "class Order: ...\n"}
_REDIRECT = '[[redirect]]\npaths = ["p.a.Order", "p.old.Order"]\nmarker = "SSOT redirect"\n'
_WARNING = "import warnings\nfrom p.a import Order\nwarnings.warn('use p.a', DeprecationWarning"
_CONCEPT = '[[concept]]\nname = "orders"\nmatch = ["Order"]\ncanonical = "p.a:Order"\n'

RULES = (
    Rule(
        "redirect-unclean", "P2",
        "A module that the policy names as a redirect does more than redirect, or does not say that it is one: no "
        "marker, no deprecation warning, or one that names the wrong line.",
        "Leave in it the import, the marker, and `warnings.warn(…, DeprecationWarning, stacklevel=2)`.",
        _check_redirects,
        bad={**_TREE, "p/old.py": f'"""SSOT redirect."""\n{_WARNING})\nLIMIT = 3\n'},
        good={**_TREE, "p/old.py": f'"""SSOT redirect."""\n{_WARNING}, stacklevel=2)\n__all__ = ["Order"]\n'},
        policy=_REDIRECT,
        breach="policy requirement",
        grades={"P2": "it does more than redirect", "P3": "the marker or the warning is missing or wrong"},
        step=PlanStep(plan_phases.PATHS, 20, "Reduce redirects to the redirect, and mark them as such", minutes=15),
        cause=UNDOCUMENTED,
        needs_policy="redirect",
    ),
    Rule(
        "single-source-undocumented", "P3",
        "The policy names the one class of a concept, and its file does not say so: who reads it cannot know that "
        "there must be no other.",
        "Say it in a comment or docstring (`SSOT: …`), and name the class in `__all__`.",
        _check_documented,
        bad=_TREE,
        good={**_TREE, "p/a.py": '"""SSOT: the one order."""\n__all__ = ["Order"]\nclass Order: ...\n'},
        policy=_CONCEPT,
        breach="policy requirement",
        step=PlanStep(LASTING, 40, "Say in the source which class is the single one", minutes=5), cause=UNDOCUMENTED,
        needs_policy="concept",
    ),
)  # fmt: skip
