"""Parts of a configuration of tach that stand beside the code which they are about: files ``tach.domain.toml``.

What they name is relative to their folder, as a dotted name below its source root; ``//`` makes a name absolute.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from analysis.contracts.module_imports import lies_within
from analysis.contracts.terms import ContractError, Scope
from analysis.facts.source_tree import SourceTree

_FILE, _SELF = "tach.domain.toml", "<domain_root>"
_MOST_BYTES, _MOST_FOLDERS = 4_000_000, 20_000
_KEYS = frozenset({"root", "modules", "interfaces"})
#: Keys of a module or an interface whose values name modules.
_NAMING = ("depends_on", "cannot_depend_on", "visibility")


def add_domains(tree: SourceTree, options: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """Return a configuration with the modules and interfaces of all domains below its source roots.

    Raises ``ContractError`` where tach refuses to read one of them.
    """
    modules, interfaces = list(options.get("modules", ())), list(options.get("interfaces", ()))
    for root in scope.folders:
        for folder in _find_domains(tree, root, scope):
            domain = _read_domain(tree, folder)
            if folder == root:
                raise ContractError(f"{_join(folder, _FILE)} lies in a source root")
            if sum(not each or folder.startswith(f"{each}/") for each in scope.folders) > 1:
                raise ContractError(f"{_join(folder, _FILE)} lies in two source roots, and is read twice")
            name = folder[len(root) :].strip("/").replace("/", ".")
            modules += [_place_module(each, name) for each in domain.get("modules", ())]
            modules += [{**_place_needs(domain["root"], name), "path": name}] if "root" in domain else []
            interfaces += [_place_interface(each, name) for each in domain.get("interfaces", ())]
    return {**options, "modules": modules, "interfaces": interfaces}


def _find_domains(tree: SourceTree, root: str, scope: Scope) -> Iterator[str]:
    """Yield the folders that have a domain, of those that are not excluded; links are not followed."""
    waiting = [root]
    for _ in range(_MOST_FOLDERS):
        if not waiting:
            return
        folder = waiting.pop()
        try:
            entries = sorted(tree.list_folder(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = _join(folder, entry.name)
            if entry.name.startswith(".") or not lies_within(path, scope):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif entry.name == _FILE:
                yield folder
    raise ContractError(f"there are more than {_MOST_FOLDERS:,} folders in which a {_FILE} may lie")


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _read_domain(tree: SourceTree, folder: str) -> dict[str, Any]:
    path = _join(folder, _FILE)
    try:
        domain = tomllib.loads(tree.read_bytes(path, most_bytes=_MOST_BYTES).decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ContractError(f"{path} cannot be read: {error}") from None
    unread = sorted(domain.keys() - _KEYS)
    if unread:
        raise ContractError(f"{unread[0]} in {path} is not read")
    if "path" in domain.get("root", ()) or "paths" in domain.get("root", ()):
        raise ContractError(f"the root of {path} has no path of its own")
    return domain


def _place_module(options: Mapping[str, Any], domain: str) -> dict[str, Any]:
    """Return a module with the names that its domain gives it, and what it names."""
    if "paths" in options:
        paths = [f"{domain}.{path}" for path in options["paths"]]
        return {**_place_needs(options, domain), "paths": paths}
    return {**_place_needs(options, domain), "path": f"{domain}.{options['path']}"}


def _place_needs(options: Mapping[str, Any], domain: str) -> dict[str, Any]:
    return {**options, **{key: _place_all(options[key], domain) for key in _NAMING if options.get(key) is not None}}


def _place_all(values: Iterable[Any], domain: str) -> list[Any]:
    return [
        _resolve(each, domain) if isinstance(each, str) else {**each, "path": _resolve(each["path"], domain)}
        for each in values
    ]


def _place_interface(options: Mapping[str, Any], domain: str) -> dict[str, Any]:
    placed = {**options, "from": [_place(each, domain) for each in options.get("from", (".*",))]}
    if options.get("visibility") is not None:
        placed["visibility"] = _place_all(options["visibility"], domain)
    return placed


def _resolve(name: str, domain: str) -> str:
    return name[2:] if name.startswith("//") else _place(name, domain)


def _place(name: str, domain: str) -> str:
    return domain if name == _SELF else f"{domain}.{name}"
