"""What was copied: whole folders, and classes under another name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from analysis.facts.test_files import is_test_file
from analysis.graph.components import find_strong_components
from analysis.quantities import write_lower
from analysis.rules.context import RuleContext, keep
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import DEFINITIONS, PlanStep
from analysis.rules.root_causes import COPIES
from analysis.rules.rule import Rule
from analysis.rules.twin_families import GeneratedFiles
from analysis.wording import choose_form, format_count, format_some


def _check_folders(case: RuleContext) -> Iterator[Finding]:
    rule = "folder-copied"
    known = sorted(case.facts.files.column("path").to_pylist())
    for original, copies in _group_folders(case):
        folders = [original, *copies]
        in_tests = all(is_test_file(f"{folder}/x.py") for folder in folders)
        twins = max(row["files"] for row in copies.values())
        hint = ", as the names say" if all(row["hint"] for row in copies.values()) else ""
        message = (
            f"{format_some(list(copies))} {choose_form(len(copies), 'is a copy', 'are copies')} of {original}: up to "
            f"{format_count(twins, 'file')} with a twin there{hint}"
        )
        places = [place for folder in folders for place in _find_first(known, folder)]
        yield build_finding(rule, "P3" if in_tests else "P2", original, message, places, sorted(copies))


def _group_folders(case: RuleContext) -> list[tuple[str, dict[str, dict[str, Any]]]]:
    """Return each original with its copies and the row that says so; what is alike through others belongs together.

    The original is the folder that is nobody's copy; where all are, the one whose name is the shortest.
    """
    rows = case.identity.folder_copies.to_pylist()
    found = []
    for group in _find_groups((row["first"], row["second"]) for row in rows):
        inside = [row for row in rows if row["first"] in group]
        hinted = {row["second"] for row in inside if row["hint"]}
        original = min(group, key=lambda folder: (folder in hinted, len(folder), folder))
        copies = {}
        for folder in sorted(group - {original}):
            own = [row for row in inside if folder in (row["first"], row["second"])]
            copies[folder] = max(own, key=lambda row: (original in (row["first"], row["second"]), row["files"]))
        found.append((original, copies))
    return sorted(found, key=lambda pair: pair[0])


def _find_groups(pairs: Iterable[tuple[str, str]]) -> list[set[str]]:
    """Return the sets of names that hang together by pairs."""
    linked: dict[str, set[str]] = defaultdict(set)
    for first, second in pairs:
        linked[first].add(second)
        linked[second].add(first)
    names = sorted(linked)
    numbers = {name: number for number, name in enumerate(names)}
    following = {numbers[name]: [numbers[other] for other in others] for name, others in linked.items()}
    return [{names[number] for number in group} for group in find_strong_components(following)]


def _find_first(paths: list[str], folder: str) -> list[Place]:
    """Return the first file of a folder: a folder itself has no line to cite."""
    return [(next(path for path in paths if path.startswith(f"{folder}/")), 1)]


def _check_classes(case: RuleContext) -> Iterator[Finding]:
    rule = "class-copied"
    generated = GeneratedFiles(case.facts.tree)
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in keep(case.identity.duplicates, "level", "class").to_pylist():
        if not row["is_same_name"] and not row["folder_copy"]:
            groups[row["group"]].append(row)
    for _, rows in sorted(groups.items()):
        places = {row[side]: (row[f"{side}_path"], row[f"{side}_line"]) for row in rows for side in ("first", "second")}
        names = sorted(places)
        in_product = sum(not is_test_file(path) for path, _ in places.values())
        least = min(row["similarity"] for row in rows)
        alike = "equal" if least == 1 else f"alike to {write_lower(least)} or more"
        message = f"The bodies of {format_count(len(names), 'class', 'classes')} are {alike}: {format_some(names)}"
        is_graver = in_product > 1 and least == 1
        if is_graver and generated.has_all_but_one(path for path, _ in places.values()):
            is_graver, message = False, f"{message}; all but one in generated files"
        severity = "P2" if is_graver else "P3"
        yield build_finding(rule, severity, names[0], message, [places[name] for name in names], names[1:])


_BODY = "".join(f"    def step_{n}(self, x):\n        y = x * {n}\n        return y + self.rest\n" for n in range(1, 6))
_FILES = {
    f"app/m{n}.py": f"def f{n}(x):\n    a = x + {n}\n    b = a * 2\n    c = b - 1\n    return c\n" for n in range(4)
}

RULES = (
    Rule(
        "folder-copied", "P2",
        "A folder holds the same files as another one. Who changes one forgets the other, and an import that names the "
        "wrong one still works.",
        "Delete the copy; the history keeps it.",
        _check_folders,
        bad={**_FILES, **{name.replace("app/", "app_legacy/"): source for name, source in _FILES.items()}},
        good=_FILES,
        grades={"P2": "one of them belongs to the product", "P3": "both belong to the tests"},
        is_joint=True,
        step=PlanStep(DEFINITIONS, 70, "Delete copies of whole folders", minutes=60), cause=COPIES,
    ),
    Rule(
        "class-copied", "P2",
        "Classes of different names have the same body, comments and layout apart. A repair of one leaves the others "
        "broken.",
        "Keep one of them and give the others its behaviour: as subclasses, or as other names of it.",
        _check_classes,
        bad={"a.py": f"class Order:\n{_BODY}", "b.py": f"class Parcel:\n{_BODY}"},
        good={"a.py": f"class Order:\n{_BODY}", "b.py": "from a import Order\nclass Parcel(Order): ...\n"},
        grades={
            "P2": "several of the product are equal",
            "P3": "they are alike, or all but one stand in tests or in generated files",
        },
        is_joint=True,
        step=PlanStep(DEFINITIONS, 80, "Merge classes with the same body", minutes=30), cause=COPIES,
    ),
)  # fmt: skip
