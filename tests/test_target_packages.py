"""`[target] packages`: findings, figures, score and gate are about these packages, and nothing else becomes unseen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from report_trees import SHOP, investigate
from rule_trees import judge, open_case, read_numbers
from test_gate import commit

from analysis.errors import PolicyError
from analysis.gate import CheckOptions, check, render, write_target_baseline
from analysis.report.executive import build_executive
from analysis.rules import judge as judge_case
from analysis.rules.finding import Finding

Tree = Callable[..., Path]
#: A clean package, one whose import is broken, and one whose name begins like that of the first.
TWO: Mapping[str, str] = {
    "app/__init__.py": "", "app/a.py": "class Order: ...\n",
    "lib/__init__.py": "", "lib/b.py": "from lib.missing import z\nclass Item: ...\n",
    "lib/c.py": "from lib.b import no\n",
    "apple/__init__.py": "", "apple/d.py": "import apple.missing\n",
}  # fmt: skip
APP = '[target]\npackages = ["app"]\n'


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


def name_all(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(finding.rule, finding.subject) for finding in findings}


def test_without_packages_findings_are_about_everything(make_tree: Tree) -> None:
    root = make_tree(TWO)
    assert {subject for _, subject in name_all(judge(root))} >= {"lib.missing", "apple.missing"}


def test_findings_about_other_packages_are_none_and_neither_is_one_about_a_name_that_begins_alike(
    make_tree: Tree,
) -> None:
    assert judge(make_tree(TWO), policy=APP) == []


def test_a_cycle_that_leaves_the_packages_is_seen_whole(make_tree: Tree) -> None:
    root = make_tree({"app/__init__.py": "", "app/a.py": "import lib.b\n", "lib/b.py": "import app.a\n"})
    whole = judge(root, "import-cycle")
    assert judge(root, "import-cycle", APP) == whole
    assert {path for path, _ in whole[0].cited} == {"app/a.py", "lib/b.py"}


def test_who_uses_a_package_wrongly_from_outside_is_reported(make_tree: Tree) -> None:
    root = make_tree(
        {"app/__init__.py": "", "app/a.py": "class Order: ...\n", "lib/b.py": "from app.a import Nothing\n"}
    )
    assert name_all(judge(root, "phantom-name", APP)) == {("phantom-name", "app.a.Nothing")}
    assert judge(root, "phantom-name", '[target]\npackages = ["lib.b"]\n')
    missing = make_tree({"app/__init__.py": "", "lib/b.py": "import app.gone\n"})
    assert name_all(judge(missing, "phantom-import", APP)) == {("phantom-import", "app.gone")}


def test_a_class_that_bears_the_name_of_a_package_does_not_belong_to_it(make_tree: Tree) -> None:
    root = make_tree({"Order/__init__.py": "", "lib/b.py": "class Order: ...\n", "lib/c.py": "class Order: ...\n"})
    assert judge(root, "class-defined-more-than-once")
    assert judge(root, "class-defined-more-than-once", '[target]\npackages = ["Order"]\n') == []


def test_a_module_and_several_packages_and_a_namespace_can_be_named(make_tree: Tree) -> None:
    root = make_tree({**TWO, "space/inner/e.py": "def f(:\n", "space/other.py": "def f(:\n"})

    def find(*packages: str) -> set[str]:
        found = judge(root, policy=f"[target]\npackages = {list(packages)}\n")
        return {each.subject for each in found if each.rule in {"phantom-import", "file-not-parsed"}}

    assert find("lib.b") == {"lib.missing"}
    assert find("app", "apple") == {"apple.missing"}
    assert find("space.inner") == {"space/inner/e.py"}
    assert find("space") == {"space/inner/e.py", "space/other.py"}


def test_files_that_do_not_parse_and_scripts_belong_to_the_package_around_them(make_tree: Tree) -> None:
    root = make_tree({"app/__init__.py": "", "app/my-script.py": "import app.gone\n", "app/broken.py": "def f(:\n"})
    assert {found.rule for found in judge(root, policy=APP)} == {"phantom-import", "file-not-parsed"}


def test_an_exception_for_other_code_is_used_and_not_listed(make_tree: Tree) -> None:
    allowed = "import lib.missing  # ssot: allow[phantom-import] because it is made at run time\n"
    root = make_tree({"app/__init__.py": "", "lib/__init__.py": "", "lib/b.py": allowed})
    ignore = '[[ignore]]\nrule = "class-defined-more-than-once"\nreason = "old"\n'
    judged = judge_case(open_case(root, APP + ignore))
    assert judged.accepted == []
    assert [found.rule for found in judged.findings] == ["exception-unused"]  # of the policy, whatever the packages
    twice = make_tree({"app/__init__.py": "", "lib/b.py": "class A: ...\n", "lib/c.py": "class A: ...\n"})
    judged = judge_case(open_case(twice, APP + ignore))
    assert (judged.accepted, judged.findings) == ([], [])


def test_a_policy_about_what_is_not_there_stays_a_finding(make_tree: Tree) -> None:
    concept = '[[concept]]\nname = "orders"\nmatch = ["Order"]\ncanonical = "app.gone:Order"\n'
    assert name_all(judge(make_tree(TWO), policy=APP + concept)) == {("canonical-class-missing", "orders")}


@pytest.mark.parametrize(
    ("packages", "message"),
    [
        ('["ap"]', "ssot.toml:2:13: [target] packages: there is no package 'ap'"),
        ('["app", "lib.core"]', "ssot.toml:2:20: [target] packages: there is no package 'lib.core'"),
        ('["App"]', "Did you mean app"),
        ('["app.a.Order"]', "there is no package 'app.a.Order'"),
        ('["zzzzzz"]', "There are: app, apple, lib"),
    ],
)
def test_a_package_that_is_not_there_is_no_green_report(make_tree: Tree, packages: str, message: str) -> None:
    root = make_tree({**TWO, "ssot.toml": f"[target]\npackages = {packages}\n"})
    for ask in (lambda: check(root), lambda: write_target_baseline(root)):
        with pytest.raises(PolicyError) as caught:
            ask()
        assert message in f"{caught.value} {caught.value.remedy}"
    with pytest.raises(PolicyError, match="there is no package"):
        investigate(root.parent / "other", TWO, f"[target]\npackages = {packages}\n")


def test_score_and_gate_count_the_modules_and_places_of_the_packages_alone(make_tree: Tree) -> None:
    twice = {"app/x.py": "class Twin: ...\n", "lib/x.py": "class Twin: ...\n"}
    root = make_tree({**TWO, **twice})
    everything = check(root)
    (root / "ssot.toml").write_text(APP)
    found = check(root)
    assert (everything.modules, found.modules, found.about) == (9, 3, ("app",))
    assert [row.package for row in found.packages] == ["app"]
    assert [(row.rule, row.places) for row in found.rules] == [("class-defined-more-than-once", 1)]
    assert [finding.places for finding in found.findings] == [2]
    assert found.score == pytest.approx(100 * 2 / (2 + 1))
    same = {row.fingerprint for row in everything.findings}
    assert {row.fingerprint for row in found.findings} < same
    for form in ("sarif", "junit", "json", "markdown", "github"):
        assert "lib.missing" not in render(found, form)
    assert "limited to app" in render(found, "markdown")
    assert json.loads(render(found, "sarif"))["runs"][0]["properties"]["about"] == ["app"]


def test_a_baseline_of_before_does_not_make_findings_of_others_gone(make_tree: Tree) -> None:
    root = make_tree({**TWO, "app/x.py": "import app.gone\n", "app/y.py": "import app.away\n"})
    place, known = write_target_baseline(root)
    assert {row.subject for row in known.findings} >= {"lib.missing", "app.gone", "app.away"}
    (root / "ssot.toml").write_text(APP)
    (root / "app/y.py").unlink()
    found = check(root)
    assert found.passed
    assert [row.subject for row in found.gone] == ["app.away"]
    assert [(row.subject, row.status) for row in found.findings] == [("app.gone", "known")]
    write_target_baseline(root)
    assert "lib.missing" not in place.read_text()


def test_since_a_revision_that_had_not_the_package_yet_all_of_it_is_new(make_tree: Tree) -> None:
    root = make_tree({"lib/__init__.py": "", "lib/b.py": "import lib.missing\n"})
    commit(root)
    for name, source in {"app/__init__.py": "", "app/a.py": "import app.gone\n", "ssot.toml": APP}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(source)
    found = check(root, CheckOptions(since="HEAD"))
    assert [(row.subject, row.status) for row in found.findings] == [("app.gone", "new")]
    assert found.gone == ()


#: Figures that count nothing but what findings count too.
COUNTED = {
    "phantom-imports", "phantom-names", "class-names-defined-more-than-once", "import-time-cycles", "singletons",
    "import-violations", "shadowed-modules", "files-not-parsed", "modules-that-fail-when-imported-first",
    "mutable-default-arguments", "module-level-instances", "class-level-mutable-attributes", "deferred-cycles",
    "names-with-different-objects", "swallowed-import-suspects", "factory-methods-missing", "files-with-two-names",
}  # fmt: skip
MANY: Mapping[str, str] = {
    "lib/__init__.py": "", "lib/x.py": "from lib import y\nfrom lib.y import b\na = 1\n",
    "lib/y.py": "from lib.x import a\nb = 1\n",
    "lib/t.py": "try:\n    import lib.u\nexcept ImportError:\n    pass\n", "lib/u.py": "import lib.t\n",
    "lib/dead.py": "X = 1\n", "lib/dead/__init__.py": "", "lib/bad.py": "def f(:\n",
    "lib/one.py": "class Twin: ...\nclass Job:\n    all = []\n    def add(self):\n        self.all.append(1)\n"
    "JOB = Job()\ndef f(a=[]):\n    a.append(1)\n    return a\n",
    "lib/two.py": "class Twin: ...\nclass JobFactory:\n    _instance = None\n    def __new__(cls):\n"
    "        if cls._instance is None:\n            cls._instance = super().__new__(cls)\n"
    "        return cls._instance\n",
    "lib/three.py": "from lib.one import Job\n", "lib/four.py": "from lib.three import Job\nfrom lib.one import Gone\n",
    "lib/five.py": "from lib.one import Job as Thing\n", "lib/six.py": "from lib.two import Twin as Thing\n",
    "lib/f.py": "def g():\n    import lib.h\n", "lib/h.py": "import lib.f\n", "lib/gone.py": "import lib.nowhere\n",
}  # fmt: skip
FACTORY = '[[factory]]\nmatch = ["*Factory"]\nrequire_methods = ["create"]\n'


def test_no_figure_counts_what_is_no_finding_and_the_own_ones_stay_as_they_were(make_tree: Tree) -> None:
    root = make_tree({**MANY, "clean/__init__.py": "", "clean/a.py": "X = 1\n"})
    before = read_numbers(open_case(root, FACTORY))
    clean = read_numbers(open_case(root, f'{FACTORY}[target]\npackages = ["clean"]\n'))
    own = read_numbers(open_case(root, f'{FACTORY}[target]\npackages = ["lib"]\n'))
    assert {name for name in COUNTED if before.get(name)} == COUNTED - {"files-with-two-names"}
    assert {name: clean[name] for name in COUNTED if clean.get(name)} == {}
    assert {name: own.get(name) for name in COUNTED} == {name: before.get(name) for name in COUNTED}
    assert (clean["modules"], clean["findings-p1"], clean["findings-p2"]) == (2, 0, 0)


def test_the_report_says_what_it_is_about_and_shows_nothing_else(tmp_path: Path) -> None:
    before = build_executive(investigate(tmp_path / "one", SHOP))
    policy = '[target]\npackages = ["shop.api"]\n'
    report = build_executive(investigate(tmp_path / "two", SHOP, policy))
    assert {group.rule for group in before.groups} - {group.rule for group in report.groups}
    assert "shop.api" in report.provenance["gaps"][0]
    assert sum(step.findings for phase in report.phases for step in phase.steps) == sum(
        row["count"] for row in report.impact["severities"]
    )
    # One cut breaks the cycle that a module of the package is in; the other cycle is not of this target.
    broken = "file-not-parsed"
    assert broken in {group.rule for group in before.groups}
    assert broken not in {group.rule for group in report.groups}
