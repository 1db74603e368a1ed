"""What a demanding user of the gate found: growth, trades, mends, exceptions and changes that must be told apart."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.gate import CheckOptions, CheckResult, check, render, write_target_baseline

Tree = Callable[..., Path]
Files = Mapping[str, str | None]
STRICT = CheckOptions(strict=True, use_cache=False, jobs=1)


def change(tree: Path, files: Files) -> None:
    """Write or, where there is no source, delete files."""
    for name, source in files.items():
        place = tree / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source is None:
            place.unlink()
        else:
            place.write_text(source)


def after(make_tree: Tree, before: Files, changed: Files) -> CheckResult:
    """Return the verdict on a change, against the baseline of what was before."""
    tree = make_tree(before)
    write_target_baseline(tree, STRICT)
    change(tree, changed)
    return check(tree, STRICT)


def score(make_tree: Tree, files: Files) -> float:
    return check(make_tree(files), CheckOptions(use_cache=False, jobs=1)).score


def tell(result: CheckResult) -> set[tuple[str, str]]:
    return {(finding.rule, finding.status) for finding in result.findings}


RING = {"p/__init__.py": "", "p/a.py": "import p.b\n", "p/b.py": "import p.a\n"}
FIVE = {f"p/m{number}.py": "" for number in range(5)}


def test_a_cycle_that_takes_in_more_modules_is_not_the_known_one(make_tree: Tree) -> None:
    grown = {
        "p/b.py": "import p.a\n" + "".join(f"import p.m{number}\n" for number in range(5)),
        **dict.fromkeys(FIVE, "import p.a\n"),
    }
    result = after(make_tree, {**RING, **FIVE}, grown)
    assert not result.passed
    assert tell(result) == {("import-cycle", "new")}


def test_one_more_import_inside_a_cycle_is_worse(make_tree: Tree) -> None:
    result = after(make_tree, RING, {"p/b.py": "import p.a\nimport p.a as again\n"})
    assert tell(result) == {("import-cycle", "worse")}


BIG = {
    "p/__init__.py": "", "p/a.py": "import p.b\n", "p/b.py": "import p.a\nimport p.c\n",
    "p/c.py": "import p.b\nimport p.d\n",
    "p/d.py": "import p.c\n",
}  # fmt: skip
CUTS: list[Files] = [
    {"p/b.py": "import p.a\n"},
    {"p/c.py": "import p.d\n", "p/b.py": "import p.a\n"},
    {"p/b.py": "import p.a\ndef f():\n    import p.c\n"},
    {"p/d.py": ""},
    {"p/a.py": "def f():\n    import p.b\n"},
    {"p/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.b\n"},
]


@pytest.mark.parametrize("cut", CUTS)
def test_what_is_left_of_a_cycle_is_known_and_the_score_rises(make_tree: Tree, cut: Files) -> None:
    result = after(make_tree, BIG, cut)
    assert result.passed, tell(result)
    assert {status for _, status in tell(result)} <= {"known"}
    assert score(make_tree, {**BIG, **cut}) >= score(make_tree, BIG)


THREE = {"p/__init__.py": "", "p/a.py": "import p.b\n", "p/b.py": "import p.a\nimport p.c\n", "p/c.py": "import p.a\n"}


def test_the_score_does_not_fall_when_the_shortest_loop_is_cut(make_tree: Tree) -> None:
    mended = {**THREE, "p/b.py": "import p.c\n"}
    assert score(make_tree, mended) >= score(make_tree, THREE)


EDGES = st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda edge: edge[0] != edge[1]), max_size=12)
STATEMENTS = {
    "now": "import p.m{0}\n", "later": "def f{0}():\n    import p.m{0}\n",
    "typing": "if TYPE_CHECKING:\n    import p.m{0}\n",
}  # fmt: skip


@settings(max_examples=60)
@given(EDGES, st.data())
def test_cutting_or_deferring_any_import_never_lowers_the_score(
    tmp_path_factory: pytest.TempPathFactory, edges: set[tuple[int, int]], data: st.DataObject
) -> None:
    kinds = {edge: data.draw(st.sampled_from(["now", "now", "later", "typing"])) for edge in sorted(edges)}
    if not kinds:
        return
    mended = dict(kinds)
    for edge in data.draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=3, unique=True)):
        steps = ["now", "later", "typing"]
        later = data.draw(st.sampled_from([*steps[steps.index(kinds[edge]) :], "gone"]))
        mended[edge] = later
    scores = []
    for number, each in enumerate((kinds, mended)):
        tree = tmp_path_factory.mktemp(f"ring{number}")
        lines = {f"m{module}": "from typing import TYPE_CHECKING\n" for module in range(5)}
        for (importer, imported), kind in each.items():
            lines[f"m{importer}"] += STATEMENTS.get(kind, "").format(imported)
        (tree / "p").mkdir()
        (tree / "p/__init__.py").write_text("")
        for name, source in lines.items():
            (tree / f"p/{name}.py").write_text(source)
        scores.append(check(tree, CheckOptions(use_cache=False, jobs=1)).score)
    assert scores[1] >= scores[0] - 1e-9


SHOP = {
    "p/__init__.py": "", "p/real.py": "class R: ...\n", "p/via.py": "from p.real import R\nclass Other: ...\n",
    "p/b.py": "from p.via import R\n", "p/c.py": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("before", "changed", "rule"),
    [
        (SHOP, {"p/b.py": "", "p/c.py": "from p.via import R\n"}, "class-taken-from-elsewhere"),
        ({"a.py": "import p.nope\n", "b.py": "", "p/__init__.py": ""}, {"a.py": "", "b.py": "import p.nope\n"},
         "phantom-import"),
        ({f"{name}.py": "class Order: ...\n" for name in "abc"}, {"c.py": None, "zz.py": "X = 1\nclass Order: ...\n"},
         "class-defined-more-than-once"),
    ],
)  # fmt: skip
def test_a_place_given_up_for_another_is_worse(make_tree: Tree, before: Files, changed: Files, rule: str) -> None:
    assert (rule, "worse") in tell(after(make_tree, before, changed))


def test_a_renamed_file_is_no_trade(make_tree: Tree) -> None:
    source = SHOP["p/b.py"] + "".join(f"def f{number}(): ...\n" for number in range(9))
    result = after(make_tree, {**SHOP, "p/b.py": source}, {"p/b.py": None, "p/moved.py": source})
    assert {status for _, status in tell(result)} == {"known"}


REGISTRY = """{0}class Registry:
    _instance = None
    items = {{}}

    def __new__(cls):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def add(self, key, value):
        self.items[key] = value
        self.items.update({{key: value}})
