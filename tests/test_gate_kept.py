"""A check whose verdict was kept says what one says that keeps nothing, whatever was changed in between."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from analysis.clock import Clock
from analysis.facts.asked_files import AskedFiles, AskedTree, is_unchanged
from analysis.facts.source_tree import WorkingTree
from analysis.gate import CheckOptions, check
from analysis.gate.check import write_target_baseline

Tree = Callable[..., Path]
FILES = {
    "p/__init__.py": "",
    "p/core.py": "from p.handlers import Handler\n\nclass Core:\n    first = Handler\n",
    "p/handlers.py": "from p.core import Core\n\nclass Handler: ...\n",
    "p/x.py": "from p import _version\nfrom p import core\nimport tools\n\ndef f():\n    return core.gone()\n",
    "p/run.py": 'import p.back\n\nif __name__ == "__main__":\n    print(p.back)\n',
    "p/back.py": "import p.run\nfrom p import maybe\n",
    "p/maybe.py": "import os.path as o\nif o.exists(o.join(o.dirname(__file__), 'extra.txt')):\n    import p.nowhere\n",
    "lib/tools.py": "import p.x\n",
    "lib/other.py": "class Core: ...\n",
}
#: Each edit is a file and what it then holds; None: it goes. Most are no Python, and decide nonetheless.
EDITS: tuple[tuple[str, str | None], ...] = (
    ("p/x.py", "import os\n"), ("p/x.py", FILES["p/x.py"]), ("p/handlers.py", "class Handler: ...\n"),
    ("p/handlers.py", FILES["p/handlers.py"]), ("p/new.py", "class Core: ...\n"), ("p/new.py", None),
    ("Makefile", "run:\n\tPYTHONPATH=lib python -m p.x\n"), ("Makefile", None),
    (".gitignore", "_version.py\n"), (".gitignore", None),
    ("pyproject.toml", '[project]\nrequires-python = ">=3.9"\n[tool.pytest.ini_options]\npythonpath = "lib"\n'),
    ("pyproject.toml", '[tool.setuptools_scm]\nwrite_to = "p/_version.py"\n'), ("pyproject.toml", None),
    ("ssot.toml", '[[concept]]\nname = "core"\nmatch = ["Core"]\n'), ("ssot.toml", "[target]\npackages = ['p']\n"),
    ("ssot.toml", "[[ignore]]\nrule = 'import-cycle'\nreason = 'later'\nuntil = 2020-01-01\n"),
    ("ssot.toml", "[[ignore]]\nrule = 'import-cycle'\nreason = 'later'\nuntil = 2999-01-01\n"), ("ssot.toml", None),
    ("lib/tools.pyi", "X: int\n"), ("lib/tools.pyi", None), ("requirements.txt", "tools\n"), ("requirements.txt", None),
)  # fmt: skip


def say(root: Path, data: Path | None, **options: Any) -> dict[str, Any]:
    """Return what a check says, but for its time."""
    result = check(root, CheckOptions(data=data, use_cache=data is not None, jobs=1, **options))
    return result.model_dump(exclude={"created"})


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of the steps that run from now on."""
    ran: list[str] = []
    run = Clock.run

    def note(self: Clock, step: str, *rest: Any) -> Any:
        ran.append(step)
        return run(self, step, *rest)

    monkeypatch.setattr(Clock, "run", note)
    return ran


def edit(root: Path, changes: Mapping[str, str | None]) -> None:
    """Write or remove files."""
    for name, text in changes.items():
        if text is None:
            (root / name).unlink(missing_ok=True)
        else:
            (root / name).write_text(text)


@pytest.mark.parametrize("seed", range(3))
def test_after_each_edit_a_check_says_what_one_without_a_cache_says(seed: int, make_tree: Tree, tmp_path: Path) -> None:
    root, chance = make_tree(FILES), random.Random(seed)
    seen = set()
    for name, text in chance.sample(EDITS, len(EDITS)):
        edit(root, {name: text})
        with_sources = chance.random() < 0.5
        right = say(root, None, with_sources=with_sources)
        assert say(root, tmp_path / "data", with_sources=with_sources) == right
        assert say(root, tmp_path / "data", with_sources=with_sources) == right
        seen.add(str(right))
    assert len(seen) > 5


