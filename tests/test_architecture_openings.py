"""Nothing but the source tree opens files of the target: who opens anything else is listed here, with the reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "analysis").rglob("*.py"))
#: Calls that look into files and folders, by their last name.
OPENERS = frozenset({
    "open", "read_bytes", "read_text", "iterdir", "listdir", "scandir", "walk", "rglob", "glob", "stat", "lstat",
    "readlink", "copyfile", "copy2", "copytree",
})  # fmt: skip
#: Calls of these names that open nothing.
#: The second and third open the namespace of a simulated module.
HARMLESS = frozenset({"ast.walk", "machine.open", "self.open"})
_RUNS_IN_THE_TARGET = "runs in a process, or a project, of the target, where nothing of the kit can be imported"
_CACHE = "our own cache"
_GIT = "git's own folder, which is guarded there"
_SETTINGS = "a file that the user named, or that states the rules for the target; none of its code"
_RESULTS = "what a test run of the golden path wrote"
#: Who opens files that are none of the target's code: the module, or the folder with a slash at its end, and why.
OTHERS = {
    "analysis/cache/": _CACHE,
    "analysis/checksums.py": "our own snapshots and reports",
    "analysis/children/": "pipes and what the system says of our own processes",
    "analysis/cli/entry.py": "the null device",
    "analysis/facts/git_folders.py": _GIT,
    "analysis/facts/git_ignored.py": _GIT,
    "analysis/facts/git_objects.py": _GIT,
    "analysis/facts/git_stand_in.py": _GIT,
    "analysis/facts/source_tree.py": "the source tree itself",
    "analysis/fixes/applying.py": "our own journals",
    "analysis/fixes/fixing.py": "patches of an earlier run",
    "analysis/fixes/journal.py": "our own journals",
    "analysis/fixes/target_files.py": "the one place that writes files of the target, when a user asks for it",
    "analysis/fixes/trial_runs.py": "a copy of the target, for what the user asks to run",
    "analysis/golden/command.py": _RESULTS,
    "analysis/golden/hooks/": _RUNS_IN_THE_TARGET,
    "analysis/golden/junit.py": _RESULTS,
    "analysis/golden/records.py": "our own records of measurements",
    "analysis/golden/running.py": _RESULTS,
    "analysis/history/baseline.py": _SETTINGS,
    "analysis/policy/reading.py": _SETTINGS,
    "analysis/report/displays.py": "our own templates",
    "analysis/report/networks.py": "a library of the report",
    "analysis/report/notebook_processes.py": "our own notebooks",
    "analysis/report/run_notebooks.py": "our own notebooks",
    "analysis/cli/sharing.py": "our own reports",
    "analysis/cli/trials.py": "our own notebooks",
    "analysis/cli/watching.py": "times of the policy",
    "analysis/gate/acceptance.py": _SETTINGS,
    "analysis/kept_history.py": "our own snapshots",
    "analysis/judged/kept.py": "rule files that a policy of the caller names, for the key",
    "analysis/scheduled/": "our own reports, snapshots and records",
    "analysis/report/run_report.py": "our own reports",
    "analysis/report/runs.py": "our own reports",
    "analysis/report/share.py": "our own reports",
    "analysis/runtime/child/": _RUNS_IN_THE_TARGET,
    "analysis/runtime/probe.py": "the plan for the child, and its answers",
    "analysis/resolve/library_imports.py": "the standard library",
    "analysis/resolve/library_submodules.py": "the standard library",
    "analysis/simulation/shared_libraries.py": "the loader's list of libraries",
    "analysis/simulation/sources.py": "the standard library",
    "analysis/store.py": "our own snapshots",
    "analysis/tree_state.py": "names, sizes and times; no file is opened",
    "analysis/unchanged.py": "our own record of a tree; of others names, sizes and times",
    "analysis/suite/ssot_checks.py": _RUNS_IN_THE_TARGET,
    "analysis/suite/write.py": "files that the suite wrote before",
    "analysis/verify/child.py": _RUNS_IN_THE_TARGET,
    "analysis/verify/run.py": "what the control runs wrote",
}


def find_openings(source: str) -> Iterator[str]:
    """Yield the calls that open something by other means than a source tree, as they are written."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        owner, _, name = ast.unparse(node.func).rpartition(".")
        is_tree = owner.endswith("tree") or owner.startswith(("WorkingTree(", "open_tree("))
        if name in OPENERS and f"{owner}.{name}" not in HARMLESS and not is_tree:
            yield f"{node.lineno}: {ast.unparse(node.func)}"


def find_entry(name: str) -> str:
    """Return the entry of ``OTHERS`` that a module falls under; empty without one."""
    return next((entry for entry in OTHERS if name == entry or (entry.endswith("/") and name.startswith(entry))), "")


def test_no_module_opens_files_of_the_target_but_the_source_tree() -> None:
    found = [
        f"{name}:{opening}"
        for name, path in ((path.relative_to(ROOT).as_posix(), path) for path in MODULES)
        if not find_entry(name)
        for opening in find_openings(path.read_text())
    ]
    assert found == []


def test_every_exception_is_needed() -> None:
    needed = {
        find_entry(path.relative_to(ROOT).as_posix())
        for path in MODULES
        if any(find_openings(path.read_text()))
    }  # fmt: skip
    assert set(OTHERS) - needed == set()


@pytest.mark.parametrize("opening", [
    "Path(root, 'a.py').read_bytes()", "(root / path).read_text('utf-8')", "open(place)", "os.open(place, 0)",
    "place.stat()", "os.scandir(root)", "[each.name for each in folder.iterdir()]", "os.walk(top)",
])  # fmt: skip
def test_an_opening_is_seen_however_it_is_written(opening: str) -> None:
    assert len(list(find_openings(opening))) == 1


@pytest.mark.parametrize("harmless", [
    "ast.walk(node)", "case.facts.tree.read_bytes(path)", "self._tree.list_folder(path)", "webbrowser(place)",
    "WorkingTree(root).read_bytes(path)", "open_tree(root, commit).read_bytes(path)",
])  # fmt: skip
def test_what_goes_through_the_tree_or_opens_nothing_is_none(harmless: str) -> None:
    assert list(find_openings(harmless)) == []
