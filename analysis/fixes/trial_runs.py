"""Fixes run in a copy of the target, when somebody asks for it: its tests, and each module imported first."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis import children, tables
from analysis.errors import FixError
from analysis.facts.overlaid_tree import Changes
from analysis.fixes.choosing import Choice
from analysis.fixes.offers import Refusal
from analysis.investigation import Investigation
from analysis.pipeline import investigate
from analysis.runtime import ProbeOptions
from analysis.runtime.options import find_interpreter
from analysis.tree_state import CACHES
from analysis.wording import format_some, make_harmless

#: Says what is wrong with a copy of the target; empty where nothing is.
Check = Callable[[Path], str]
_LAST_BYTES = 400


@contextmanager
def copy_target(root: Path, changes: Changes) -> Iterator[Path]:
    """Yield a copy of a target with some files changed, without caches, environments and what git keeps of it."""
    with children.scratch_folder("ssot-fix-") as scratch:
        copy = scratch / (root.name or "target")
        shutil.copytree(root, copy, symlinks=True, ignore=_find_left_out)
        for path, content in changes.items():
            place = copy / path
            if content is None:
                place.unlink(missing_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
        yield copy


def run_tests(command: str, seconds: float) -> Check:
    """Return what runs a test command in a copy; the copy comes first on the search path of its interpreters."""
    words = shlex.split(command)
    if not words:
        raise FixError("--test names no command", remedy='Name one, as in --test "python -m pytest -q"')

    def check(copy: Path) -> str:
        paths = [str(copy), str(copy / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            child = children.start(
                words, env=environment, cwd=copy, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        except OSError as error:
            raise FixError(f"cannot start {words[0]}: {error.strerror}", remedy="Name another command") from None
        try:
            printed, _ = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return f"the tests do not end within {seconds:g} s"
        finally:
            children.end(child)
        last = printed[-_LAST_BYTES:].decode("utf-8", "replace").strip().splitlines()
        said = f": {make_harmless(last[-1])}" if last else ""
        return f"the tests fail with exit code {child.returncode}{said}" if child.returncode else ""

    return check


def probe_with(first: Investigation) -> Check:
    """Return what imports each module of a copy first, and compares that with the target as it is.

    Modules that could be imported must still be, and public names must be what they were.
    """
    root = Path(first.manifest.root)
    policy = first.policy.model_copy(update={"target": first.policy.target.model_copy(update={"probe": False})})
    options = ProbeOptions(python=find_interpreter(root).path)

    def probe(copy: Path) -> Investigation:
        return investigate(copy, policy=policy, data=copy.parent / "data", probe=options)

    with copy_target(root, {}) as copy:
        outcomes, names = _read_outcomes(found := probe(copy)), _read_names(found)

    def check(copy: Path) -> str:
        after = probe(copy)
        now, meant = _read_outcomes(after), _read_names(after)
        failing = sorted(name for name, outcome in now.items() if outcome != "ok" and outcomes.get(name, "ok") == "ok")
        if failing:
            return f"the import of {format_some(failing)} fails when it is run"
        public = (name for name in names if not name.rpartition(".")[2].startswith("_"))
        other = sorted(name for name in public if name in meant and meant[name] != names[name])
        return f"{format_some(other)} means another object when it is run" if other else ""

    return check


def keep_what_works(choice: Choice, check: Check) -> str:
    """Keep the fixes up to the first with which a check fails; return what must be known of the check, if anything.

    Where the target fails it without any fix, nothing can be said, and all fixes stay.
    """
    root, fixes = Path(choice.first.manifest.root), choice.fixes
    if not fixes:
        return ""
    with copy_target(root, {}) as copy:
        wrong = check(copy)
    if wrong:
        return f"without any fix {wrong}: it says nothing about the fixes"
    reasons = {len(fixes): _check_first(choice, len(fixes), check)}
    if not reasons[len(fixes)]:
        return ""
    good, bad = 0, len(fixes)
    while bad - good > 1:
        middle = (good + bad) // 2
        reasons[middle] = _check_first(choice, middle, check)
        good, bad = (good, middle) if reasons[middle] else (middle, bad)
    for number, fix in enumerate(fixes[good:]):
        reason = reasons[bad] if not number else "it comes after a fix with which a check fails"
        path = min(fix.after)
        choice.refused.append(Refusal(fix.offer.kind, fix.offer.subject, path, 0, reason, fix.offer.clears))
    choice.changes = merge_changes(choice, good)
    del fixes[good:]
    return ""


def merge_changes(choice: Choice, count: int) -> Changes:
    """Return what the first fixes make of the files together."""
    changes: dict[str, bytes | None] = {}
    for fix in choice.fixes[:count]:
        changes |= fix.after
    return changes


def _check_first(choice: Choice, count: int, check: Check) -> str:
    with copy_target(Path(choice.first.manifest.root), merge_changes(choice, count)) as copy:
        return check(copy)


def _find_left_out(folder: str, names: Collection[str]) -> set[str]:
    """Return the entries of a folder that are no part of a copy: caches, environments, pipes and devices."""
    return {name for name in names if name in CACHES or not _is_copied(Path(folder, name))}


def _is_copied(place: Path) -> bool:
    is_plain = place.is_symlink() or place.is_file() or place.is_dir()
    return is_plain and not (place / "pyvenv.cfg").exists()


def _read_outcomes(found: Investigation) -> dict[str, str]:
    return dict(tables.read_rows(found.table("probed"), "module", "outcome"))


def _read_names(found: Investigation) -> dict[str, tuple[str, str]]:
    columns = ("module", "name", "kind", "qualname")
    rows = tables.read_rows(found.table("live_bindings"), *columns)
    return {f"{module}.{name}": (kind, qualname) for module, name, kind, qualname in rows}