def test_where_nothing_changed_only_the_files_are_looked_at(
    make_tree: Tree, tmp_path: Path, steps: list[str]
) -> None:  # fmt: skip
    root = make_tree(FILES)
    first = say(root, tmp_path / "data")
    assert steps == ["scan", "graph", "cycles", "identity", "names", "simulation", "rules"]
    steps.clear()
    assert say(root, tmp_path / "data") == first
    assert steps == ["scan"]


def test_a_changed_module_is_judged_anew(make_tree: Tree, tmp_path: Path, steps: list[str]) -> None:
    root = make_tree(FILES)
    say(root, tmp_path / "data")
    edit(root, {"p/x.py": "import os\n"})
    steps.clear()
    say(root, tmp_path / "data")
    assert steps[-1] == "rules"


def test_without_time_for_the_simulation_nothing_is_kept(make_tree: Tree, tmp_path: Path, steps: list[str]) -> None:
    root = make_tree(FILES)
    for _ in range(2):
        steps.clear()
        assert say(root, tmp_path / "data", simulation_budget=0)["not_simulated"] > 0
        assert steps[-1] == "rules"


def test_a_damaged_verdict_is_found_anew(make_tree: Tree, tmp_path: Path, steps: list[str]) -> None:
    root, chance = make_tree(FILES), random.Random(5)
    right = say(root, tmp_path / "data")
    for _ in range(8):
        [pack] = (tmp_path / "data/cache/verdicts").glob("*.pack")
        content = bytearray(pack.read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        pack.write_bytes(content)
        steps.clear()
        assert say(root, tmp_path / "data") == right
        assert steps[-1] == "rules"


def test_a_baseline_is_compared_with_a_kept_verdict_as_with_a_fresh_one(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(FILES)
    for budget in (None, 0.0):
        data = tmp_path / f"data{budget}"
        place, baseline = write_target_baseline(root, CheckOptions(data=data, jobs=1, simulation_budget=budget))
        assert baseline.simulated is (budget is None)
        again = write_target_baseline(root, CheckOptions(data=data, jobs=1, simulation_budget=budget))[1]
        assert again.model_dump(exclude={"created"}) == baseline.model_dump(exclude={"created"})
        right = say(root, None)
        assert right["compared_with"]
        assert [say(root, tmp_path / "other") for _ in range(2)] == [right] * 2
        place.unlink()


QUESTIONS = (
    ("list_folder", "a", -1), ("has_file", "a/x", -1), ("has_folder", "a", -1), ("count_python_files", "a", -1),
    ("read_bytes", "a/x", -1), ("read_bytes", "a/x", 2), ("find_link", "a/link", -1),
)  # fmt: skip


def ask(root: Path, question: tuple[str, str, int], known: Mapping[str, str] | None = None) -> AskedFiles:
    """Ask one question; return the notes."""
    asked = AskedFiles(known or {})
    method, path, limit = question
    limits = {"most_bytes": None if limit < 0 else limit} if method == "read_bytes" else {}
    with contextlib.suppress(OSError):
        getattr(AskedTree(WorkingTree(root), asked), method)(path, **limits)
    return asked


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_is_noted_and_a_changed_answer_is_seen(
    question: tuple[str, str, int], make_tree: Tree
) -> None:  # fmt: skip
    root = make_tree({"b": ""})
    before = ask(root, question)
    assert list(before.answers) == [question]
    assert is_unchanged(WorkingTree(root), before.answers.items())
    make_tree({"a/x": "1", "a/y.py": ""}, root.name)
    (root / "a/link").symlink_to("x")
    after = ask(root, question)
    assert not is_unchanged(WorkingTree(root), before.answers.items())
    assert is_unchanged(WorkingTree(root), after.answers.items())


def test_a_file_that_is_not_what_its_facts_say_keeps_anything_from_being_kept(make_tree: Tree) -> None:
    root = make_tree({"a/x": "1"})
    digest = next(iter(ask(root, ("read_bytes", "a/x", -1)).answers.values()))
    right, wrong = (ask(root, ("read_bytes", "a/x", -1), {"a/x": each}) for each in (digest, "0" * 32))
    assert (right.answers, right.is_steady) == ({}, True)
    assert (wrong.answers, wrong.is_steady) == ({}, False)
