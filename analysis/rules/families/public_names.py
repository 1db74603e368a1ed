"""What ``__all__`` lists and the module does not have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from analysis import tables
from analysis.resolve import Module, TargetResolver
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.wording import choose_form, format_count, format_some


def find_lacking(case: RuleContext) -> dict[str, dict[str, Place]]:
    """Return the names that a literal ``__all__`` surely lists and its module does not have, by module.

    Modules that may get names in ways that cannot be seen are given the benefit of the doubt.
    """
    found: dict[str, dict[str, Place]] = defaultdict(dict)
    if case.resolver is None:
        return found
    for path, line, name, operation, guard in tables.read_rows(
        case.facts.exports, "path", "line", "name", "operation", "guard"
    ):
        module = case.resolver.index.find_importer(path)
        is_sure = operation in {"assign", "add"} and guard == "none" and name.isidentifier()
        if module is not None and is_sure and _lacks(case.resolver, module, name):
            found[module.name].setdefault(name, (path, line))
    return found


def _lacks(resolver: TargetResolver, module: Module, name: str) -> bool:
    if not resolver.index.is_importable(module) or (name.startswith("__") and name.endswith("__")):
        return False
    names = resolver.names
    is_listed = names.stars.is_listed(module) and name in names.stars.listed(module)
    return is_listed and not names.stars.binds(module, name) and resolver.is_nowhere(module, name)


def find_stars(case: RuleContext) -> Mapping[str, list[tuple[str, int, bool]]]:
    """Return the star imports of each module: file, line, and whether they run on import."""
    found: dict[str, list[tuple[str, int, bool]]] = defaultdict(list)
    columns = ("imported", "path", "line", "kind", "scope", "is_ancestor", "liveness")
    for imported, path, line, kind, scope, is_ancestor, liveness in tables.read_rows(case.graph.edges, *columns):
        if kind == "star" and not is_ancestor and liveness != "never" and scope in {"module", "class"}:
            found[imported].append((path, line, liveness == "always"))
    return found


def find_lacking_stars(case: RuleContext) -> set[Place]:
    """Return the star imports that fail as the module's own list names what it does not have."""
    lacking = find_lacking(case)
    stars = find_stars(case) if lacking else {}
    return {(path, line) for module in lacking for path, line, _ in stars.get(module, ())}


def _check_lacking(case: RuleContext) -> Iterator[Finding]:
    lacking = find_lacking(case)
    stars = find_stars(case) if lacking else {}
    for module, names in sorted(lacking.items()):
        taken = stars.get(module, [])
        if any(runs and path in case.simulated_well for path, _, runs in taken):
            continue  # it has them all the same
        lists = f"__all__ of {module} lists {format_some(sorted(names))}, which {module} does not have"
        takes = choose_form(len(taken), "fails", "fail")
        fails = f": {format_count(len(taken), 'star import')} of it {takes} with an AttributeError" if taken else ""
        unused = "" if taken else ": a star import of it would fail with an AttributeError"
        places = [*names.values(), *((path, line) for path, line, _ in taken)]
        severity = "P1" if taken else "P2"
        yield build_finding(
            "all-lists-missing-name", severity, module, f"{lists}{fails}{unused}", places, sorted(names)
        )


def _check_lazy(case: RuleContext) -> Iterator[Finding]:
    rows = tables.read_rows(case.facts.hooks, "path", "line", "kind", "name", "value")
    found: dict[str, dict[str, tuple[Place, str]]] = defaultdict(dict)
    for path, line, kind, name, value in rows:
        module = case.target_resolver.index.find_importer(path)
        is_meant = kind == "module_getattr" and name.isidentifier() and ":" in value
        source = _find_empty_source(case.target_resolver, module, value) if module is not None and is_meant else ""
        if module is not None and source:
            found[module.name].setdefault(name, ((path, line), source))
    for shown, names in sorted(found.items()):
        lacking = "; ".join(f"{name} {source}" for name, (_, source) in sorted(names.items())[:3])
        more = f", and {len(names) - 3:,} more" if len(names) > 3 else ""
        gives = choose_form(len(names), "a name", "names")
        message = (
            f"{shown} serves {gives} on demand that {choose_form(len(names), 'is', 'are')} not there: {lacking}{more}. "
            "Whoever asks for it gets an error, and a star import fails"
        )
        places = sorted({place for place, _ in names.values()})
        yield build_finding("lazy-name-missing", "P2", shown, message, places, sorted(names))


def _find_empty_source(resolver: TargetResolver, module: Module, value: str) -> str:
    """Return what is wrong with what serves a name, in words: the module is missing, or has no such name; else empty.

    ``value`` has the alternatives as ``.module:name``; one that may have the name is enough.
    """
    wrong = ""
    for each in value.split("|"):
        written, _, name = each.partition(":")
        plain = written.lstrip(".")
        absolute, target = resolver.imports.find_written(module, len(written) - len(plain), plain)
        if target is None:
            is_own = bool(absolute) and resolver.imports.is_missing(module, absolute)
            wrong = wrong or (f"from {absolute}, which does not exist" if is_own else "")
        elif resolver.is_nowhere(target.module, name):
            wrong = f"from {absolute}, which has no {name}"
        else:
            return ""
    return wrong


_TREE = {"shop/__init__.py": "", "shop/use.py": "from shop.names import *\n"}

_LAZY = (
    "from importlib import import_module\n\n_WHERE = {{{}}}\n\ndef __getattr__(name):\n    if name in _WHERE:\n"
    "        return getattr(import_module(_WHERE[name], __name__), name)\n    raise AttributeError(name)\n"
)

RULES = (
    Rule(
        "lazy-name-missing", "P2",
        "A module serves names on demand (`__getattr__` with a table, `lazy_loader`, a lazy module in its own place), "
        "and the module from which one of them comes does not exist or has no such name. Nothing fails until somebody "
        "asks for it.",
        "Correct the table, or restore the name.",
        _check_lazy,
        bad={
            "shop/__init__.py": _LAZY.format("'Order': '.order', 'Bill': '.order'"),
            "shop/order.py": "class Order: ...\n",
        },
        good={
            "shop/__init__.py": _LAZY.format("'Order': '.order'"), "shop/order.py": "class Order: ...\n",
        },
        step=PlanStep(ENTRY_POINTS, 51, "Serve only names that are there", minutes=5), cause=UNCHECKED_IMPORTS,
    ),
    Rule(
        "all-lists-missing-name", "P1",
        "__all__ lists a name that its module neither binds nor has as a submodule. A star import fails with an "
        "AttributeError, and tools that read __all__ document what is not there.",
        "Import or define the name in that module, or take it off the list.",
        _check_lacking,
        bad={**_TREE, "shop/names.py": '__all__ = ["Order", "Invoice"]\nclass Order: ...\n'},
        good={**_TREE, "shop/names.py": '__all__ = ["Order"]\nclass Order: ...\n'},
        grades={"P1": "the target has a star import of the module", "P2": "nobody takes all of it"},
        step=PlanStep(ENTRY_POINTS, 35, "Correct the lists of public names", minutes=5), cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip
