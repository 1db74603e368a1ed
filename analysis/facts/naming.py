"""From files to module names: roots, packages, namespace packages, shadowed twins, second names.

A *root* is a folder that must be on ``sys.path``. Each root gives the files below it a name; a name is
kept when somebody imports by it, or when it is the only one. So a src layout, a monorepo, and a file that
is imported both as ``app.x`` and as ``backend.app.x`` come out as what they are.
"""

from __future__ import annotations

import keyword
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analysis.facts.absolute import absolute_name
from analysis.facts.discovery import NOTEBOOK
from analysis.facts.roots import ALL_NAMES, find_roots
from analysis.facts.rows import Row

#: Separates a module name from its root where two roots hold modules of one name.
ROOT_MARK = "@"
PARENT = ".."
#: The target itself as a folder of the search path: where it is a package, its root is a folder above.
_TARGET = "."
#: A root and the dotted parts of a name below it.
Name = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class Layout:
    """What naming needs to know of a target: its files, compiled modules, and the roots that were asked for.

    ``extensions`` maps the path of a compiled module without its suffix to whether it is built.
    ``usage`` counts import statements by dotted module, level 0 only; ``named`` are all dotted names that they
    may mean (module, and module.name). ``relatives`` are the relative imports of each file: level, module, name.
    ``searched`` are folders of the search path of some starts, each with the top-level names that are found there.
    ``packages_above`` are the names of the folders right above the target that are packages, the outermost first.
    """

    target: Path
    paths: Sequence[str]
    extensions: Mapping[str, bool] = field(default_factory=dict)
    usage: Mapping[str, int] = field(default_factory=dict)
    named: frozenset[str] = frozenset()
    relatives: Mapping[str, Sequence[tuple[int, str, str]]] = field(default_factory=dict)
    roots: Sequence[str] = ()
    projects: Sequence[str] = ()
    searched: Mapping[str, frozenset[str]] = field(default_factory=dict)
    packages_above: Sequence[str] = ()


def name_modules(layout: Layout) -> list[Row]:
    """Return rows of ``tables.MODULES``, sorted by module, path and root."""
    prefix = find_package_prefix(layout)
    sources = [path for path in layout.paths if not path.endswith(NOTEBOOK)]
    roots = {"": ALL_NAMES} if prefix else find_roots(sources, layout.usage, layout.roots, layout.projects)
    searched = {root or _TARGET: firsts for root, firsts in layout.searched.items() if prefix or root not in roots}
    names = _choose_names(layout, roots, prefix, searched)
    rows = _name_files(names, prefix)
    rows += _name_extensions(layout, roots, prefix)
    rows += _name_namespaces(rows, len(prefix))
    return sorted((*row[:5], row[3] in searched, row[5]) for row in _separate(_mark_shadowed(rows)))


def find_package_prefix(layout: Layout) -> tuple[str, ...]:
    """Return the dotted prefix when the target is itself a package (or lies in one), otherwise nothing.

    A repository may have a stray ``__init__.py`` at its top: the imports decide. What a name of the target's top says
    against it may mean a library of that name; a relative import of the target itself works in a package alone.
    """
    if layout.roots or "__init__.py" not in layout.paths or not is_identifier(layout.target.name):
        return ()
    parts = [layout.target.name]
    for name in reversed(layout.packages_above):
        if not is_identifier(name):
            break
        parts.insert(0, name)
    used = _count_by_first(layout.usage)
    children = {path.partition("/")[0].removesuffix(".py") for path in layout.paths}
    plain = sum(used[child] for child in children - set(sys.stdlib_module_names) - {parts[0]})
    relative = sum(level > path.count("/") for path, found in layout.relatives.items() for level, _, _ in found)
    return tuple(parts) if used[parts[0]] + relative >= plain else ()


def is_identifier(name: str) -> bool:
    """Return whether a file or folder name can stand in an import statement."""
    return name.isidentifier() and not keyword.iskeyword(name)


