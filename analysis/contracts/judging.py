"""Which imports break a contract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from analysis.contracts.declared import judge_dependencies
from analysis.contracts.module_imports import ModuleImports, Place
from analysis.contracts.terms import (
    AcyclicSiblings,
    Breach,
    Contract,
    ContractError,
    Dependencies,
    Forbidden,
    Independence,
    Interface,
    Layer,
    LayerMember,
    Layers,
    Protected,
)
from analysis.graph.components import find_strong_components
from analysis.wording import format_some


def judge_contract(contract: Contract, imports: ModuleImports) -> list[Breach]:
    """Return what breaks a contract, sorted; ``imports`` are those of its scope.

    Raises ``ContractError`` for one that cannot be judged: it names a module that does not exist, its terms were not
    read, or it leaves out imports that are not there.
    """
    if contract.problem or contract.terms is None:
        raise ContractError(contract.problem)
    left, unmatched = imports.leave_out(contract.ignores)
    if unmatched and contract.unmatched == "error":
        raise ContractError(f"its ignore_imports names what no module imports: {format_some(unmatched)}")
    judge = _JUDGES[type(contract.terms)]
    return sorted(set(judge(contract.terms, left)))


def _judge_layers(terms: Layers, imports: ModuleImports) -> Iterator[Breach]:
    containers = [name for expression in terms.containers for name in imports.match(expression)]
    for container in sorted(set(containers)) if terms.containers else [""]:
        yield from _judge_container(terms, container, imports)


def _judge_container(terms: Layers, container: str, imports: ModuleImports) -> Iterator[Breach]:
    if container and container not in imports:
        raise ContractError(f"there is no container {container}")
    prefix = f"{container}." if container else ""
    heights: dict[str, int] = {}
    for height, layer in enumerate(terms.layers):
        for member in layer.members:
            name = prefix + member.name
            if name in imports:
                heights[name] = height
            elif not member.is_optional:
                raise ContractError(f"there is no module {name}, which is a layer of it")
    if terms.is_exhaustive and container:
        known = {member.name for layer in terms.layers for member in layer.members} | set(terms.exhaustive_ignores)
        for child in imports.find_children(container):
            if child.rpartition(".")[2] not in known:
                yield Breach(child, container, (child,), (), f"{child} is in no layer, and the contract is exhaustive")
    yield from _find_upwards(terms.layers, heights, imports)


def _find_upwards(
    layers: tuple[Layer, ...], heights: Mapping[str, int], imports: ModuleImports
) -> Iterator[Breach]:  # fmt: skip
    """Yield the ways from a module of a layer to one of a higher layer, or to a sibling that it may not import.

    Ways through a third layer are left out: one of their parts is a breach itself.
    """
    owners = {name: member for member in heights for name in imports.find_below(member)}
    for member in sorted(heights):
        own = set(imports.find_below(member))
        direct: dict[str, list[Place]] = defaultdict(list)
        for importer in sorted(own):
            for imported in imports.following.get(importer, ()):
                direct[owners.get(imported, "")] += imports.list_places(importer, imported)
        ways = imports.find_ways(own, owners.keys() - own)
        reached: dict[str, str] = {}
        for name in ways:
            if name not in own and name in owners:
                reached.setdefault(owners[name], name)
        for other, name in sorted(reached.items()):
            is_sibling = heights[other] == heights[member] and layers[heights[other]].is_independent
            if heights[other] < heights[member] or is_sibling:
                yield _describe(imports, member, other, _trace(ways, name), direct.get(other, []))


def _describe(
    imports: ModuleImports, importer: str, imported: str, chain: tuple[str, ...], direct: Iterable[Place]
) -> Breach:  # fmt: skip
    """Return a breach with the statements that import directly, or those of a chain where none does."""
    places = sorted(set(direct))
    if not places:
        places = [imports.list_places(*link)[0] for link in pairwise(chain)]
    return Breach(importer, imported, chain, tuple(places))


def _trace(ways: Mapping[str, str], name: str) -> tuple[str, ...]:
    chain = [name]
    while ways[chain[-1]] != chain[-1]:
        chain.append(ways[chain[-1]])
    return tuple(reversed(chain))


def _judge_independence(terms: Independence, imports: ModuleImports) -> Iterator[Breach]:
    names = sorted({name for expression in terms.modules for name in imports.match(expression)})
    _check_known(names, imports)
    layer = Layer(tuple(LayerMember(name) for name in names))
    yield from _find_upwards((layer,), dict.fromkeys(names, 0), imports)


def _check_known(names: Iterable[str], imports: ModuleImports) -> None:
    missing = sorted(name for name in names if name not in imports)
    if missing:
        raise ContractError(f"there is no module {missing[0]}")


def _judge_forbidden(terms: Forbidden, imports: ModuleImports) -> Iterator[Breach]:
    sources = sorted({name for expression in terms.sources for name in imports.match(expression)})
    goals = sorted({name for expression in terms.forbidden for name in imports.match(expression)})
    _check_known(sources, imports)
    roots = {name.partition(".")[0] for name in imports.names}
    _check_known([goal for goal in goals if goal.partition(".")[0] in roots], imports)
    # Each search goes over all imports: it starts from the side with fewer modules.
    backwards = len(goals) < len(sources)
    for start in goals if backwards else sources:
        own = set(_extend(start, imports, terms.as_packages))
        ways = imports.find_ways(own, backwards=backwards) if own else {}
        for end in sources if backwards else goals:
            source, goal = (end, start) if backwards else (start, end)
            if end in imports and not _overlap(source, goal, terms.as_packages):
                yield from _find_forbidden(terms, imports, source, goal, (ways, backwards))


def _find_forbidden(
    terms: Forbidden, imports: ModuleImports, source: str, goal: str, search: tuple[Mapping[str, str], bool]
) -> Iterator[Breach]:  # fmt: skip
    ways, backwards = search
    sources, goals = (set(_extend(name, imports, terms.as_packages)) for name in (source, goal))
    direct = [
        (importer, imported)
        for importer in sorted(sources)
        for imported in imports.following.get(importer, ())
        if imported in goals
    ]
    places = [place for pair in direct for place in imports.list_places(*pair)]
    if direct:
        yield _describe(imports, source, goal, direct[0], places)
    elif not terms.allows_indirect:
        found = [_trace(ways, name) for name in sorted(sources if backwards else goals) if name in ways]
        if found:
            chain = min(found, key=lambda each: (len(each), each))
            yield _describe(imports, source, goal, tuple(reversed(chain)) if backwards else chain, ())


def _extend(name: str, imports: ModuleImports, as_packages: bool) -> list[str]:
    return imports.find_below(name) if as_packages else [name] if name in imports else []


def _overlap(first: str, second: str, as_packages: bool) -> bool:
    return first == second or (
        as_packages and (first.startswith(f"{second}.") or second.startswith(f"{first}."))
    )  # fmt: skip


def _judge_protected(terms: Protected, imports: ModuleImports) -> Iterator[Breach]:
    importers = {name for expression in terms.importers for name in imports.match(expression)}
    chosen = sorted({name for expression in terms.modules for name in imports.match(expression)})
    _check_known([*chosen, *(importers if terms.as_packages else ())], imports)
    allowed = {name for found in importers for name in _extend(found, imports, terms.as_packages)}
    for protected in chosen:
        own = set(_extend(protected, imports, terms.as_packages))
        found = [
            (importer, imported)
            for imported in sorted(own)
            for importer in imports.importers.get(imported, ())
            if importer not in allowed and importer not in own
        ]
        for importer, imported in found:
            yield _describe(
                imports, importer, protected, (importer, imported), imports.list_places(importer, imported)
            )  # fmt: skip


def _judge_siblings(terms: AcyclicSiblings, imports: ModuleImports) -> Iterator[Breach]:
    ancestors = sorted({name for expression in terms.ancestors for name in imports.match(expression)})
    _check_known(ancestors, imports)
    skipped = {name for expression in terms.skipped for name in imports.match(expression)}
    for ancestor in ancestors:
        yield from find_tangles(imports, ancestor, terms.depth, skipped)


def find_tangles(
    imports: ModuleImports, ancestor: str, depth: int, skipped: Collection[str] = ()
) -> Iterator[Breach]:  # fmt: skip
    """Yield the cycles between the children of a package (empty: between all first components), and below, to a depth.

    A child stands for all below it. The statements are those of the direction with the fewest.
    """
    level, waiting = 0, [ancestor]
    while waiting and level <= depth:
        below = []
        for package in waiting:
            children = _list_children(imports, package)
            if len(children) > 1:
                yield from _find_cycles(imports, package, children)
            below += [child for child in children if child not in skipped]
        level, waiting = level + 1, below


def _list_children(imports: ModuleImports, package: str) -> list[str]:
    if package:
        return imports.find_children(package)
    return sorted({name.partition(".")[0] for name in imports.names})


def _find_cycles(imports: ModuleImports, package: str, children: list[str]) -> Iterator[Breach]:
    homes = {name: child for child in children for name in imports.find_below(child)}
    between: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for importer, home in homes.items():
        for imported in imports.following.get(importer, ()):
            other = homes.get(imported, home)
            if other != home:
                between[home, other] += imports.list_places(importer, imported)
    following: dict[str, list[str]] = defaultdict(list)
    for home, other in sorted(between):
        following[home].append(other)
    for found in sorted(find_strong_components(following)):
        inside = {pair: places for pair, places in between.items() if pair[0] in found and pair[1] in found}
        (importer, imported), places = min(inside.items(), key=lambda item: (len(item[1]), item[0]))
        where = f"of {package}" if package else "at the top"
        words = f"the packages {format_some(found)} {where} import each other in a cycle"
        yield Breach(importer, imported, tuple(found), tuple(sorted(set(places))), words)


def _judge_interface(terms: Interface, imports: ModuleImports) -> Iterator[Breach]:
    _check_known([terms.package], imports)
    own = set(imports.find_below(terms.package))
    offered = {f"{terms.package}.{name}" for name in terms.names}
    for importer, imported, place, name, scope in _list_takers(imports, own):
        if terms.type_hints_only:
            if scope != "type_checking":
                words = f"{importer} imports {imported} at run time, and {terms.package} is for type hints only"
                yield Breach(importer, imported, (importer, imported), (place,), words)
            continue
        taken = f"{imported}.{name}" if name else imported
        if taken != terms.package and not _is_offered(taken, imported, offered):
            yield Breach(
                importer, taken, (importer, imported), (place,),
                f"{importer} takes {taken}, which {terms.package} does not offer",
            )  # fmt: skip


def _list_takers(imports: ModuleImports, own: Collection[str]) -> Iterator[tuple[str, str, Place, str, str]]:
    for imported in sorted(own):
        for importer in imports.importers.get(imported, ()):
            if importer not in own:
                for place, name, scope in imports.statements[importer][imported]:
                    is_submodule = bool(name) and imported.endswith(f".{name}")
                    yield importer, imported, place, "" if is_submodule else name, scope


def _is_offered(taken: str, imported: str, offered: Collection[str]) -> bool:
    """Return whether a name, or a module around it, is one of those that a package offers."""
    return any(taken == name or taken.startswith(f"{name}.") or imported == name for name in offered)


_JUDGES: Mapping[type, Any] = {
    Layers: _judge_layers, Forbidden: _judge_forbidden, Independence: _judge_independence,
    Protected: _judge_protected, AcyclicSiblings: _judge_siblings, Interface: _judge_interface,
    Dependencies: judge_dependencies,
}  # fmt: skip
