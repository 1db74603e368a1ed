"""Code beside a target that it imports: read as context, as far as imports lead, without findings of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from analysis import tables
from analysis.executor import count_cores
from analysis.facts.git_ignored import find_ignored_beside, is_itself_ignored
from analysis.facts.git_stand_in import open_git
from analysis.facts.links import find_source_file
from analysis.facts.opening import find_top, open_tree
from analysis.facts.overlaid_tree import move_changes
from analysis.facts.read_files import FILE
from analysis.facts.scan import Facts, read_tables
from analysis.facts.sibling_files import SiblingFile, Surroundings, list_bases, read_names
from analysis.facts.source_tree import SourceTree
from analysis.progress import Progress, ignore_progress

#: More files than this are not read; what is imported beyond them stays external.
_MOST_FILES = 5_000
_NAMES = ("files", *(table.name for table in tables.FACT_TABLES))


@dataclass(frozen=True, slots=True)
class Siblings:
    """What lies beside a target: ``facts`` are those of the target and of its siblings, ``table`` the siblings."""

    facts: Facts
    table: pa.Table


def read_siblings(
    facts: Facts,
    *,
    cache: Path | None = None,
    jobs: int = 0,
    progress: Progress = ignore_progress,
) -> Siblings | None:
    """Return the facts of a target together with those of the files beside it that its imports mean; None without any.

    Only files below the top of the same repository are read, at the revision of the target or as they lie in its work
    tree, and none that it ignores; links out of it, and repositories inside of it, are not followed.
    """
    top = find_top(facts.root, facts.commit)
    if top is None or not facts.modules.num_rows:
        return None
    root = facts.root.resolve()
    roots = tables.read_column(facts.modules, "root")
    bases, is_known = list_bases(root, top, roots)
    tops = (name.partition(".")[0] for name in tables.read_column(facts.modules, "module"))
    own = frozenset[str]() if is_known else frozenset(tops)
    changes = move_changes(facts.changes, root.relative_to(top).as_posix())
    beside = Surroundings(root, top, own, bases, open_tree(top, facts.commit, changes=changes))
    reader = _RoundReader(open_tree(root, facts.commit, top, facts.changes), cache, jobs or count_cores(), progress)
    if facts.commit:  # what git tracks is not ignored
        found = _close(facts, beside, reader, _find_none, is_known=is_known)
        return _merge(facts, found, reader, top) if found else None
    with open_git(root) as git:
        if git is not None and is_itself_ignored(git):  # an environment, a build: what lies beside belongs to nobody
            return None
        ignored = _find_none if git is None else partial(find_ignored_beside, git)
        found = _close(facts, beside, reader, ignored, is_known=is_known)
    return _merge(facts, found, reader, top) if found else None


def _find_none(_: Sequence[str]) -> set[str]:
    return set()


class _RoundReader:
    """Reads files in rounds; ``parts`` are the tables of each round, whose files are numbered through."""

    def __init__(self, tree: SourceTree, cache: Path | None, jobs: int, progress: Progress) -> None:
        self._tree, self._cache, self._jobs, self._progress = tree, cache, jobs, progress
        self.paths: list[str] = []
        self.parts: list[dict[str, pa.Table]] = []

    def read(self, paths: Sequence[str]) -> dict[str, pa.Table]:
        """Return the tables of some files; the column ``file`` is the place in ``paths`` of this round."""
        files = [find_source_file(self._tree, path) for path in paths]
        part = read_tables(self._tree, files, self._cache, self._jobs, self._progress)
        self.parts.append({name: _name_files(table, paths, name) for name, table in part.items()})
        self.paths += paths
        return self.parts[-1]


def _name_files(table: pa.Table, paths: Sequence[str], name: str) -> pa.Table:
    """Return a table of a round with the paths of the files."""
    column = pa.array(paths, pa.string()).take(table.column(FILE).combine_chunks())
    schema = tables.TABLES[name].schema
    return pa.Table.from_arrays([column, *table.columns[1:]], names=schema.names).cast(schema)


def _close(
    facts: Facts, beside: Surroundings, reader: _RoundReader, find_ignored: Callable[[Sequence[str]], set[str]],
    *, is_known: bool,
) -> dict[str, SiblingFile]:  # fmt: skip
    """Return the siblings by path: what the target imports, what that imports, and so on."""
    columns = ("path", "level", "module", "name")
    packages = _find_packages(facts)
    asked = set(read_names(set(tables.read_rows(facts.imports, *columns)), packages))
    beside.choose_bases(asked, is_known=is_known)
    known: set[str] = set()
    found: dict[str, SiblingFile] = {}
    while asked:
        known |= asked
        fresh = {each.path: each for name in sorted(asked) for each in beside.find_files(name)}
        fresh = {path: each for path, each in fresh.items() if path not in found}
        ignored = find_ignored(sorted(fresh))
        fresh = {path: each for path, each in fresh.items() if path not in ignored}
        found |= fresh
        paths = sorted(path for path, each in fresh.items() if each.is_file)
        if not paths or len(reader.paths) + len(paths) > _MOST_FILES:
            break
        part = reader.read(paths)
        inner = {path: each.module if each.kind == "package" else each.module.rpartition(".")[0]
                 for path, each in fresh.items()}  # fmt: skip
        asked = set(read_names(tables.read_rows(part["imports"], *columns), inner))
        beside.choose_bases(asked, is_known=is_known)
        asked -= known
    read = set(reader.paths)
    return {path: each for path, each in found.items() if path in read or not each.is_file}


def _find_packages(facts: Facts) -> dict[str, str]:
    """Return the package of each file of the target, for its relative imports."""
    rows = tables.read_rows(facts.modules, "path", "module", "kind")
    return {path: name if kind == "package" else name.rpartition(".")[0] for path, name, kind in rows}


def _merge(facts: Facts, found: dict[str, SiblingFile], reader: _RoundReader, top: Path) -> Siblings:
    """Return the facts of the target and of its siblings as those of one tree."""
    rows = sorted((each.module, path, each.kind, each.base) for path, each in found.items())
    named = tables.read_rows(facts.modules, *tables.MODULES.names)
    own = list(named)
    modules = tables.MODULES.from_rows(
        sorted([*own, *((name, path, kind, base, True, False, "", []) for name, path, kind, base in rows)])
    )
    merged = {
        name: pa.concat_tables([getattr(facts, name), *(part[name] for part in reader.parts)]).unify_dictionaries()
        for name in _NAMES
    }
    merged = {name: table if name == "programs" else table.combine_chunks() for name, table in merged.items()}
    hashes = {
        path: (status, content_hash)
        for part in reader.parts
        for path, status, content_hash in tables.read_rows(part["files"], "path", "status", "content_hash")
    }
    listed = tables.SIBLINGS.from_rows((*row, *hashes.get(row[1], ("ok", ""))) for row in rows)
    return Siblings(replace(facts, modules=modules, context_top=top, **merged), listed)
