"""Verify a test: does it detect the defect that it claims to detect?"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from analysis.children import scratch_folder
from analysis.errors import ProbeError, UnknownNameError, VerifyError
from analysis.facts.source import LARGEST_FILE_BYTES
from analysis.facts.source_tree import WorkingTree
from analysis.progress import Progress, ignore_progress
from analysis.runtime.options import find_interpreter
from analysis.verify.controls import DEFECTS, Control, Defect, Expected, build_controls
from analysis.verify.rewrite import rewrite_test
from analysis.verify.run import Outcome, RunResult, Stage, agree, number_folders, run_on_stage
from analysis.verify.subject import Modules, TestedPlace, find_places, find_test, find_wanted
from analysis.verify.verdict import Verdict, judge_runs

TARGET = "the target itself"
_PATTERNS: dict[Defect, re.Pattern[str]] = {
    "circular": re.compile(r"circular|recursion|import.?cycle|cyclic|partially initialized", re.IGNORECASE),
    "identity": re.compile(r"duplicate_names|identit|same (class|object)|class.?ids?\b|\bid\(", re.IGNORECASE),
}
_ROOT_MARKS = ("ssot.toml", "pyproject.toml", "setup.py", "setup.cfg", ".git")


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """Options of a verification.

    ``python`` is the interpreter, with pytest (default: the target's own ``.venv`` or ``venv``, else ours); ``root``
    the folder its modules are imported from (default: the nearest above the test with a project file); ``subject``
    the one module to replace (default: all of the target's that the test names); ``runs`` how often each control is
    run; ``timeout`` the seconds for one run. ``defect`` is what the test claims to detect (default: as its own text
    says, else both); without ``plugins`` pytest loads no plugins.
    """

    python: str = ""
    root: str = ""
    subject: str = ""
    defect: Defect | Literal["both", ""] = ""
    runs: int = 1
    timeout: float = 60.0
    plugins: bool = True


@dataclass(frozen=True, slots=True)
class ControlRun:
    """The result of the test with one control."""

    control: str
    expected: Expected
    outcome: Outcome
    message: str
    seconds: float
    network: str


@dataclass(frozen=True, slots=True)
class DefectVerdict:
    """Whether the test detects one defect, the reason, and the runs that show it."""

    defect: Defect
    verdict: Verdict
    reason: str
    runs: tuple[ControlRun, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """A test, its replaced references, and a verdict per defect; ``target`` is the result of the unchanged test."""

    test: str
    python: str
    subjects: tuple[str, ...]
    places: int
    target: ControlRun | None
    verdicts: tuple[DefectVerdict, ...]

    @property
    def exit_code(self) -> int:
        """0: it detects every defect; 1: it misses one; 3: that could not be judged."""
        verdicts = {one.verdict for one in self.verdicts}
        if verdicts == {"detects the defect"}:
            return 0
        return 1 if verdicts - {"detects the defect", "cannot be judged"} else 3


def verify_test(
    test: str, options: VerifyOptions | None = None, *, progress: Progress = ignore_progress
) -> Verification:
    """Run a test (``FILE::TEST`` or ``FILE::CLASS::TEST``) against control targets, which executes its code.

    Raises ``UnknownNameError`` for a wrong name and ``VerifyError`` when nothing can be run.
    """
    options = options or VerifyOptions()
    path, names = _split(test)
    encoding, source = _read(path)
    nodes = find_test(_parse(source, path), names)
    if not nodes:
        raise UnknownNameError(f"no test {'::'.join(names)} in {path}", remedy="Write FILE::TEST or FILE::CLASS::TEST")
    root = Path(options.root).expanduser().resolve() if options.root else _find_root(path)
    try:
        python = find_interpreter(root, options.python).path
    except ProbeError as error:
        raise VerifyError(error.what, remedy=error.remedy) from None
    roots = tuple(folder for folder in (root, root / "src") if folder.is_dir())
    places = find_places(nodes, Modules(roots, options.subject))
    run = _Run(
        Stage(python, root, path.name, names, options.timeout, options.plugins),
        source,
        encoding,
        tuple(places),
        options.runs,
    )
    wanted = find_wanted(nodes)
    defects = _find_defects(nodes[0], options.defect)
    target, verdicts = run.judge(wanted, defects, progress)
    subjects = sorted(
        {".".join(filter(None, (one.module, one.attribute))) for place in places for one in place.subjects}
    )
    return Verification(test, python, tuple(subjects), len(places), target, verdicts)


def _find_defects(test: ast.AST, wanted: str) -> list[Defect]:
    """Return the defects to plant: the selected one, else those that the test's text mentions, else both."""
    text = ast.unparse(test)
    mentioned = [
        defect for defect in DEFECTS
        if _PATTERNS[defect].search(text) or (defect == "identity" and any(map(_compares_objects, ast.walk(test))))
    ]  # fmt: skip
    return [defect for defect in DEFECTS if defect == wanted] or ([] if wanted else mentioned) or list(DEFECTS)


def _compares_objects(node: ast.AST) -> bool:
    """Return whether a node is ``a is b``, where ``b`` is not ``None`` or another constant."""
    return isinstance(node, ast.Compare) and any(
        isinstance(how, ast.Is | ast.IsNot) and not isinstance(what, ast.Constant)
        for how, what in zip(node.ops, node.comparators, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """A test that is ready to run with other subjects."""

    stage: Stage
    source: str
    encoding: str
    places: tuple[TestedPlace, ...]
    times: int

    def judge(
        self, wanted: Sequence[str], defects: Sequence[Defect], progress: Progress
    ) -> tuple[ControlRun | None, tuple[DefectVerdict, ...]]:
        """Run every control of every defect; shared controls run only once."""
        subjects = [one for place in self.places for one in place.subjects]
        if not subjects:
            reason = "the test names no module of the target; name the module with --subject, or the folder with --root"
            return None, tuple(DefectVerdict(defect, "cannot be judged", reason, ()) for defect in defects)
        plans = {defect: build_controls(subjects, wanted, defect) for defect in defects}
        controls = {control.name: control for plan in plans.values() for control in plan}
        with scratch_folder("ssot-verify-") as scratch:
            folders = number_folders(scratch)
            results: dict[str, RunResult] = {}
            for done, (name, control) in enumerate({TARGET: None, **controls}.items(), 1):
                results[name] = agree([self._run_once(control, next(folders)) for _ in range(self.times)])
                progress("controls", done, len(controls) + 1)
        verdicts = tuple(_judge(defect, plan, results) for defect, plan in plans.items())
        return _describe(TARGET, "either", results[TARGET]), verdicts

    def _run_once(self, control: Control | None, folder: Path) -> RunResult:
        source = self.source if control is None else rewrite_test(self.source, self.places, control.names)
        files = {} if control is None else control.files
        return run_on_stage(self.stage, source.encode(self.encoding), files, folder)


def _judge(defect: Defect, controls: Sequence[Control], results: dict[str, RunResult]) -> DefectVerdict:
    runs = tuple(_describe(control.name, control.expected, results[control.name]) for control in controls)
    outcomes = {control.name: results[control.name] for control in controls}
    verdict, reason = judge_runs(defect, outcomes, [control.name for control in controls if control.expected == "fail"])
    return DefectVerdict(defect, verdict, reason, runs)


def _describe(name: str, expected: Expected, result: RunResult) -> ControlRun:
    return ControlRun(name, expected, result.outcome, result.message, result.seconds, result.network)


def _split(test: str) -> tuple[Path, tuple[str, ...]]:
    name, *names = test.split("::")
    path = Path(name).expanduser().absolute()
    if not names or not all(re.fullmatch(r"\w+(\[.*\])?", one) for one in names):
        raise UnknownNameError(f"{test!r} is not a test", remedy="Write FILE::TEST or FILE::CLASS::TEST")
    if not path.is_file():
        raise UnknownNameError(f"no file {path}", remedy="Write FILE::TEST or FILE::CLASS::TEST")
    return path, tuple(names)


def _read(path: Path) -> tuple[str, str]:
    """Return a file's encoding and text, lines ended by a newline each."""
    try:
        place = path.resolve()
        content = WorkingTree(place.parent).read_bytes(place.name, most_bytes=LARGEST_FILE_BYTES)
        encoding = tokenize.detect_encoding(io.BytesIO(content).readline)[0]
        return encoding, content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, SyntaxError, UnicodeError) as error:
        raise VerifyError(f"cannot read {path}: {error}") from None


def _parse(source: str, path: Path) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise VerifyError(f"cannot parse {path}: {error}", remedy="Fix the file first: it cannot run") from None


def _find_root(path: Path) -> Path:
    """Return the nearest parent folder with a project file; else the first that is not a package."""
    folders = path.resolve().parents
    marked = next((folder for folder in folders if any((folder / mark).exists() for mark in _ROOT_MARKS)), None)
    return marked or next(folder for folder in folders if not (folder / "__init__.py").exists())
