"""Fix the bundled case on changed files, and show every success metric before and after. Run by `make demo`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from analysis import investigate, store
from analysis.bundled_case import build_bundled_case
from analysis.errors import AnalysisError
from analysis.fixes.fixing import write_patches
from analysis.history.difference import Difference
from analysis.report.difference_files import write_files
from tools.demo.figures import describe_runs, find_advice, list_lines, list_open
from tools.demo.hand_edits import NAME
from tools.demo.page import build_page, list_actions
from tools.demo.states import DemoCourse, run_course

_MEASURE = "Measure the golden path of the fixed case anew, as often as its target needs, and keep the measurement"


def main(arguments: list[str]) -> int:
    """Print the comparison; the page, and all that differs, go to the folder of reports. 1: a metric stays open."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=__doc__)
    parser.add_argument("--measure", action="store_true", help=f"{_MEASURE} (2,995 runs: about nine minutes)")
    options = parser.parse_args(arguments)
    patch = store.find_bundle() / "data/cases/agent_platform" / NAME
    data = store.find_data_folder() if options.measure else None
    try:
        course = run_course(investigate(build_bundled_case()), patch, data=data)
    except AnalysisError as error:
        parser.exit(2, f"{error}\n")
    print(write_report(course, patch, store.find_reports_folder() / "demo"))
    return 1 if list_open(course) else 0


def write_report(course: DemoCourse, patch: Path, folder: Path) -> str:
    """Write the page, the differences and the patches into a folder; return the report for a terminal."""
    for choice, name in zip(course.rounds, ("fixes", "fixes-again"), strict=True):
        write_patches(choice, folder / name)
    write_files(Difference(course.states[0].inv, course.states[-1].inv), [folder / "differences.html"])
    page = folder / "before-and-after.html"
    store.write_file(page, build_page(course, patch))
    lines = [*list_lines(course), "", *(f"{title}: {text}" for title, text in list_actions(course)), ""]
    lines += [f"golden path, {state.name}: {describe_runs(state)}" for state in course.states]
    lines += filter(None, [find_advice(course)])
    return "\n".join([*lines, f"still open: {'; '.join(list_open(course)) or 'nothing'}", str(page)])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
