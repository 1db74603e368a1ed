"""From a folder to its facts: discover, read what changed, name the modules.

The work is cut into runs of neighbouring files of about equal size, so that results in the order of the
runs are in the order of the paths, whichever process finishes first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, as_completed
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from analysis import tables
from analysis.errors import TargetError
from analysis.executor import Limits, LostTaskError, count_cores, open_executor
from analysis.facts.asked_files import AskedFiles, AskedTree
from analysis.facts.compiled import find_compiled_classes
from analysis.facts.discovery import Discovery, DiscoveryOptions, discover
from analysis.facts.layout import build_layout
from analysis.facts.links import LINKED, SourceFile, lead_links
from analysis.facts.naming import name_modules
from analysis.facts.opening import find_changes, find_commit, list_packages_above, open_tree
from analysis.facts.overlaid_tree import Changes
from analysis.facts.read_files import FILE, Work, describe_crash, read_files, read_in_worker, scan_table, unpack
from analysis.facts.source_tree import SourceTree
from analysis.facts.starting import read_start_evidence
from analysis.facts.state import ScanState, read_state, write_state
from analysis.facts.stubs import add_stub_names
from analysis.gaps import Gaps, NoGaps
from analysis.progress import Progress, ignore_progress
from analysis.targets import describe_place

#: Below this size starting processes costs more than they save.
SMALLEST_PARALLEL_BYTES = 1_500_000
#: More runs than processes, so that the last ones to finish are short.
_RUNS_PER_JOB = 12
#: Limits of one run of files: a parser that needs more is lost on the file that makes it so, and only that file is.
_LONGEST_SECONDS, _SLOWEST_BYTES_PER_SECOND, _MOST_MEMORY_BYTES = 120.0, 20_000, 8 << 30
#: A scan's state is written again only when at least this share of the files had to be read.
_WORTH_SAVING = 0.005
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """What to scan: roots (relative to the target; none: find them), and what discovery leaves out."""

    roots: tuple[str, ...] = ()
    discovery: DiscoveryOptions = field(default_factory=DiscoveryOptions)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the files of a target say: one Arrow table per name in ``tables``."""

    root: Path
    files: pa.Table
    left_out: pa.Table
    modules: pa.Table
    start_evidence: pa.Table
    imports: pa.Table
    loads: pa.Table
    object_texts: pa.Table
    definitions: pa.Table
    methods: pa.Table
    bindings: pa.Table
    exports: pa.Table
    hooks: pa.Table
    markers: pa.Table
    states: pa.Table
    stores: pa.Table
    returned: pa.Table
    start_marks: pa.Table
    programs: pa.Table
    not_analysed: pa.Table
    read_count: int = 0
    context_top: Path | None = None
    asked: AskedFiles | None = None
    commit: str = ""
    changes: Changes = field(default_factory=dict)

    @property
    def tree(self) -> SourceTree:
        """The files of the target at ``commit``; without one as they are now, which is not always as they were scanned.

        Over them are laid the ``changes`` with which they were scanned.

        Where code beside the target takes part, its files up to ``context_top`` belong to it, as ``../x.py``. What is
        asked of them is noted in ``asked``, if that is there.
        """
        tree = open_tree(self.root, self.commit, self.context_top, self.changes)
        return tree if self.asked is None else AskedTree(tree, self.asked)


