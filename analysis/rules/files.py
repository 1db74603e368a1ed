"""Files that are not what they seem: dead twins, two names, no syntax tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from analysis.rules.case_file import CaseFile, is_test
from analysis.rules.finding import Finding, fingerprint
from analysis.rules.rule import Rule
from analysis.rules.words import tell


def _check_shadowed(case: CaseFile) -> Iterator[Finding]:
    rule = "shadowed-module"
    by_winner: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in case.facts.modules.to_pylist():
        if row["shadowed_by"] and row["is_primary"]:
            by_winner[row["shadowed_by"], row["root"]].append(row)
    for (winner, _), rows in sorted(by_winner.items()):
        dead = [row for row in rows if not row["path"].endswith("/")]
        if not dead:
            continue
        module = min(row["module"] for row in rows)
        severity = "P3" if winner.endswith((".so", ".pyx")) else "P1"
        paths = ", ".join(row["path"] for row in dead[:3]) + (f" and {len(dead) - 3:,} more" if len(dead) > 3 else "")
        message = f"Python imports {winner} as {module}: {paths} can never be imported"
        places = [(row["path"], 1) for row in dead] + [(winner, 1)]
        mark = fingerprint(rule, module, *sorted(row["path"] for row in dead))
        yield Finding(severity, rule, module, message, mark, evidence=case.cite(places))


def _check_second_names(case: CaseFile) -> Iterator[Finding]:
    rule = "file-with-two-names"
    by_path: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in case.facts.modules.to_pylist():
        if not row["shadowed_by"] and row["kind"] not in {"namespace", "script"}:
            by_path[row["path"]].append(row)
    importers: dict[str, tuple[str, int]] = {}
    for row in case.graph.edges.select(["imported", "path", "line"]).to_pylist():
        importers.setdefault(row["imported"], (row["path"], row["line"]))
    for path, rows in sorted(by_path.items()):
        names = sorted(row["module"] for row in rows)
        used = [name for name in names if name in importers]
        if len(used) > 1:
            message = (
                f"{path} is imported as {' and as '.join(used)}: Python loads it once for each, with classes of its own"
            )
            places = [importers[name] for name in used]
            yield Finding("P2", rule, path, message, fingerprint(rule, path, *used), evidence=case.cite(places))


def _check_not_parsed(case: CaseFile) -> Iterator[Finding]:
    rule = "file-not-parsed"
    for row in case.facts.files.to_pylist():
        if row["status"] != "ok":
            where = f" at line {row['error_line']:,}" if row["error_line"] else ""
            message = f"{row['path']} cannot be read as Python ({row['status']}{where}): {row['reason']}"
            severity = "P3" if is_test(row["path"]) else "P2"
            places = [(row["path"], max(1, row["error_line"]))]
            yield Finding(
                severity, rule, row["path"], message, fingerprint(rule, row["path"]), evidence=case.cite(places)
            )


def count_shadowed(case: CaseFile) -> int:
    """Return the number of files that Python can never import under their name."""
    dead = {
        row["path"]
        for row in case.facts.modules.to_pylist()
        if row["shadowed_by"] and row["is_primary"] and row["path"].endswith(".py")
    }
    return len(dead)


def describe_twins(count: int) -> str:
    """Return the sentence that the report uses for a number of shadowed files."""
    return f"{tell(count, 'file')} that Python never imports"


RULES = (
    Rule(
        "shadowed-module", "P1",
        "A file and a folder have one name. Python takes the package before the file, and the file before a folder "
        "without __init__: the other one is dead code that looks alive, and edits to it change nothing.",
        "Delete or rename the dead one after moving over what is missed.",
        _check_shadowed,
        bad={"p/__init__.py": "", "p/x.py": "a = 1\n", "p/x/__init__.py": "b = 1\n"},
        good={"p/__init__.py": "", "p/x/__init__.py": "b = 1\n"},
    ),
    Rule(
        "file-with-two-names", "P2",
        "One file is imported under two module names. Python loads it twice: two classes that look alike and fail "
        "isinstance, two registries, two singletons.",
        "Decide on one root, and import by the name it gives everywhere.",
        _check_second_names,
        bad={
            "backend/app/__init__.py": "",
            "backend/app/m.py": "import app.n\n",
            "backend/app/n.py": "",
            "main.py": "import backend.app.n\n",
        },
        good={
            "backend/app/__init__.py": "",
            "backend/app/m.py": "import app.n\n",
            "backend/app/n.py": "",
            "main.py": "print('hello')\n",
        },
    ),
    Rule(
        "file-not-parsed", "P2",
        "A file is no Python that this interpreter understands. Its imports are recovered line by line and marked; "
        "everything else about it is unknown.",
        "Correct it at the line given, or exclude it in the policy.",
        _check_not_parsed,
        bad={"a.py": "def f(:\n"},
        good={"a.py": "def f(): ...\n"},
    ),
)  # fmt: skip
