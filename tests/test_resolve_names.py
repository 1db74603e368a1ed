"""What names mean in many small trees: as written in ``data/name_trees.txt``, and as CPython says where it can.

Each tree is a package of its own in one target: ``PKG`` stands for its name. ``? m.X is`` lists what ``m.X`` may be, in
the order of the source, with how sure the statement is to run where that is not ``always``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from analysis.facts import scan
from analysis.resolve import TargetResolver
from analysis.resolve.values import Candidate

LEVELS = ("", " tried", " maybe", " unlikely", " deferred", " never")
#: CPython has another answer than the names: what is not certain, or a limit that is known.
NOT_THE_SAME = {
    ("all: assigned in a branch", "m.X"): "an __all__ that a branch replaces keeps the names it had",
    ("all: computed", "m.X"): "an __all__ that is computed may list any name",
    ("a module takes a name from a package that is not done", "p.one.Y"): "names count as at the end of the package",
    ("a module takes a name from a package that is not done", "p.Y"): "names count as at the end of the package",
    ("a star that hides a submodule", "m.one"): "what a star import binds counts less than a submodule",
}
#: Prints, for each question, the object: where it was defined, or how the import fails.
WITNESS = """
import sys, types
root, questions = eval(sys.stdin.read())
sys.path.insert(0, root)
for name, attribute in questions:
    for loaded in [each for each in sys.modules if each.split(".")[0] == name.split(".")[0]]:
        del sys.modules[loaded]
    try:
        __import__(name)
        value = getattr(sys.modules[name], attribute)
    except Exception as error:
        print("fails")
        continue
    if isinstance(value, types.ModuleType):
        print(value.__name__)
    elif hasattr(value, "__qualname__"):
        print(f"{value.__module__}:{value.__qualname__}")
    else:
        print("none" if value is None else "object")
"""


class Question(NamedTuple):
    tree: str
    package: str
    name: str
    expected: str

    @property
    def module(self) -> str:
        return f"{self.package}.{self.name}".rpartition(".")[0]

    @property
    def attribute(self) -> str:
        return self.name.rpartition(".")[2]


def read_trees() -> tuple[dict[str, list[str]], list[Question]]:
    """Return the lines of each file, and the questions."""
    files: dict[str, list[str]] = {}
    questions: list[Question] = []
    tree = package = ""
    lines: list[str] = []
    for line in (Path(__file__).parent / "data" / "name_trees.txt").read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "==":
            tree, package = rest, f"tree{len({each.partition('/')[0] for each in files}):02}"
            files[f"{package}/__init__.py"] = []
        elif mark == "--":
            path = f"{package}/{rest}"
            files.setdefault(f"{path.rpartition('/')[0]}/__init__.py", [])
            lines = files.setdefault(path, [])
        elif mark == "?":
            name, _, expected = rest.partition(" is ")
            questions.append(Question(tree, package, name, expected))
        else:
            lines.append(line.replace("PKG", package))
    return files, questions


FILES, QUESTIONS = read_trees()


def describe(candidate: Candidate) -> str:
    value = candidate.value
    by = f" by {value.made_by}" if value.made_by else ""
    gone = " (missing)" if value.is_missing else ""
    line = f" line {value.line}" if value.kind == "class" and "." in value.target.partition(":")[2] else ""
    return f"{value.kind} {value.target or value.reason}".strip() + line + by + gone + LEVELS[candidate.level]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("names")
    for path, lines in FILES.items():
        (root / path).parent.mkdir(exist_ok=True, parents=True)
        (root / path).write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture(scope="module")
def target(root: Path) -> TargetResolver:
    return TargetResolver(scan(root, jobs=1))


@pytest.fixture(scope="module")
def truth(root: Path) -> dict[tuple[str, str], str]:
    asked = repr((str(root), [(question.module, question.attribute) for question in QUESTIONS]))
    done = subprocess.run(
        [sys.executable, "-I", "-c", WITNESS], input=asked, capture_output=True, text=True, check=True
    )
    answers = zip(QUESTIONS, done.stdout.splitlines(), strict=True)
    return {(question.tree, question.name): answer for question, answer in answers}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"{question.tree}: {question.name}")
def test_a_name_means_what_the_tree_says(target: TargetResolver, question: Question) -> None:
    module = target.index.find(question.module, "")
    assert module is not None
    found = target.names.resolve(module, question.attribute)
    said = ", ".join(map(describe, found)).replace(question.package, "PKG")
    assert (said or "nothing") == question.expected


def test_a_name_means_what_cpython_says(target: TargetResolver, truth: dict[tuple[str, str], str]) -> None:
    wrong = set()
    for question in QUESTIONS:
        module = target.index.find(question.module, "")
        assert module is not None
        found = [candidate.value for candidate in target.names.resolve(module, question.attribute)]
        said = {value.target or value.kind for value in found if value.kind in {"class", "function", "module", "none"}}
        real = truth[question.tree, question.name]
        is_ours = real.startswith(question.package) and ":" in real
        if (real == "fails" and said) or (is_ours and said and real not in said):
            wrong.add((question.tree, question.name))
    assert wrong == NOT_THE_SAME.keys()