def scan(
    root: Path,
    *,
    options: ScanOptions | None = None,
    cache: Path | None = None,
    jobs: int = 0,
    progress: Progress = ignore_progress,
    gaps: Gaps | None = None,
    commit: str = "",
    changes: Changes | None = None,
) -> Facts:
    """Read every Python file below ``root`` and return the facts; nothing of the target is executed.

    With a ``commit`` (its full name) the files are those that the folder had there; the working tree is not looked at.
    With ``changes`` some of them hold something else, or are gone: only these are read again, and no state is kept.
    ``cache`` is a folder for facts by content and for the state of the last scan; without one every file is
    read. ``jobs`` is the number of processes (0: all cores). ``gaps`` takes what fails inside the kit; without it
    such a failure is raised, but for that of a file, which is always a row of ``not_analysed``. Raises
    ``TargetError`` when ``root`` is not a folder, cannot be read, or has no Python file.
    """
    options, gaps = options or ScanOptions(), gaps or NoGaps()
    root = root if commit else check_target(root)
    started_ns = time.time_ns()
    tree = open_tree(root, commit, changes=changes)
    found = discover(tree, options.discovery, gaps)
    if not found.files:
        raise TargetError(f"no Python file in {describe_place(root, commit)}", remedy=_explain_nothing(found))
    files = found.files
    state = gaps.attempt("scan", "state of the last scan", lambda: read_state(cache, tree, options), lambda: None)
    changed = state.find_changed(files) if state else list(range(len(files)))
    paths = [file.path for file in files]
    projects = _find_projects(tree, paths)
    found_now = (paths, found.extensions, projects)
    evidence = gaps.attempt(
        "scan", "starts", lambda: read_start_evidence(tree, found.start_files, paths), tables.START_EVIDENCE.empty
    )
    is_known = state is not None and (state.paths, state.extensions, state.projects) == found_now
    if state and is_known and not changed and state.tables["start_evidence"].equals(evidence):
        progress("scan", len(files), len(files))
        parts = dict(state.tables)
    else:
        parts = _collect(tree, files, changed, state, cache, jobs or count_cores(), progress)
        parts["start_evidence"] = evidence
        parts["modules"] = gaps.attempt(
            "scan", "modules", lambda: _name(tree, found, parts, state, options.roots, projects), tables.MODULES.empty
        )
        is_worth_keeping = state is None or len(changed) > _WORTH_SAVING * len(files)
        if cache and not changes and is_worth_keeping and not gaps.rows and not parts["not_analysed"].num_rows:
            gaps.attempt(
                "scan", "keeping its state",
                lambda: write_state(cache, tree, options, found, parts, projects, started_ns), lambda: None,
            )  # fmt: skip
    parts["modules"] = gaps.attempt(
        "scan", "compiled modules", lambda: _add_classes(tree, found, parts["modules"]), lambda: parts["modules"]
    )
    return _publish(tree, found, parts, len(changed))


def build_empty_facts(root: Path, commit: str = "", changes: Changes | None = None) -> Facts:
    """Return the facts of a target of which nothing is known: every table without rows."""
    names = ("files", "left_out", "modules", "start_evidence", *(table.name for table in tables.FACT_TABLES))
    return Facts(
        root=root, commit=commit, changes=changes or {}, **{name: tables.TABLES[name].empty() for name in names}
    )


def check_target(root: Path) -> Path:
    """Return the resolved folder; ``TargetError`` says in one line why something cannot be a target."""
    if not root.exists():
        raise TargetError(f"no such folder: {root}", remedy="Check the path, or quote it if it has spaces")
    if not root.is_dir():
        raise TargetError(f"{root} is a file, not a folder", remedy=f"Name its folder: {root.parent}")
    return root.resolve()


def _explain_nothing(found: Discovery) -> str:
    reasons = sorted({reason for _, reason, count in found.left_out if count})
    if reasons:
        return f"Python files are there but left out ({', '.join(reasons)}): name their folder itself"
    return "Name a folder that holds .py files"


def _collect(
    tree: SourceTree, files: Sequence[SourceFile], changed: Sequence[int], state: ScanState | None,
    cache: Path | None, jobs: int, progress: Progress,
) -> dict[str, pa.Table]:  # fmt: skip
    """Return the scan's tables: rows kept from the last scan, and rows of the files that were read."""
    kept = state.keep(files, changed) if state else {}
    runs = _cut(files, changed, jobs)
    progress("scan", len(files) - len(changed), len(files))
    fresh = _run([Work(tree, run, cache) for run in runs], jobs, progress, len(files), len(files) - len(changed))
    names = ("files", *(table.name for table in tables.FACT_TABLES))
    return {
        name: _sorted([*([kept[name]] if kept else []), *(unpack(part[name]) for part in fresh)], name)
        for name in names
    }


