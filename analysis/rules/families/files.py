"""Files that are not what they seem: dead twins, no syntax tree."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.discovery import NOTEBOOK
from analysis.facts.test_files import is_test_file
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.newer_files import explain_newer
from analysis.rules.plan_phases import DEFINITIONS, ENTRY_POINTS, PlanStep
from analysis.rules.probe_evidence import ProbeEvidence
from analysis.rules.root_causes import COPIES, UNCHECKED_IMPORTS
from analysis.rules.rule import Rule, RuleFigure
from analysis.wording import format_some

#: Compiled modules: the source from which one is built lies beside it and is meant to.
COMPILED = (".so", ".pyx")
#: The interpreter that reads the target: another one may know newer or older syntax.
_VERSION = ".".join(platform.python_version_tuple()[:2])


class _Dead(NamedTuple):
    """A file that Python does not import under its name; ``winner`` is the file it takes instead."""

    module: str
    path: str
    winner: str


def find_shadowed(case: RuleContext) -> list[_Dead]:
    """Return the source files that Python cannot import under their name, sorted.

    Folders, stubs and scripts (whose names no import statement can say) are left out.
    """
    modules = case.facts.modules
    wanted = pc.and_(pc.not_equal(modules.column("shadowed_by"), ""), modules.column("is_primary"))
    wanted = pc.and_(wanted, pc.is_in(modules.column("kind").cast(pa.string()), pa.array(["module", "package"])))
    rows = modules.filter(wanted)
    return sorted(
        _Dead(*row) for row in tables.read_rows(rows, "module", "path", "shadowed_by") if row[1].endswith(".py")
    )


def _check_shadowed(case: RuleContext) -> Iterator[Finding]:
    rule = "shadowed-module"
    by_winner: dict[str, list[_Dead]] = defaultdict(list)
    for dead in find_shadowed(case):
        by_winner[dead.winner].append(dead)
    names = _find_names(case, list(by_winner))
    for winner, twins in sorted(by_winner.items()):
        module = names.get(winner, twins[0].module)
        paths = [dead.path for dead in twins]
        if winner.endswith(COMPILED):
            severity, consequence = (
                "P3",
                "is the source of a compiled module: a change counts only when it is built again",
            )
        elif all(map(is_test_file, paths)):
            severity, consequence = "P3", "cannot be imported by name, only run by path"
        else:
            severity, consequence = "P1", "can never be imported"
        message = f"Python imports {winner} as {module}: {format_some(paths)} {consequence}"
        places = [*((path, 1) for path in paths), *([] if winner.endswith((*COMPILED, "/")) else [(winner, 1)])]
        yield build_finding(rule, severity, module, message, places, paths)


def _find_names(case: RuleContext, paths: list[str]) -> dict[str, str]:
    """Return the module name of each of some files that Python imports."""
    modules = case.facts.modules
    wanted = pc.and_(pc.equal(modules.column("shadowed_by"), ""), modules.column("is_primary"))
    wanted = pc.and_(wanted, pc.is_in(modules.column("path"), pa.array(paths, type=pa.string())))
    rows = modules.filter(wanted)
    return dict(tables.read_rows(rows, "path", "module"))


#: A file that is fine, one on which the kit itself failed, a notebook of another language: nothing to correct there.
_NOT_ITS_FAULT = ("ok", "not-analysed", "notebook-not-read", "linked")


def _check_not_parsed(case: RuleContext) -> Iterator[Finding]:
    rule = "file-not-parsed"
    files = case.facts.files
    is_fine = pc.is_in(files.column("status").cast(pa.string()), pa.array(_NOT_ITS_FAULT))
    rows = files.filter(pc.or_(pc.invert(is_fine), pc.not_equal(files.column("since"), "")))
    columns = ("path", "status", "reason", "error_line", "since")
    for path, status, reason, line, since in sorted(tables.read_rows(rows, *columns)):
        if status == "ok":
            message = explain_newer(case, path, line, since, reason)
        else:
            where = f" at line {line:,}" if line else ""
            reader = "as a notebook" if path.endswith(NOTEBOOK) else f"by Python {_VERSION}"
            message = f"{path} cannot be read {reader} ({status.replace('-', ' ')}{where}): {reason}"
        if message:
            severity = "P3" if is_test_file(path) else "P2"
            yield build_finding(rule, severity, path, message, [(path, max(1, line))])


def _confirm_unparsed(finding: Finding, evidence: ProbeEvidence) -> str:
    files = {path for path, _ in finding.cited}
    outcomes = {outcome for path, outcome in evidence.read_rows("probed", "path", "outcome") if path in files}
    return "confirmed" if "syntax" in outcomes else "refuted" if outcomes == {"ok"} else "static"


RULES = (
    Rule(
        "shadowed-module", "P1",
        "A file and a folder have one name. Python takes the package before the file, and the file before a folder "
        "without __init__: the other one is dead code that looks alive, and edits to it change nothing.",
        "Delete or rename the dead one after moving over what is missed.",
        _check_shadowed,
        bad={"p/__init__.py": "", "p/x.py": "a = 1\n", "p/x/__init__.py": "b = 1\n"},
        good={"p/__init__.py": "", "p/x/__init__.py": "b = 1\n"},
        grades={
            "P1": "source of the product is dead",
            "P3": "only tests are, which a test runner may find by their path; or the twin is compiled from it",
        },
        is_joint=True,
        step=PlanStep(DEFINITIONS, 40, "Delete or rename files that Python never imports", minutes=15), cause=COPIES,
        figure=RuleFigure(
            100, "shadowed-modules", "Files that can never be imported",
            "File that can never be imported",
        ),
    ),
    Rule(
        "file-not-parsed", "P2",
        "A file has syntax that a supported version of Python does not parse. Where a later version parses it, its "
        "imports and names are known all the same; otherwise its imports are recovered line by line and marked, and "
        "everything else about it is unknown.",
        "Correct it at the line given, raise requires-python to the version that parses it, or exclude it in the "
        "policy.",
        _check_not_parsed,
        bad={"a.py": "def f(:\n"},
        good={"a.py": "def f(): ...\n"},
        grades={"P2": "a file of the product", "P3": "a file of the tests"},
        step=PlanStep(ENTRY_POINTS, 100, "Repair the files that are not valid Python", minutes=20),
        cause=UNCHECKED_IMPORTS,
        confirm=_confirm_unparsed,
    ),
)  # fmt: skip