def _count_by_first(usage: Mapping[str, int]) -> Counter[str]:
    counts = Counter[str]()
    for module, count in usage.items():
        counts[module.partition(".")[0]] += count
    return counts


def _find_parts(path: str) -> tuple[str, ...]:
    """Return the dotted parts of a file below its root: ``a/b/__init__.py`` is ``(a, b)``."""
    parts = tuple(path.removesuffix(".pyi").removesuffix(".py").split("/"))
    return parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts


def _choose_names(
    layout: Layout,
    roots: Mapping[str, frozenset[str]],
    prefix: tuple[str, ...],
    searched: Mapping[str, frozenset[str]],
) -> dict[str, list[Name]]:
    """Return per path the roots and parts of the names it is known by, the primary one first.

    A second name is kept only where somebody imports the file, or something in its package, by it.
    """
    used = _count_by_first(layout.usage)
    ordered = sorted(roots, key=lambda root: (-root.count("/") - bool(root), root))
    chosen: dict[str, list[Name]] = {}
    for path in layout.paths:
        if prefix:
            own = ("", prefix if path == "__init__.py" else prefix + _find_parts(path))
            chosen[path] = [own, *_find_searched(path, searched)]
            continue
        candidates = [
            (root, _find_parts(path[len(root) + 1 :] if root else path))
            for root in ordered
            if not root or path.startswith(f"{root}/")
        ]
        names = [name for name in candidates if _is_given(name, roots)] or candidates[-1:] or [("", _find_parts(path))]
        live = [name for name in names if used[name[1][0]] or name[0] in layout.roots] or names[:1]
        chosen[path] = [*sorted(live, key=lambda name: -used[name[1][0]]), *_find_searched(path, searched)]
    named = _find_reached(layout, chosen)
    return {path: [names[0], *(name for name in names[1:] if name[1] in named)] for path, names in chosen.items()}


def _find_searched(path: str, searched: Mapping[str, frozenset[str]]) -> list[Name]:
    """Return the names that folders of the search path give a file."""
    found = [
        (root, _find_parts(path[len(root) + 1 :]))
        for root in _find_folders_around(path)
        if root in searched and path != f"{root}/__init__.py"
    ]
    if _TARGET in searched and path != "__init__.py":
        found.append((_TARGET, _find_parts(path)))
    return [name for name in found if _is_given(name, searched)]


