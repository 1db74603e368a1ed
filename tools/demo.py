"""The bundled case before and after its fixes: every success metric side by side, and what is left to do by hand.

Run by `make demo`. Nothing of the case is changed: the fixes are proved on changed files that are nowhere.
"""

from __future__ import annotations

from pathlib import Path

from analysis import investigate
from analysis.bundled_case import build_bundled_case
from analysis.fixes.fixing import find_fixes, write_patches
from analysis.fixes.lines import summarise
from analysis.history.difference import Difference
from analysis.remedy import SuccessMetric
from analysis.report.difference_files import write_files
from analysis.store import find_reports_folder

_MARKS = {True: "met", False: "open", None: "not measured"}


def compare_metrics(before: list[SuccessMetric], after: list[SuccessMetric]) -> list[str]:
    """Return one line for each success metric: its value before and after, its target, and whether that is met."""
    now = {metric.metric: metric for metric in after}
    return [
        f"{_MARKS[now[each.metric].is_met]:<12} {_write(each.now):>8} → {_write(now[each.metric].now):>8}  "
        f"{'at least' if each.is_floor else 'at most'} {_write(each.target)}  {each.label}"
        for each in before
        if each.metric in now
    ]


def _write(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def main() -> None:
    """Print the comparison; patches and one page with all that differs go to the folder of reports."""
    before = investigate(build_bundled_case())
    choice = find_fixes(before)
    folder: Path = find_reports_folder() / "demo"
    write_patches(choice, folder / "fixes")
    write_files(Difference(before, choice.last), [folder / "before-and-after.html"])
    print(summarise(choice))
    for line in compare_metrics(before.success_metrics(), choice.last.success_metrics()):
        print(line)
    open_goals = [metric.label for metric in choice.last.success_metrics() if metric.is_met is False]
    print(f"left to do by hand: {'; '.join(open_goals) or 'nothing'}")
    print(folder / "before-and-after.html")


if __name__ == "__main__":
    main()
