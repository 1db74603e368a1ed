"""What each import statement of many small trees yields, as written in ``data/import_trees.txt``.

``? importer line name is`` lists the files that the statement imports, the packages that run before, the rule where it
is not the plain one, and what is not there with the reason. Each answer was held against Python's own rules by hand;
``test_resolve_layouts.py`` holds answers of the same kind against CPython.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Tree

from analysis import tables
from analysis.facts import scan
from analysis.resolve import ImportAnswer, ModuleIndex, TargetResolver


def read_trees() -> dict[str, tuple[dict[str, str], list[str]]]:
    """Return files and answers by tree."""
    trees: dict[str, tuple[dict[str, str], list[str]]] = {}
    for line in (Path(__file__).parent / "data" / "import_trees.txt").read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "==":
            files, answers = trees.setdefault(rest, ({}, []))
        elif mark == "--":
            path = rest
            files[path] = ""
        elif mark == "?":
            answers.append(rest)
        else:
            files[path] += f"{line}\n"
    return trees


TREES = read_trees()


def describe(index: ModuleIndex, answer: ImportAnswer) -> str:
    paths = [module.path for module in index.all]
    words = []
    if answer.imported or answer.base >= 0:
        words.append(" + ".join(paths[number] for number in answer.imported) or f"nothing of {paths[answer.base]}")
    if answer.ancestors:
        words.append(f"after {' '.join(paths[number] for number in answer.ancestors)}")
    words += [answer.via] if answer.via != "plain" else []
    words += ["beyond the top"] if answer.is_beyond else []
    words += [f"no {answer.missing} ({answer.reason or answer.origin})"] if answer.missing else []
    words += [f"perhaps {answer.nearest}"] if answer.nearest else []
    return ", ".join(words)


def list_answers(root: Path) -> list[str]:
    target = TargetResolver(scan(root, jobs=1))
    lines, names = (tables.read_column(target.imports.statements, name) for name in ("line", "name"))
    index, found = target.index, target.answers
    return [
        f"{index.all[importer].name} {lines[row]} {names[row] or '-'} is {describe(index, found.answers[which])}"
        for row, importer, which in zip(found.rows, found.importers, found.which, strict=True)
    ]


@pytest.mark.parametrize("name", TREES)
def test_an_import_yields_what_the_tree_says(make_tree: Tree, name: str) -> None:
    files, answers = TREES[name]
    assert list_answers(make_tree(files)) == answers
