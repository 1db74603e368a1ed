"""What ``[target] packages`` chooses: the modules that findings are about, and which findings are about them.

Facts, graph and names are always built of the whole target, so that a cycle through other packages, and an importer in
one, are seen. A finding is about the chosen packages when one of its places lies in a file of theirs, or its subject
does. What cites no place is about the policy itself and stays, unless its subject is a module of another package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

import pyarrow as pa

from analysis import tables
from analysis.errors import PolicyError
from analysis.policy import Policy
from analysis.policy.reading import find_place
from analysis.rules.finding import Evidence, Finding

#: How the paths of files beside the target begin.
_BESIDE = "../"


@dataclass(frozen=True, slots=True)
class ChosenCode:
    """The code that findings are about.

    ``packages`` are the names in the policy, ``modules`` all names of modules in them, ``paths`` their files, and
    ``folders`` the folders of those that are packages, with a slash at the end. ``known`` are all modules of the tree.
    """

    packages: tuple[str, ...]
    modules: frozenset[str]
    paths: frozenset[str]
    folders: tuple[str, ...]
    known: frozenset[str]

    def has_module(self, name: str) -> bool:
        """Return whether a dotted name is a chosen package or lies in one; ``apple`` does not lie in ``app``."""
        return any(name == package or name.startswith(f"{package}.") for package in self.packages)

    def has_path(self, path: str) -> bool:
        """Return whether a file belongs to a chosen package, also one that is not there any more."""
        return path in self.paths or path.startswith(self.folders)

    def has_subject(self, subject: str, paths: Iterable[str]) -> bool:
        """Return whether a finding with a subject and the paths of its places is about the chosen packages."""
        cited = list(paths)
        if any(map(self.has_path, [*cited, subject])):
            return True
        module = subject.partition(":")[0]
        if cited:  # a name without a dot may be that of a class, which some package happens to share
            return ("." in module or ":" in subject) and self.has_module(module)
        return self.has_module(module) or module not in self.known

    def has_finding(self, finding: Finding) -> bool:
        """Return whether a finding is about the chosen packages."""
        return self.has_subject(finding.subject, (path for path, _ in finding.cited))

    def order_places(self, finding: Finding) -> Finding:
        """Return a finding with its places in the order in which they are shown."""
        return finding


@dataclass(frozen=True, slots=True)
class OwnCode(ChosenCode):
    """The code of the target where code beside it takes part; ``beside`` are the modules of the latter."""

    beside: frozenset[str] = frozenset()

    def has_module(self, name: str) -> bool:
        """Return whether a dotted name is none of a module beside the target, nor lies in one."""
        while name and name not in self.modules:
            if name in self.beside:
                return False
            name = name.rpartition(".")[0]
        return True

    def has_path(self, path: str) -> bool:
        """Return whether a file lies below the target."""
        return not path.startswith(_BESIDE)

    def has_subject(self, subject: str, paths: Iterable[str]) -> bool:
        """Return whether a finding with a subject and the paths of its places cites the target, or nothing at all."""
        cited = list(paths)
        return any(map(self.has_path, cited)) if cited else self.has_module(subject.partition(":")[0])

    def order_places(self, finding: Finding) -> Finding:
        """Return a finding with its places in the target first."""
        cited = sorted(finding.cited, key=lambda place: not self.has_path(place[0]))
        shown = sorted(finding.evidence, key=lambda place: not self.has_path(place.path))
        if cited and shown and not self.has_path(shown[0].path):  # the first ones that are shown are all beside it
            shown = [Evidence(*cited[0]), *shown[:-1]]
        return replace(finding, cited=tuple(cited), evidence=tuple(shown))


def choose_code(packages: Sequence[str], modules: pa.Table, siblings: pa.Table | None = None) -> ChosenCode | None:
    """Return what findings are about, from the table ``modules``: the packages of a policy, if it names some.

    Without packages it is the target without the ``siblings`` beside it; None where there are none either.
    """
    if not packages:
        if siblings is None or not siblings.num_rows:
            return None
        inside = frozenset(tables.read_column(modules, "module"))
        beside = frozenset(tables.read_column(siblings, "module"))
        return OwnCode((), inside, frozenset(), (), inside | beside, beside)
    rows = list(tables.read_rows(modules, "module", "path", "kind"))
    names = frozenset(row[0] for row in rows)
    chosen = ChosenCode(tuple(packages), frozenset(), frozenset(), (), names)
    own = [row for row in rows if chosen.has_module(row[0])]
    folders = {path if kind == "namespace" else f"{PurePosixPath(path).parent}/" for _, path, kind in own
               if kind in {"package", "namespace"}} - {"./"}  # fmt: skip
    return replace(
        chosen,
        modules=frozenset(module for module, _, _ in own),
        paths=frozenset(path for _, path, _ in own),
        folders=tuple(sorted(folders)),
    )


def check_packages(policy: Policy, modules: pa.Table, source: Path | None = None) -> None:
    """Raise ``PolicyError`` when the policy names a package that the target has not; ``source`` is the policy's file.

    Findings about nothing would be a green report about nothing.
    """
    if not policy.target.packages:
        return
    known = set(tables.read_column(modules, "module"))
    known |= {name[:end] for name in known for end, letter in enumerate(name) if letter == "."}
    for number, package in enumerate(policy.target.packages):
        if package not in known:
            near = get_close_matches(package, sorted(known), 3, 0.5)
            outermost = sorted({name.partition(".")[0] for name in known})[:8]
            remedy = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(outermost)}"
            where = find_place(source, ("target", "packages", number))
            raise PolicyError(f"{where}[target] packages: there is no package {package!r}", remedy=remedy)


def choose_rows(table: pa.Table, column: str, is_wanted: Callable[..., bool]) -> pa.Table:
    """Return the rows of a table whose value in a column is wanted."""
    return table.filter(pa.array([is_wanted(value) for value in tables.read_column(table, column)], pa.bool_()))


def choose_paths(chosen: ChosenCode | None, table: pa.Table) -> pa.Table:
    """Return the rows of a table whose ``path`` is chosen."""
    return table if chosen is None else choose_rows(table, "path", chosen.has_path)


def choose_cycles(chosen: ChosenCode | None, cycles: pa.Table) -> pa.Table:
    """Return the rows of the table ``cycles`` of which a module is chosen."""
    return (
        cycles if chosen is None else choose_rows(cycles, "modules", lambda names: any(map(chosen.has_module, names)))
    )


def choose_places(chosen: ChosenCode | None, findings: Iterable[Finding]) -> list[Finding]:
    """Return findings that cite only their places in the chosen packages: a score is about these alone."""
    if chosen is None:
        return list(findings)
    return [
        replace(finding, cited=tuple(place for place in finding.cited if chosen.has_path(place[0])))
        for finding in findings
    ]