"""
ALLOW = "# ssot: allow[singleton, shared-class-attribute] because one per process is meant\n"


def test_an_exception_on_the_class_accepts_what_the_class_keeps(make_tree: Tree) -> None:
    bare = check(make_tree({"a.py": REGISTRY.format("")}), STRICT)
    assert {finding.rule for finding in bare.findings} >= {"singleton", "shared-class-attribute"}
    result = check(make_tree({"a.py": REGISTRY.format(ALLOW)}), STRICT)
    assert [finding.rule for finding in result.findings] == []


@pytest.mark.parametrize(
    "statement",
    [
        "from p.via import R  # ssot: allow[class-taken-from-elsewhere] because frozen\n",
        "from p.via import (\n    R,\n)  # ssot: allow[class-taken-from-elsewhere] because frozen\n",
        "from p.via import (\n    R,  # ssot: allow[class-taken-from-elsewhere] because frozen\n)\n",
        "from p.via \\\n    import R  # ssot: allow[class-taken-from-elsewhere] because frozen\n",
    ],
)
def test_an_exception_stands_anywhere_in_its_statement(make_tree: Tree, statement: str) -> None:
    assert not check(make_tree({**SHOP, "p/b.py": statement}), STRICT).findings


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("# ssot: allow[class-taken-from-elsewhere, singleton] because x", "The exception for singleton accepts"),
        ("# ssot: allow[class-taken-from-elsewhere] because x # ssot: allow[singleton] because y",
         "The exception for singleton accepts nothing"),
        ("# ssot: allow[class-taken-from-elsewhere, typo] because x", "The exception for typo does not count"),
        ("# ssot: allow class-taken-from-elsewhere because x", "it names no rule"),
        ("# ssot: allow [class-taken-from-elsewhere] because x", "it names no rule"),
        ("# ssot: allow[class-taken-from-elsewhere] because.", "it gives no reason"),
    ],
)  # fmt: skip
def test_an_exception_that_does_nothing_is_told(make_tree: Tree, comment: str, told: str) -> None:
    result = check(make_tree({**SHOP, "p/b.py": f"from p.via import R  {comment}\n"}), STRICT)
    assert any(told in finding.message for finding in result.findings), [each.message for each in result.findings]


def test_an_unused_exception_costs_no_points(make_tree: Tree) -> None:
    used = {**SHOP, "p/b.py": "from p.via import R  # ssot: allow[class-taken-from-elsewhere] because x\n"}
    mended = {**SHOP, "p/b.py": "from p.real import R  # ssot: allow[class-taken-from-elsewhere] because x\n"}
    assert score(make_tree, mended) >= score(make_tree, used)


@pytest.mark.parametrize("source", ["", "print(1)\n", "def (\n", "1\n"])
def test_a_tree_that_binds_no_name_is_judged(make_tree: Tree, source: str) -> None:
    result = check(make_tree({"a.py": source}), STRICT)
    assert {finding.rule for finding in result.findings} == ({"file-not-parsed"} if "def" in source else set())


def test_hostile_lines_make_good_xml_and_markdown(make_tree: Tree) -> None:
    files = {"a.py": "def f(x=[]):  # \uffff \x1b[31m\n    x.append(1)\n", "e\x1bx\n|.py": "def (\n"}
    result = check(make_tree(files), CheckOptions(strict=True, use_cache=False, jobs=1))
    assert len(result.findings) >= 2
    ET.fromstring(render(result, "junit"))
    table = render(result, "markdown")
    assert "\x1b" not in table
    assert all(line.count("|") >= 5 for line in table.splitlines() if line.startswith("| P"))


def git(tree: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *settings, *arguments], cwd=tree, check=True, capture_output=True)


def commit(tree: Path) -> None:
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "x", "--allow-empty")


SINCE = CheckOptions(strict=True, use_cache=False, jobs=1, since="main")


def test_only_what_a_branch_brings_in_is_judged_when_its_base_moves_on(make_tree: Tree) -> None:
    tree = make_tree({"a.py": "def f(x=[]):\n    x.append(1)\n", "b.py": ""})
    git(tree, "init", "-qb", "main")
    commit(tree)
    git(tree, "checkout", "-qb", "feature")
    change(tree, {"b.py": "Y = 1\n"})
    commit(tree)
    git(tree, "checkout", "-q", "main")
    change(tree, {"a.py": "def f(x=None): ...\n"})
    commit(tree)
    git(tree, "checkout", "-q", "feature")
    assert check(tree, SINCE).passed


def test_links_and_submodules_are_no_change(make_tree: Tree, tmp_path: Path) -> None:
    inner = make_tree({"s.py": "def f(x=[]):\n    x.append(1)\n"})
    git(inner, "init", "-qb", "main")
    commit(inner)
    tree = make_tree({"a.py": "def f(x=[]):\n    x.append(1)\n"})
    (tree / "alias.py").symlink_to("a.py")
    git(tree, "init", "-qb", "main")
    git(tree, "submodule", "add", "-q", str(inner), "sub")
    commit(tree)
    result = check(tree, SINCE)
    assert result.passed, tell(result)
    assert {finding.status for finding in result.findings} == {"known"}


def test_places_are_told_from_the_top_of_the_repository(make_tree: Tree) -> None:
    tree = make_tree({"proj/p/a.py": "def f(x=[]):\n    x.append(1)\n"})
    git(tree, "init", "-qb", "main")
    commit(tree)
    result = check(tree / "proj", STRICT)
    assert "file=proj/p/a.py," in render(result, "github")
    assert '"uri": "proj/p/a.py"' in render(result, "sarif")


def test_the_hook_runs_whatever_is_changed_and_says_what_fails() -> None:
    hook = (Path(__file__).parent.parent / ".pre-commit-hooks.yaml").read_text()
    assert "always_run: true" in hook
    assert "--quiet" not in hook
    assert "types:" not in hook
