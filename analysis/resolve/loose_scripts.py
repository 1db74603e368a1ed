"""Files that are run by their path although they import relative to a package, which they then have not."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.resolve.starts import Start
from analysis.resolve.target import TargetResolver

_MAIN = "__main__"
#: A file that says this word tells Python its package, or asks for it.
_OWN_PACKAGE = b"__package__"
#: Blocks that run whatever happens, and what ends the failure of an import in one of them.
_RUN_ANYWAY = frozenset({"none", "try", "with"})
_CATCHING = frozenset({"*", "ImportError", "Exception", "BaseException"})
_TESTS = frozenset({"__name__ == '__main__'", "'__main__' == __name__"})
#: Who starts the module by its name, and so never as a file by itself.
_OTHERWISE = frozenset({"python-m", "main-module", "console-script"})
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, order=True)
class LooseScript:
    """A file whose relative import fails when it is run by its path.

    ``evidence`` is what runs it so: a line of another file, ``shebang`` its own first line, ``guard`` only the test of
    its name. ``module`` is its dotted name for ``python -m``; empty where no package has it.
    """

    path: str
    line: int
    imported: str
    evidence: str
    evidence_path: str
    evidence_line: int
    module: str


def find_loose_scripts(resolver: TargetResolver, programs: pa.Table) -> list[LooseScript]:
    """Return the scripts with a relative import that runs before anything guards it, sorted: one for each file.

    ``programs`` is the table of the facts. Left out are files that know their package, and those with a mere test of
    their name that something starts otherwise.
    """
    scripts: dict[str, Start] = {}
    otherwise = {start.path for start in resolver.starts if start.kind in _OTHERWISE}
    for start in resolver.starts:
        if start.kind == "script" and start.path:
            known = scripts.get(start.path)
            if known is None or known.evidence_path == known.path:
                scripts[start.path] = start
    found = []
    for path, (line, imported) in sorted(_find_first(resolver, scripts, programs).items()):
        start = scripts[path]
        is_shown = start.evidence_path != path
        text = resolver.imports.read_first(path, _MOST_BYTES)
        if _OWN_PACKAGE in text or (not is_shown and (path in otherwise or is_test_file(path))):
            continue
        is_executable = text.startswith(b"#!") and b"python" in text.partition(b"\n")[0]
        evidence = "line" if is_shown else "shebang" if is_executable else "guard"
        module = resolver.index.find_file(path)
        name = module.plain if module is not None and "." in module.plain else ""
        place = (path, 1) if evidence == "shebang" else (start.evidence_path, start.evidence_line)
        found.append(LooseScript(path, line, imported, evidence, *place, name))
    return found


def _find_first(resolver: TargetResolver, scripts: Iterable[str], programs: pa.Table) -> dict[str, tuple[int, str]]:
    """Return line and text of the first relative import of each script that has one."""
    statements = resolver.imports.statements
    wanted = pa.array(sorted(scripts), pa.string())
    is_ours = pc.is_in(statements.column("path").cast(pa.string()), wanted)
    rows = pc.indices_nonzero(pc.and_(is_ours, pc.greater(statements.column("level"), 0)))
    live = (resolver.liveness[rows.to_numpy()] != tables.LIVENESS.index("never")).tolist()
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for path, line, imported in _list_run(statements.take(rows), live):
        found[path].append((line, imported))
    paths = pa.array(sorted(found), pa.string())
    bodies = programs.filter(pc.is_in(programs.column("path").cast(pa.string()), paths))
    for path, program in tables.read_rows(bodies, "path", "program"):
        others = {line for statement in json.loads(program) for line in _list_not_as_main(statement)}
        found[path] = [each for each in found[path] if each[0] not in others]
    return {path: min(lines) for path, lines in found.items() if lines}


def _list_not_as_main(statement: list[Any]) -> Iterator[int]:
    """Yield the lines of the imports that run only in an imported file: after ``else`` of the test of its name."""
    if statement[0] == "if" and ["k", _MAIN] in (test := statement[2][0][0]) and test[:2] == ["o", "=="]:
        blocks = [*(block for _, block, _ in statement[2][1:]), statement[3]]
        yield from (each[1] for block in blocks for each in block if each[0] == "from")


def _list_run(statements: pa.Table, live: list[bool]) -> Iterator[tuple[str, int, str]]:
    """Yield the relative imports that a start comes to, whatever happens: in the body, or in what runs only then."""
    columns = ("path", "line", "level", "module", "scope", "owner", "guard", "condition", "caught")
    for row, is_live in zip(tables.read_rows(statements, *columns), live, strict=True):
        path, line, level, module, scope, owner, guard, condition, caught = row
        is_main = condition in _TESTS and not owner
        is_caught = not _CATCHING.isdisjoint(part.strip() for part in caught.split(","))
        is_run = scope in {"module", "class"} and is_live and guard in _RUN_ANYWAY
        if (is_run or is_main) and scope != "type_checking" and not is_caught:
            yield path, line, "." * level + module
