"""The dependencies that a target declares for tach, read as they are; nothing of tach is run."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from analysis.contracts.module_imports import compile_expression
from analysis.contracts.tach_domains import add_domains
from analysis.contracts.terms import Contract, ContractError, Dependencies, Offered, Scope, Unit
from analysis.facts.source_tree import SourceTree

_FILE, _PROJECT = "tach.toml", "pyproject.toml"
_MOST_BYTES = 4_000_000
#: Keys that say nothing about imports between the modules, or that are read.
_READ = frozenset({
    "modules", "interfaces", "layers", "cache", "external", "map", "exclude", "source_roots", "exact",
    "ignore_type_checking_imports", "forbid_circular_dependencies", "layers_explicit_depends_on", "respect_gitignore",
    "root_module", "rules", "use_regex_matching",
})  # fmt: skip
_UNIT_KEYS = frozenset({
    "path", "paths", "depends_on", "cannot_depend_on", "depends_on_external", "cannot_depend_on_external", "layer",
    "visibility", "utility", "unchecked",
})  # fmt: skip
_NAME = "dependencies of tach"


def read_tach_contracts(tree: SourceTree) -> list[Contract]:
    """Return the one contract of a target that uses tach; its ``problem`` says what of it is not read."""
    for path in (_FILE, _PROJECT):
        try:
            document = tomllib.loads(tree.read_bytes(path, most_bytes=_MOST_BYTES).decode("utf-8-sig"))
        except OSError:
            continue
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            if path == _FILE:
                return [Contract(_NAME, path, 1, None, problem=f"it is no TOML: {error}")]
            continue
        found = document if path == _FILE else document.get("tool", {}).get("tach")
        if found:
            return [_build(tree, path, found)]
    return []


def _build(tree: SourceTree, path: str, options: Mapping[str, Any]) -> Contract:
    roots = options.get("source_roots", ["."])
    scope = Scope(
        type_checking=not options.get("ignore_type_checking_imports", True), tests=True, dynamic=False, dead=True,
        external=False, excluded=tuple(str(each) for each in options.get("exclude", ("tests", "docs"))),
        folders=tuple("" if root == "." else str(root).strip("/") for root in roots),
    )  # fmt: skip
    try:
        terms = _build_terms(add_domains(tree, options, scope))
    except ContractError as error:
        return Contract(_NAME, path, 1, None, scope=scope, problem=str(error))
    except (AttributeError, KeyError, TypeError) as error:
        return Contract(_NAME, path, 1, None, scope=scope, problem=f"it is not of the form that is known: {error!r}")
    return Contract(_NAME, path, 1, terms, scope=scope, mark="tach-ignore")


def _build_terms(options: Mapping[str, Any]) -> Dependencies:
    unread = sorted(options.keys() - _READ)
    if unread:
        raise ContractError(f"{unread[0]} is not read")
    if options.get("use_regex_matching"):
        raise ContractError("use_regex_matching is not read")
    if options.get("root_module", "ignore") != "ignore":
        raise ContractError(f"root_module = {options['root_module']!r} is not read")
    layers = tuple(each if isinstance(each, str) else str(each["name"]) for each in options.get("layers", ()))
    units = tuple(unit for each in options.get("modules", ()) for unit in _build_units(each, layers))
    offered = tuple(_build_offered(each) for each in options.get("interfaces", ()))
    _refuse_twice(units)
    if options.get("forbid_circular_dependencies"):
        _refuse_cycles(units)
    _refuse_hidden(options.get("modules", ()))
    return Dependencies(units, layers, bool(options.get("layers_explicit_depends_on")), offered)


def _build_units(options: Mapping[str, Any], layers: Iterable[str]) -> Iterator[Unit]:
    unread = sorted(options.keys() - _UNIT_KEYS)
    if unread:
        raise ContractError(f"{unread[0]} of a module is not read")
    layer = str(options.get("layer") or "")
    if layer and layer not in layers:
        raise ContractError(f"there is no layer {layer!r}")
    needs = options.get("depends_on")
    forbids = _list_paths(options.get("cannot_depend_on") or ())
    for path in _list_own(options):
        yield Unit(
            path, None if needs is None else _list_paths(needs), forbids, layer, bool(options.get("utility")),
            bool(options.get("unchecked")),
        )  # fmt: skip


def _list_own(options: Mapping[str, Any]) -> list[str]:
    """Return the modules for which one entry speaks."""
    return [str(path) for path in (options["paths"] if "paths" in options else [options["path"]])]


def _list_paths(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(value if isinstance(value, str) else str(value["path"]) for value in values)


def _build_offered(options: Mapping[str, Any]) -> Offered:
    unread = sorted(options.keys() - {"expose", "from", "visibility", "data_types"})
    if unread or options.get("data_types", "all") != "all":
        raise ContractError(f"{unread[0] if unread else 'data_types'} of an interface is not read")
    takers = options.get("visibility")
    for pattern in (*options["expose"], *options.get("from", ())):
        try:
            re.compile(pattern)
        except re.error:
            raise ContractError(f"{pattern!r} is no regular expression") from None
    return Offered(
        tuple(options.get("from", (".*",))), tuple(options["expose"]), None if takers is None else tuple(takers)
    )  # fmt: skip


def _refuse_twice(units: Iterable[Unit]) -> None:
    """Raise where a module is declared twice: tach judges nothing then."""
    counts = Counter(unit.name for unit in units)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        raise ContractError(f"it declares {twice[0]} twice")


def _refuse_cycles(units: Iterable[Unit]) -> None:
    """Raise where the declared dependencies form a cycle: tach judges nothing then."""
    waiting = {unit.name: set(unit.needs or ()) for unit in units}
    _refuse_wildcards(waiting, "forbid_circular_dependencies")
    while waiting:
        done = {name for name, needs in waiting.items() if not needs & waiting.keys()}
        if not done:
            raise ContractError(f"the dependencies that it declares form a cycle with {min(waiting)}")
        waiting = {name: needs for name, needs in waiting.items() if name not in done}


def _refuse_wildcards(names: Iterable[str], key: str) -> None:
    named = sorted(name for name in names if "*" in name)
    if named:
        raise ContractError(f"{key} is not read with modules named by wildcards, as {named[0]}")


def _refuse_hidden(modules: Iterable[Mapping[str, Any]]) -> None:
    """Raise where a module declares one that it may not see: tach judges nothing then."""
    listed = [(path, each) for each in modules for path in _list_own(each)]
    visible = {path: each["visibility"] for path, each in listed if each.get("visibility", ["*"]) != ["*"]}
    _refuse_wildcards(visible, "visibility")
    for path, each in listed:
        for needed in _list_paths(each.get("depends_on") or ()):
            if needed in visible:
                _refuse_wildcards([path], "visibility")
                if not any(_sees(pattern, path) for pattern in visible[needed]):
                    raise ContractError(f"{path} declares {needed}, which is not visible to it")


def _sees(pattern: str, name: str) -> bool:
    return compile_expression(pattern).fullmatch(name) is not None