def _find_folders_around(path: str) -> list[str]:
    """Return the folders around a file, the nearest first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]


def _find_reached(layout: Layout, chosen: Mapping[str, Sequence[Name]]) -> set[tuple[str, ...]]:
    """Return the names that import statements say, the packages above them, and what relative imports reach."""
    second = {parts: path for path, names in chosen.items() for _, parts in names[1:]}
    reached: set[tuple[str, ...]] = set()
    queue = [tuple(name.split(".")) for name in layout.named] if second else []
    while queue:
        parts = queue.pop()
        while parts and parts not in reached:
            reached.add(parts)
            path = second.get(parts, "")
            package = parts if path.endswith("__init__.py") else parts[:-1]
            for level, module, name in layout.relatives.get(path, ()):
                base = tuple(absolute_name(".".join(package), level, module).split("."))
                queue.extend(((*base, name), base) if base != ("",) else ())
            parts = parts[:-1]
    return reached


def _is_given(name: Name, roots: Mapping[str, frozenset[str]]) -> bool:
    """Return whether a root gives this name, and an import statement could say it."""
    root, parts = name
    return all(map(is_identifier, parts)) and parts != ("__init__",) and (not roots[root] or parts[0] in roots[root])


def _name_files(names: Mapping[str, list[Name]], prefix: tuple[str, ...]) -> list[Row]:
    rows: list[Row] = []
    for path, candidates in names.items():
        for index, (root, parts) in enumerate(candidates):
            if path.endswith(NOTEBOOK):
                rows.append(
                    (
                        ".".join(parts).replace(ROOT_MARK, "%40"),
                        path,
                        "notebook",
                        _show_root(root, prefix),
                        index == 0,
                        "",
                    )
                )
                continue
            is_package = path.endswith("/__init__.py") or (bool(prefix) and path == "__init__.py")
            kind = "package" if is_package else "module"
            if not all(map(is_identifier, parts)) or (path == "__init__.py" and not prefix):
                kind = "script"
            rows.append((".".join(parts), path, kind, _show_root(root, prefix), index == 0, ""))
    return rows


def _show_root(root: str, prefix: tuple[str, ...]) -> str:
    return "/".join([PARENT] * len(prefix)) if prefix and not root else root or _TARGET


def _name_extensions(layout: Layout, roots: Iterable[str], prefix: tuple[str, ...]) -> list[Row]:
    rows: list[Row] = []
    paths = set(layout.paths)
    for path, is_built in sorted(layout.extensions.items()):
        if not is_built and f"{path}.py" in paths:
            continue
        root = next(
            (root for root in sorted(roots, key=len, reverse=True) if not root or path.startswith(f"{root}/")), ""
        )
        parts = prefix + _find_parts(path[len(root) + 1 :] if root and not prefix else path)
        if all(map(is_identifier, parts)):
            rows.append(
                (
                    ".".join(parts),
                    f"{path}.so" if is_built else f"{path}.pyx",
                    "extension",
                    _show_root(root, prefix),
                    True,
                    "",
                )
            )
    return rows


def _name_namespaces(rows: Sequence[Row], outside: int) -> list[Row]:
    """Return a row for each package folder without ``__init__.py`` on the way to a module.

    ``outside`` is the number of packages around the target: these are not in the tree.
    """
    known = {(row[0], row[3]) for row in rows if row[2] == "package"}
    found: dict[tuple[str, str], Row] = {}
    for module, path, kind, root, is_primary, _ in rows:
        if kind in {"script", "notebook"}:
            continue
        folder = path.rpartition("/")[0] if kind != "package" else path.rpartition("/")[0].rpartition("/")[0]
        parent = module.rpartition(".")[0]
        while parent.count(".") >= outside and parent and (parent, root) not in known and (parent, root) not in found:
            found[parent, root] = (parent, f"{folder}/", "namespace", root, is_primary, "")
            parent, folder = parent.rpartition(".")[0], folder.rpartition("/")[0]
    return list(found.values())


_RANK = {"package": 0, "extension": 1, "module": 2, "script": 2, "namespace": 3, "notebook": 4}


def _mark_shadowed(rows: Sequence[Row]) -> list[Row]:
    """Say which file Python takes where a root holds several for one name, and what lies below a loser."""
    by_name: dict[tuple[str, str], list[Row]] = defaultdict(list)
    marked = [row for row in rows if row[2] == "notebook"]  # nobody imports one: none is in the way of another
    for row in rows:
        if row[2] != "notebook":
            by_name[row[3], row[0]].append(row)
    dead_ends: dict[tuple[str, str], str] = {}
    for root, module in sorted(by_name):
        ranked = sorted(by_name[root, module], key=lambda row: (_RANK[row[2]], row[1]))
        winner = ranked[0]
        above = dead_ends.get((root, module.rpartition(".")[0]), "")
        is_package = winner[2] in {"package", "namespace"} or winner[1].endswith("/__init__.py")  # a folder named is
        if above or not is_package:
            # What lies below a file that is not a package can never be imported.
            dead_ends[root, module] = above or winner[1]
        marked.extend((*row[:5], above or ("" if row is winner else winner[1])) for row in ranked)
    return marked


def _separate(rows: Sequence[Row]) -> list[Row]:
    """Make module names unique where several roots hold one: all but the largest root are marked ``name@root``."""
    roots_of: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        roots_of[row[0]].add(row[3])
    sizes = Counter(row[3] for row in rows)
    separated: list[Row] = []
    for row in rows:
        first = min(roots_of[row[0]], key=lambda root: (-sizes[root], root))
        module = row[0] if row[3] == first else f"{row[0]}{ROOT_MARK}{row[3]}"
        separated.append((module, *row[1:]))
    return separated
