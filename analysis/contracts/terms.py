"""What contracts say: their terms, whichever file states them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

#: What an expression of ``ignore_imports`` that matches no import is: a fault of the contract, or nothing.
Alert = Literal["error", "warn", "none"]


class ContractError(ValueError):
    """A contract that cannot be judged; the text says why."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which imports count.

    ``dynamic``: those by ``import_module`` too; ``dead``: those that run on no supported platform too; ``roots`` are
    the packages whose modules count, by default all; ``plain_packages``: modules in folders without ``__init__.py``
    do not. ``excluded`` are glob patterns of paths whose imports do not count, ``folders`` those in which files must
    lie.
    """

    type_checking: bool = True
    deferred: bool = True
    tests: bool = False
    dynamic: bool = True
    dead: bool = False
    external: bool = True
    roots: tuple[str, ...] = ()
    plain_packages: bool = False
    excluded: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LayerMember:
    """One module of a layer, with all below it; an optional one may be missing."""

    name: str
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """Modules of one height; independent ones may not import each other."""

    members: tuple[LayerMember, ...]
    is_independent: bool = True


@dataclass(frozen=True, slots=True)
class Layers:
    """A module imports from lower layers only; the highest comes first. Names are relative to each container."""

    layers: tuple[Layer, ...]
    containers: tuple[str, ...] = ()
    is_exhaustive: bool = False
    exhaustive_ignores: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The sources import none of the forbidden modules, and nothing that leads to one unless that is allowed."""

    sources: tuple[str, ...]
    forbidden: tuple[str, ...]
    allows_indirect: bool = False
    as_packages: bool = True


@dataclass(frozen=True, slots=True)
class Independence:
    """The modules import each other in no direction, not even through others."""

    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Protected:
    """Only the importers named, and the modules themselves, import them."""

    modules: tuple[str, ...]
    importers: tuple[str, ...]
    as_packages: bool = True


@dataclass(frozen=True, slots=True)
class AcyclicSiblings:
    """No cycle between the children of a package, nor between theirs, down to a depth."""

    ancestors: tuple[str, ...]
    depth: int = 10
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interface:
    """From outside a package only its names (relative to it) are taken; or it is imported for type hints only."""

    package: str
    names: tuple[str, ...]
    type_hints_only: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """A module, with all below it that is in no unit of its own, and what it may depend on.

    ``needs`` are expressions; None allows everything. A unit of a layer may use those of lower layers anyhow. Who is a
    utility may be used by all; the code of an unchecked one may do anything.
    """

    name: str
    needs: tuple[str, ...] | None = None
    forbids: tuple[str, ...] = ()
    layer: str = ""
    is_utility: bool = False
    is_unchecked: bool = False


@dataclass(frozen=True, slots=True)
class Offered:
    """What of some units may be taken: patterns of names relative to them; by ``takers`` only, by default by all."""

    units: tuple[str, ...]
    names: tuple[str, ...]
    takers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Each unit imports only from those that it declares, from lower layers, and what is offered."""

    units: tuple[Unit, ...]
    layers: tuple[str, ...] = ()
    layers_are_declared: bool = False
    offered: tuple[Offered, ...] = ()


Terms = Layers | Forbidden | Independence | Protected | AcyclicSiblings | Interface | Dependencies


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract, and where it stands. ``problem`` says why its terms could not be read, if so.

    ``mark`` is the comment by which a line, or the line above it, is let pass.
    """

    name: str
    path: str
    line: int
    terms: Terms | None
    severity: str = "P2"
    ignores: tuple[str, ...] = ()
    unmatched: Alert = "error"
    scope: Scope = Scope()
    problem: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Breach:
    """Imports that a contract does not allow: from which side to which, by which modules, and where they stand.

    ``chain`` are the modules from the importer to the imported one; more than two where it leads through others. All
    statements are counted in ``places``; of a chain those of its links.
    """

    importer: str
    imported: str
    chain: tuple[str, ...]
    places: tuple[tuple[str, int], ...]
    words: str = ""


def parse_layer(text: str) -> Layer:
    """Return a layer as import-linter writes it: ``a``, ``a | b`` (independent), ``a : b``, ``(a)`` (optional)."""
    if "|" in text and ":" in text:
        raise ContractError(f"the layer {text!r} mixes | and :")
    parts = [part.strip() for part in text.split(":" if ":" in text else "|")]
    members = tuple(_parse_member(part) for part in parts)
    if len({member.name for member in members}) < len(members):
        raise ContractError(f"the layer {text!r} names a module twice")
    return Layer(members, ":" not in text)


def _parse_member(text: str) -> LayerMember:
    is_optional = text.startswith("(") and text.endswith(")")
    return LayerMember(text[1:-1].strip() if is_optional else text, is_optional)


def parse_layers(texts: Sequence[str]) -> tuple[Layer, ...]:
    """Return layers; raises ``ContractError`` where a module is in two of them."""
    layers = tuple(parse_layer(text) for text in texts)
    seen: set[str] = set()
    for layer in layers:
        names = {member.name for member in layer.members}
        if seen & names:
            raise ContractError(f"{min(seen & names)} is in more than one layer")
        seen |= names
    return layers