def read_tables(
    tree: SourceTree, files: Sequence[SourceFile], cache: Path | None, jobs: int, progress: Progress
) -> dict[str, pa.Table]:
    """Return the tables of some files, all of them read; each row names its file by its index."""
    return _collect(tree, files, range(len(files)), None, cache, jobs, progress)


def _cut(files: Sequence[SourceFile], changed: Sequence[int], jobs: int) -> list[tuple[tuple[int, SourceFile], ...]]:
    """Cut the files to read into runs of neighbours of about equal size."""
    total = sum(files[index].size_bytes for index in changed)
    limit = max(200_000, total // max(1, jobs * _RUNS_PER_JOB))
    runs: list[tuple[tuple[int, SourceFile], ...]] = []
    run: list[tuple[int, SourceFile]] = []
    size = 0
    for index in changed:
        file = files[index]
        if run and size + file.size_bytes > limit:
            runs.append(tuple(run))
            run, size = [], 0
        run.append((index, file))
        size += file.size_bytes
    return [*runs, tuple(run)] if run else runs


def _run(works: Sequence[Work], jobs: int, progress: Progress, total: int, done: int) -> list[dict[str, pa.Buffer]]:
    """Read the runs, in processes when it is worth while; the results are in the order of the runs."""
    results: list[dict[str, pa.Buffer] | None] = [None] * len(works)
    if sum(map(_size, works)) < SMALLEST_PARALLEL_BYTES:
        for index, work in enumerate(works):
            results[index] = read_files(work)
            done += len(work.files)
            progress("scan", done, total)
        return [result for result in results if result is not None]
    largest_first = sorted(range(len(works)), key=lambda index: -_size(works[index]))
    # One process has its use as well: a run in the middle of a large file can be interrupted.
    with open_executor(jobs) as executor:
        futures: dict[Future[dict[str, pa.Buffer]], int] = {
            executor.submit_within(_find_limits(works[index]), read_in_worker, works[index]): index
            for index in largest_first
        }
        for future in as_completed(futures):
            index = futures[future]
            with suppress(LostTaskError, MemoryError):
                results[index] = future.result()
                done += len(works[index].files)
                progress("scan", done, total)
    parts: list[dict[str, pa.Buffer]] = []
    for work, result in zip(works, results, strict=True):
        parts.extend([result] if result is not None else _run_apart(work))
    progress("scan", total, total)
    return parts


def _size(work: Work) -> int:
    return sum(file.size_bytes for _, file in work.files)


def _find_limits(work: Work) -> Limits:
    """Return what reading some files may take: many times what the slowest machine needs for the worst of files."""
    return Limits(_LONGEST_SECONDS + _size(work) / _SLOWEST_BYTES_PER_SECOND, _MOST_MEMORY_BYTES)


def _run_apart(work: Work) -> list[dict[str, pa.Buffer]]:
    """Read again what took a process down, by halves, until the file that does it stands alone."""
    with open_executor(1, fresh=True) as executor, suppress(LostTaskError, MemoryError):
        return [executor.submit_within(_find_limits(work), read_in_worker, work).result()]
    if len(work.files) == 1:
        return [describe_crash(*work.files[0])]
    middle = len(work.files) // 2
    halves = (replace(work, files=work.files[:middle]), replace(work, files=work.files[middle:]))
    return [part for half in halves for part in _run_apart(half)]


def _sorted(parts: Iterable[pa.Table], name: str) -> pa.Table:
    """Return the rows of all parts in the order of the files; rows of one file keep their order."""
    schema = scan_table(tables.TABLES[name]).schema
    table = pa.concat_tables([schema.empty_table(), *parts])
    order = table.column(FILE).to_numpy()
    if np.any(np.diff(order) < 0):
        table = tables.take_rows(table, np.argsort(order, kind="stable"))
    return table


def _name(
    tree: SourceTree, found: Discovery, parts: dict[str, pa.Table], state: ScanState | None, roots: Sequence[str],
    projects: Sequence[str],
) -> pa.Table:  # fmt: skip
    """Return the names of the modules: those of the last scan where nothing that decides them has changed."""
    paths = [file.path for file in found.files]
    if state and (state.paths, state.extensions, state.projects) == (paths, found.extensions, projects):
        before, now = (table["files"].column("structure") for table in (state.tables, parts))
        if before.equals(now) and state.tables["start_evidence"].equals(parts["start_evidence"]):
            return state.tables["modules"]
    above = list_packages_above(tree.root, find_commit(tree))
    layout = build_layout(tree.root, paths, found.extensions, parts, roots, projects, above)
    rows = lead_links(name_modules(layout), _find_links(paths, parts["files"]))
    return tables.MODULES.from_rows((*row, []) for row in rows)


def _add_classes(tree: SourceTree, found: Discovery, modules: pa.Table) -> pa.Table:
    """Return the modules with the classes that compiled ones state now: their files are no part of the kept state."""
    classes = find_compiled_classes(tree, found.compiled)
    if not classes:
        return modules
    rows = tables.read_rows(modules, "path", "kind")
    column = [classes.get(path.removesuffix(".so"), []) if kind == "extension" else [] for path, kind in rows]
    place = modules.column_names.index("classes")
    return modules.set_column(place, modules.schema.field(place), pa.array(column, modules.schema.field(place).type))


def _find_links(paths: Sequence[str], files: pa.Table) -> dict[str, str]:
    """Return the linked files, each with the file that it leads to."""
    columns = (FILE, "status", "reason")
    return {paths[index]: reason for index, status, reason in tables.read_rows(files, *columns) if status == LINKED}


def _find_projects(tree: SourceTree, paths: Iterable[str]) -> list[str]:
    """Return the folders (relative, down to the third level) that hold a project file."""
    deepest = {path.rpartition("/")[0] for path in paths}
    folders = {"/".join(folder.split("/")[:depth]) for folder in deepest for depth in (1, 2, 3) if folder}
    return sorted(folder for folder in folders if any(tree.has_file(f"{folder}/{name}") for name in _PROJECT_FILES))


def _publish(tree: SourceTree, found: Discovery, parts: dict[str, pa.Table], read_count: int) -> Facts:
    """Replace the index of each file by its path."""
    paths = pa.array([file.path for file in found.files], type=pa.string())
    published: dict[str, pa.Table] = {}
    for table in tables.FACT_TABLES:
        part = parts[table.name]
        if table is not tables.PROGRAMS:  # the largest, and only the simulation reads it
            part = part.combine_chunks()
        indices = part.column(FILE).combine_chunks()
        if isinstance(indices, pa.ChunkedArray):
            indices = indices.chunk(0) if indices.num_chunks else pa.array([], type=pa.int32())
        path = pa.DictionaryArray.from_arrays(indices, paths)
        published[table.name] = pa.Table.from_arrays([path, *part.columns[1:]], schema=table.schema)
    published["hooks"] = add_stub_names(published["hooks"], tree)
    files = parts["files"]
    published["files"] = pa.Table.from_arrays(
        [paths.take(files.column(FILE).combine_chunks()), *files.columns[1:]], schema=tables.FILES.schema
    )
    left_out = tables.LEFT_OUT.from_rows(found.left_out)
    published |= {"modules": parts["modules"], "start_evidence": parts["start_evidence"], "left_out": left_out}
    return Facts(
        root=tree.root, read_count=read_count, commit=find_commit(tree), changes=find_changes(tree), **published
    )  # fmt: skip
