"""The golden path is measured: real commands run many times, existing results read, rows kept, the answer told."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import scipy.stats

import analysis
from analysis import tables
from analysis.errors import GoldenError
from analysis.golden.command import GoldenRequest, run_request
from analysis.golden.junit import read_junit
from analysis.golden.measure import GoldenOptions, measure_golden_path
from analysis.golden.records import find_golden, read_golden
from analysis.golden.summary import format_cause, summarise_levers, summarise_seeds, summarise_tests
from analysis.report.executive import build_executive
from analysis.report.golden import build_golden, draw_rate, draw_runs, format_golden, list_hints, list_tests
from analysis.report.issue_markdown import build_issue
from analysis.targets import find_target

Tree = Callable[..., Path]
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--junitxml={junit}", "test_it.py")
BY_SEED = {
    "shop/__init__.py": "",
    "shop/state.py": "class Cart:\n    items = []\n    def add(self, x): self.items.append(x)\n",
    "test_it.py": "import os\nimport shop.state\nSEED = int(os.environ['SSOT_SEED'])\n"
    "def test_good(): pass\ndef test_by_seed(): assert SEED % 2, f'seed {SEED}'\ndef test_bad(): assert 1 == 2\n",
}


#: A suite that needs no pytest: as quick as the interpreter starts.
QUICK = """
import os
import shop.state
is_good = int(os.environ["SSOT_SEED"]) % 2
body = "" if is_good else '<failure message="even"/>'
with open(os.environ["SSOT_JUNIT"], "w") as file:
    file.write(f'<testsuite><testcase name="test_good"/><testcase name="test_by_seed">{body}</testcase></testsuite>')
