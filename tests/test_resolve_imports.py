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
from analysis.facts.scan import ScanOptions
from analysis.resolve import ImportAnswer, Module, ModuleIndex, TargetResolver


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


def test_the_index_knows_files_by_their_names_and_names_by_their_files(make_tree: Tree) -> None:
    files = {
        "app/__init__.py": "", "app/fast.so": b"", "app/fast.pyi": "", "app/slow.so": b"", "app/slow.py": "",
        "app/part/x.py": "", "bin/run-it.py": "", "top.py": "import app.part.x\n", "top/__init__.py": "",
    }  # fmt: skip
    index = TargetResolver(scan(make_tree(files), jobs=1)).index
    assert [module.name for module in index.modules] == ["app", "app.fast", "app.part", "app.part.x", "app.slow", "top"]
    assert [module.name for module in index.all[len(index.modules) :]] == ["bin.run-it"]
    assert [module.number for module in index.all] == list(range(len(index.all)))
    kinds = {module.name: (module.kind, module.source, module.package, module.folder) for module in index.all}
    assert kinds == {
        "app": ("package", "app/__init__.py", "app", "app"), "app.fast": ("extension", "app/fast.pyi", "app", "app"),
        "app.slow": ("extension", "app/slow.py", "app", "app"),
        "app.part": ("namespace", "app/part/", "app.part", "app/part"),
        "app.part.x": ("module", "app/part/x.py", "app.part", "app/part"),
        "bin.run-it": ("script", "bin/run-it.py", "bin", "bin"), "top": ("package", "top/__init__.py", "top", "top"),
    }  # fmt: skip

    def name(found: Module | None) -> str:
        return found.name if found else ""

    paths = ("app/fast.so", "app/fast.pyi", "app/slow.py", "app/slow.so", "top.py", "bin/run-it.py", "gone.py")
    assert [name(index.find_file(path)) for path in paths] == [
        "app.fast", "app.fast", "app.slow", "app.slow", "", "bin.run-it", "",
    ]  # fmt: skip
    assert [name(index.find_importer(path)) for path in paths] == [
        "app.fast", "", "app.slow", "app.slow", "", "bin.run-it", "",
    ]  # fmt: skip
    assert [[each.name for each in index.find_names(path)] for path in paths] == [
        ["app.fast"], [], ["app.slow"], ["app.slow"], [], ["bin.run-it"], [],
    ]  # fmt: skip
    deep = index.find("app.part.x", "")
    assert deep is not None
    assert [package.name for package in index.find_around(deep)] == ["app"]
    assert {index.all[number].name for number in deep.own} == {"app", "app.part.x"}
    assert [module.name for module in index.all if not index.is_importable(module)] == ["bin.run-it"]
    assert sorted((package.name, child, module.name) for package, child, module in index.list_children()) == [
        ("app", "fast", "app.fast"), ("app", "part", "app.part"), ("app", "slow", "app.slow"),
        ("app.part", "x", "app.part.x"),
    ]  # fmt: skip
    assert index.paths == set(files) | {"app/part/"}
    assert index.tops == {"app", "bin", "top"}


def test_one_file_with_two_names_stands_for_both(make_tree: Tree) -> None:
    files = {
        "one/app/__init__.py": "",
        "one/app/x.py": "import app.x\n",
        "one/__init__.py": "",
        "run.py": "import one.app.x\n",
    }
    found = scan(make_tree(files), options=ScanOptions(roots=("one", ".")), jobs=1)
    index = ModuleIndex(found.modules)
    names = index.find_names("one/app/x.py")
    assert sorted(module.plain for module in names) == ["app.x", "one.app.x"]
    first = index.find_file("one/app/x.py")
    assert first is not None
    assert first.number == first.primary
    assert {module.primary for module in names} == {first.number}
    assert all(index.is_importable(module) for module in names)
