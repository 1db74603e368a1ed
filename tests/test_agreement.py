"""Graph, names and simulation say the same of every import statement, of real packages and of the cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from case_judge import CASES, lay_out, list_cases

from analysis.bundled_case import build_bundled_case
from benchmarks.agreement import PACKAGES, check_agreement, describe
from benchmarks.agreement_answers import Answers, read_answers
from benchmarks.agreement_verdicts import Agreement, find_refuted, find_silent, judge_answers
from benchmarks.agreement_watch import Item
from benchmarks.targets import find_package

Tree = Callable[..., Path]

SMALL = ("papermill", "jupyterlab_server", "nbconvert", "typer", "rich", "pydantic", "networkx", "pyarrow")
#: So many modules take a while; its statements are all of one sort.
LARGE = "71-large-ring"


def find_kinds(found: Agreement) -> set[tuple[str, str, str]]:
    return {(each.kind, each.path, each.name) for each in found.contradictions}


def assert_agreement(name: str, found: Agreement) -> None:
    assert found.statements == found.agreed + sum(
        (*found.explained.values(), *found.not_judged.values(), len(set(found.contradictions) - set(found.refuted)))
    )
    assert found.contradictions == [], "\n".join(describe(name, found))


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """A tree on which all agree, with an import that fails."""
    root = tmp_path_factory.mktemp("agreement")
    for path, source in {
        "p/__init__.py": "", "p/a.py": "class A: ...\n", "p/b.py": "from p.a import A\nimport json\nfrom p import a\n",
        "p/c.py": "import p.b\nvalue = None()\n", "p/d.py": "from p.missing import x\n",
    }.items():  # fmt: skip
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(source)
    return read_answers(root, jobs=1)


def test_statements_on_which_all_agree_are_counted(answers: Answers) -> None:
    found = judge_answers(answers)
    assert (found.statements, found.agreed, found.contradictions) == (5, 5, [])


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"graph": {Item("file", "p/c.py")}}, "graph and names differ: another file, another file"),
        ({"graph": set()}, "graph and names differ: itself or nothing, file"),
        ({"names": {Item("outside", "x")}, "may": {Item("outside", "x")}}, "graph and names differ: file, outside"),
        ({"is_lacking": True}, "names miss a name that the simulation has"),
        ({"liveness": {"never"}}, "a statement that is said never to run runs"),
        (
            {side: {Item("file", "p/c.py")} for side in ("graph", "names", "may")},
            "graph and simulation differ: another file, another file",
        ),
    ],
)
def test_every_answer_that_differs_is_a_contradiction(answers: Answers, change: dict[str, object], kind: str) -> None:
    statements = [replace(each, **change) if each.name == "A" else each for each in answers.statements]
    found = judge_answers(replace(answers, statements=statements))
    assert find_kinds(found) == {(kind, "p/b.py", "A")}


def test_an_edge_of_a_statement_that_nothing_runs_is_a_contradiction(answers: Answers) -> None:
    record = replace(answers.record, seen={})
    found = judge_answers(replace(answers, record=record))
    assert {kind for kind, _, _ in find_kinds(found)} == {"said to run always, and no first import runs it"}


def test_a_finding_that_an_import_is_missing_is_refuted_by_one_that_works(answers: Answers) -> None:
    (finding,) = [each for each in answers.findings if each.rule == "phantom-import"]
    assert list(find_refuted(answers)) == []
    wrong = replace(finding, cited=(("p/b.py", 1),))
    assert [each.path for each in find_refuted(replace(answers, findings=[wrong]))] == ["p/b.py"]


def test_a_failure_that_no_finding_cites_is_silent(answers: Answers) -> None:
    assert list(find_silent(answers)) == []
    assert list(find_silent(replace(answers, cited={("p/d.py", 1)}))) == [
        "p/c.py:2 fails: other, 'NoneType' object is not callable"
    ]


def test_why_a_statement_is_not_run_is_said(make_tree: Tree) -> None:
    root = make_tree({
        "p/__init__.py": "", "p/a.py": "", "p/fails.py": "import p.missing\nimport p.a\n",
        "p/b.py": (
            "import sys\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.a\n"
            "if sys.platform == 'nowhere':\n    import p.a\ntry:\n    import p.missing\n    import p.a\n"
            "except ImportError:\n    pass\ntry:\n    import p.a\nexcept ImportError:\n    import p.a\n"
            "def f():\n    import p.a\n"
        ),
    })  # fmt: skip
    explained = check_agreement(root, jobs=1).explained
    assert explained["only type checkers see it"] == explained["deferred"] == 1
    assert explained["a handler that is not needed"] == explained["a failure comes before it in its try"] == 1
    assert explained["a failure comes before it"] == 1


@pytest.mark.parametrize("name", SMALL)
def test_all_agree_on_a_real_package(name: str) -> None:
    assert_agreement(name, check_agreement(find_package(name), jobs=1))


def test_all_agree_on_the_bundled_case() -> None:
    assert_agreement("agent_platform", check_agreement(build_bundled_case(), jobs=1))


@pytest.mark.parametrize("name", [name for name in list_cases() if name != LARGE])
def test_all_agree_on_a_case(name: str, tmp_path: Path) -> None:
    lay_out(CASES / name, tmp_path)
    found = {part.name: check_agreement(part, jobs=1) for part in sorted(tmp_path.iterdir())}
    for part, verdicts in found.items():
        assert_agreement(f"{name}/{part}", verdicts)
        assert verdicts.silent == []


@pytest.mark.trial
@pytest.mark.parametrize("name", [name for name in PACKAGES if name not in SMALL])
def test_all_agree_on_a_large_package(name: str) -> None:
    found = check_agreement(find_package(name))
    print(f"{name}: {found.statements:,} statements, {found.agreed:,} agreed, {len(found.silent):,} silent failures")
    assert_agreement(name, found)