raise SystemExit(not is_good)
"""


def measure(root: Path, *command: str, **options: object) -> object:
    """Measure with this interpreter."""
    return measure_golden_path(root, GoldenOptions((sys.executable, *command), **options))  # type: ignore[arg-type]


def outcomes(root: Path, *command: str, **options: object) -> list[str]:
    return [run.outcome for run in measure(root, *command, **options).base]  # type: ignore[attr-defined]


def test_the_exit_code_decides_where_there_are_no_results(make_tree: Tree) -> None:
    code = "import os, sys; sys.exit(int(os.environ['SSOT_RUN']) % 2)"
    found = measure(make_tree({"a.py": ""}), "-c", code, runs=4)
    assert [(run.number, run.outcome, run.exit_code) for run in found.base] == [  # type: ignore[attr-defined]
        (0, "passed", 0), (1, "failed", 1), (2, "passed", 0), (3, "failed", 1),
    ]  # fmt: skip


def test_seeds_differ_and_can_be_had_again(make_tree: Tree) -> None:
    root = make_tree({"a.py": ""})
    code = "import os; print(os.environ['SSOT_SEED']); raise SystemExit(1)"
    first, second = (measure(root, "-c", code, runs=3, seed=5).base for _ in range(2))  # type: ignore[attr-defined]
    assert [run.detail for run in first] == [run.detail for run in second] == [str(run.seed) for run in first]
    assert len({run.seed for run in first}) == 3


def test_a_run_that_hangs_is_ended_with_all_it_started(make_tree: Tree, tmp_path: Path) -> None:
    place = tmp_path / "child"
    code = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(place)!r}, 'w').write(str(child.pid))\ntime.sleep(60)"
    )
    started = time.monotonic()
    assert outcomes(make_tree({"a.py": ""}), "-c", code, runs=1, timeout=1.0) == ["timeout"]
    assert time.monotonic() - started < 20
    time.sleep(0.2)
    state = Path(f"/proc/{place.read_text()}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_what_a_run_writes_is_its_own_and_goes(make_tree: Tree, tmp_path: Path) -> None:
    note = tmp_path / "places"
    code = f"import tempfile; f = tempfile.mkdtemp(); open({str(note)!r}, 'a').write(f + '\\n')"
    assert outcomes(make_tree({"a.py": ""}), "-c", code, runs=3, parallel=2) == ["passed"] * 3
    places = note.read_text().split()
    assert len({Path(place).parent for place in places}) == 3
    assert not any(Path(place).exists() for place in places)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed"),
        ("import os; open(os.environ['SSOT_JUNIT'], 'w').write('<no')", "malformed"),
        ("print('x' * 10_000_000)", "passed"),
        ("import os; os.closerange(0, 100)", "passed"),
    ],
)
def test_odd_runs_are_rows(make_tree: Tree, code: str, outcome: str) -> None:
    assert outcomes(make_tree({"a.py": ""}), "-c", code, runs=1) == [outcome]


def test_a_command_that_is_not_there_is_one_line(make_tree: Tree) -> None:
    with pytest.raises(GoldenError, match="cannot start no-such-command"):
        measure_golden_path(make_tree({"a.py": ""}), GoldenOptions(("no-such-command",), runs=1))
    with pytest.raises(GoldenError, match="no command"):
        measure_golden_path(make_tree({"a.py": ""}), GoldenOptions())


def test_tests_are_told_apart_by_their_rates(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(BY_SEED, name="shop_tree")
    asked = GoldenRequest(str(root), (sys.executable, *PYTEST), runs=3, repeat_seeds=5)
    answer = run_request(asked, data=tmp_path / "data")
    kinds = {each.test.rpartition("::")[2]: each.kind for each in answer.tests}
    assert kinds == {"test_by_seed": "flaky", "test_bad": "always fails", "test_good": "always passes"}
    assert (answer.passed, answer.runs, answer.verdict.word) == (0, 3, "not met")
    assert {each.kind for each in answer.seeds} == {"always fails"}
    assert "the seed decides" in answer.cause
    folder = find_golden(tmp_path / "data", find_target(root))
    assert folder == answer.folder
    found, about = read_golden(folder)
    assert about["command"][1:3] == ["-m", "pytest"]
    assert "shop/state.py" in found["golden_modules"].column("path").to_pylist()
    assert len(summarise_tests(found["golden_runs"], found["golden_tests"])) == 3


def test_two_revisions_are_compared(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"a.py": "import sys; sys.exit(1)\n"})

    def take() -> str:
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
            who = ("-c", "user.name=t", "-c", "user.email=t@t")
            subprocess.run(["git", *who, "-C", str(root), *words], check=True, capture_output=True)
        asked = GoldenRequest(str(root), (sys.executable, "a.py"), runs=12)
        return run_request(asked, data=tmp_path / "data").change

    assert take() == ""
    (root / "a.py").write_text("pass\n")
    told = take()
    assert "from 0.0 % to 100.0 %: statistically significant" in told
    golden = analysis.investigate(root, data=tmp_path / "data").manifest.golden
    assert golden is not None
    assert golden.change == told


@pytest.mark.parametrize("parallel", [1, 3])
@pytest.mark.parametrize(
    "code", ["pass", "raise SystemExit(1)", "import os; raise SystemExit(int(os.environ['SSOT_SEED']) % 2)",
             "import os; open(os.environ['SSOT_JUNIT'], 'w').write('<no')"],
)  # fmt: skip
def test_exactly_as_many_runs_are_made_as_asked_for(make_tree: Tree, tmp_path: Path, code: str, parallel: int) -> None:
    note = tmp_path / "runs"
    counting = f"open({str(note)!r}, 'a').write('x')\n{code}"
    found = measure(make_tree({"a.py": ""}), "-c", counting, runs=12, parallel=parallel)
    assert note.read_text() == "x" * 12
    assert len(found.runs) == len(found.base) == 12  # type: ignore[attr-defined]
    assert not found.stopped  # type: ignore[attr-defined]


def test_failing_seeds_are_repeated_when_that_is_asked_for(make_tree: Tree) -> None:
    found = measure(make_tree({"a.py": ""}), "-c", "raise SystemExit(1)", runs=4, repeat_seeds=2)
    assert [run.lever for run in found.runs] == ["base"] * 4 + ["repeated seed"] * 6  # type: ignore[attr-defined]


def test_a_clear_answer_ends_early_on_request(make_tree: Tree) -> None:
    found = measure(make_tree({"a.py": ""}), "-c", "raise SystemExit(1)", runs=50, early=True)
    assert found.stopped  # type: ignore[attr-defined]
    assert len(found.base) < 5  # type: ignore[attr-defined]


def test_a_lever_that_decides_is_found(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"a.py": ""})
    code = "import os, sys; sys.exit(os.environ.get('PYTHONHASHSEED') == '1')"
    asked = GoldenRequest(str(root), (sys.executable, "-c", code), runs=12, levers=12, parallel=2)
    answer = run_request(asked, data=tmp_path / "data")
    runs = read_golden(answer.folder)[0]["golden_runs"]
    assert [(each.lever, each.setting) for each in summarise_levers(runs) if each.moves] == [("hash seed", "1")]
    assert format_cause(runs) == "the rate depends on hash seed (1)"
    assert summarise_seeds(runs) == []


def write_runs(**passed: int) -> pa.Table:
    """Return the runs of a base that fails ten times of twenty, and of levers with so many successes of twenty."""
    rows = [("base", "", seed, seed < 10) for seed in range(20)]
    rows += [(lever, "on", seed, seed < good) for lever, good in passed.items() for seed in range(20)]
    return tables.GOLDEN_RUNS.from_rows(
        (number, seed, "passed" if good else "failed", 0.1, 0 if good else 1, "", lever, setting, "command", "", 0, 0)
        for number, (lever, setting, seed, good) in enumerate(rows)
    )


def test_p_values_of_levers_are_corrected_for_their_number_by_holm() -> None:
    """Against a second computation: of n levers the k-th smallest p-value is multiplied by n - k + 1, never falling."""
    passed = {"a": 20, "b": 1, "c": 11, "d": 17, "e": 9}
    found = summarise_levers(write_runs(**passed))
    plain = {
        lever: float(scipy.stats.fisher_exact([[10, 10], [good, 20 - good]]).pvalue) for lever, good in passed.items()
    }
    order = sorted(plain, key=lambda lever: plain[lever])
    expected = [
        min(1.0, max(plain[earlier] * (5 - place) for place, earlier in enumerate(order[: number + 1])))
        for number in range(5)
    ]
    assert [record.p_value for record in found] == pytest.approx(expected)
    assert sorted(expected) == expected and expected[0] == pytest.approx(5 * plain["a"])
    assert [record.p_value for record in found if record.lever in "ce"] == [1.0, 1.0]
    assert {record.lever for record in found if record.moves} == {"a", "b"}
    assert plain["d"] < 0.05 < next(record.p_value for record in found if record.lever == "d")


def test_a_single_lever_is_not_corrected() -> None:
    (record,) = summarise_levers(write_runs(d=17))
    assert record.p_value == pytest.approx(float(scipy.stats.fisher_exact([[10, 10], [17, 3]]).pvalue))
    assert record.moves


def test_levers_reach_the_interpreter(make_tree: Tree) -> None:
    root = make_tree({"a.py": ""})
    code = "import sys; print(sys.getswitchinterval()); raise SystemExit(1)"
    found = measure(root, "-c", code, runs=1, levers=1)
    seen = {run.setting: run.detail for run in found.runs if run.lever == "switch interval"}  # type: ignore[attr-defined]
    assert {setting: float(value) for setting, value in seen.items()} == {"1 µs": 1e-6, "1 s": 1.0}


def test_the_order_of_tests_is_shuffled_by_the_seed(make_tree: Tree) -> None:
    names = "".join(f"def test_{n}(): pass\n" for n in range(12))
    found = measure(make_tree({"test_it.py": names}), *PYTEST, runs=1, levers=1)
    orders = {
        (run.lever, run.number): [test.test for test in run.tests]
        for run in found.runs  # type: ignore[attr-defined]
        if run.lever in {"base", "test order"}
    }
    assert len({tuple(order) for order in orders.values()}) == 2
    assert len({frozenset(order) for order in orders.values()}) == 1


def test_the_targets_own_sitecustomize_still_runs(make_tree: Tree) -> None:
    root = make_tree({"site/sitecustomize.py": "import builtins\nbuiltins.own = 7\n"})
    code = "import sys; sys.exit(own != 7)"
    environment = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = str(root / "site")
    try:
        assert outcomes(root, "-c", code, runs=1) == ["passed"]
    finally:
        os.environ["PYTHONPATH"] = environment


SUITE = (
    '<testsuite name="{name}" timestamp="2026-01-0{day}T00:00:00">'
    '<testcase classname="a" name="t" time="0.5">{body}</testcase></testsuite>'
)


def test_results_that_exist_are_taken_in(tmp_path: Path) -> None:
    good, bad = (SUITE.format(name="s", day=day, body=body) for day, body in ((1, ""), (2, '<failure message="no"/>')))
    (tmp_path / "two.xml").write_text(f"<testsuites>{good}{bad}</testsuites>")
    (tmp_path / "one.xml.gz").write_bytes(gzip.compress(good.encode()))
    other = SUITE.format(name="r", day=1, body="")
    (tmp_path / "parts.xml").write_text(f"<testsuites>{good}{other}</testsuites>")
    (tmp_path / "bad.xml").write_text("<testsuite")
    (tmp_path / "other.xml").write_text("<html/>")
    (tmp_path / "bomb.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><testsuite><testcase name="&b;"/></testsuite>')
    (tmp_path / "cut.xml.gz").write_bytes(gzip.compress(good.encode())[:20])
    (tmp_path / "empty.xml").write_bytes(b"")
    asked = GoldenRequest(str(tmp_path), junit=(str(tmp_path / "*.xml*"),))
    answer = run_request(asked, data=tmp_path / "data")
    rows = read_golden(answer.folder)[0]["golden_runs"].to_pylist()
    by_file: dict[str, list[str]] = {}
    for row in rows:
        by_file.setdefault(Path(row["source"]).name, []).append(row["outcome"])
    assert by_file == {
        "two.xml": ["passed", "failed"], "one.xml.gz": ["passed"], "parts.xml": ["passed"], "bad.xml": ["malformed"],
        "other.xml": ["malformed"], "bomb.xml": ["malformed"], "cut.xml.gz": ["malformed"], "empty.xml": ["malformed"],
    }  # fmt: skip
    assert (answer.passed, answer.runs) == (3, 4)
    reasons = " ".join(row["detail"] for row in rows)
    assert "refused: EntitiesForbidden" in reasons or "refused: DTDForbidden" in reasons
    with pytest.raises(GoldenError, match="no file matches"):
        run_request(GoldenRequest(str(tmp_path), junit=("none*.xml",)), data=tmp_path / "data")


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large.xml.gz").write_bytes(gzip.compress(b"<testsuite>" + b" " * (65 << 20)))
    (found,) = read_junit(tmp_path / "large.xml.gz")
    assert (found.outcome, found.tests) == ("malformed", ())
    assert "more than 64 MiB" in found.problem


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> analysis.Investigation:
    """Measure a small target, and scan it."""
    folder = tmp_path_factory.mktemp("golden")
    root = folder / "shop"
    for name, source in {**BY_SEED, "suite.py": QUICK}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source)
    (root / "ssot.toml").write_text('[business]\ncurrency = "EUR"\nrevenue_at_risk = 1000\n')
    asked = GoldenRequest(str(root), (sys.executable, "suite.py"), runs=12, levers=2)
    run_request(asked, data=folder / "data")
    return analysis.investigate(root, data=folder / "data")


def test_the_report_shows_rate_interval_and_verdict(reported: analysis.Investigation) -> None:
    view = build_golden(reported)
    assert view is not None
    assert view.runs == 12
    assert view.verdict.word == "not met"
    goal = next(goal for goal in reported.success_metrics() if goal.metric == "golden-path-lower-bound")
    assert goal.is_met is False
    assert goal.now == pytest.approx(view.verdict.lower)
    assert reported.metric("golden-path-flaky-tests") == 1
    report = build_executive(reported)
    assert any(
        "Golden path" in figure.label and figure.value == view.passed / 12 and figure.text == view.rate
        for figure in report.figures
    )
    assert "## Golden path" in build_issue(report)
    stages = [row[0] for row in view.scenarios]
    assert (stages[0], stages[-1]) == ("today", "at target")
    assert view.scenarios[0][2].startswith("EUR ")
    assert view.scenarios[-1][2] == "EUR 1"
    assert {row[1] for row in view.scenarios[1:-1]} <= {"not measured"}


def test_the_notebook_parts_speak(reported: analysis.Investigation) -> None:
    assert "Not met" in str(format_golden(reported))
    assert "test_by_seed" in list_tests(reported).page.replace("<wbr>", "")
    assert "shared-class-attribute" in list_hints(reported).page.replace("<wbr>", "")
    assert len(draw_rate(reported).png) > 2000  # type: ignore[union-attr]
    assert len(draw_runs(reported).png) > 2000  # type: ignore[union-attr]


def test_a_target_that_was_not_measured_says_so(make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(make_tree({"a.py": "x = 1\n"}), data=tmp_path / "data")
    assert build_golden(inv) is None
    assert "was not measured" in str(format_golden(inv))
    assert next(goal for goal in inv.success_metrics() if goal.metric == "golden-path-lower-bound").is_met is None


def test_the_command_has_exit_codes(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"a.py": "", "ssot.toml": "[golden_path]\ntarget = 0.5\nconfidence = 0.9\n"})

    def ssot(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "analysis.cli", "golden-path", str(root), *arguments]
        environment = {**os.environ, "SSOT_DATA": str(tmp_path / "data")}
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    good = ssot("--runs", "8", "--json", "--", "python", "-c", "pass")
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["verdict"]["word"] == "met"
    bad = ssot("--runs", "8", "--quiet", "--", "python", "-c", "raise SystemExit(1)")
    assert (bad.returncode, bad.stderr, bad.stdout.count("\n")) == (1, "", 1)
    assert "not met" in bad.stdout
    whole = ssot("--runs", "8", "--json", "--all-runs", "--", "python", "-c", "raise SystemExit(1)")
    assert json.loads(whole.stdout)["runs"] == 8
    early = ssot("--runs", "60", "--json", "--stop-early", "--", "python", "-c", "raise SystemExit(1)")
    assert json.loads(early.stdout)["runs"] < 60
    for wrong in (["--runs", "2"], ["--", "no-such-command"], ["--junit", "none*"]):
        done = ssot(*wrong)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
