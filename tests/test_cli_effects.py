"""Every option of `ssot` does something: for each there is a command line without it, one with it, and what differs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from git_line import GitLine
from test_gate import commit
from typer.testing import CliRunner

import analysis.case_building
import analysis.cli.watching
import analysis.pipeline
import analysis.report
import analysis.verify
from analysis import cli
from analysis.investigation import Investigation
from analysis.report.edition import shows_authors
from analysis.report.exports import build_findings_json
from analysis.rules.finding import fingerprint
from analysis.verify import Verification, VerifyOptions

Tree = Callable[..., Path]
JUNIT = '<testsuite><testcase classname="a" name="b">{}</testcase></testsuite>'
STALE = json.dumps({
    "format": 1, "simulated": True, "findings": [
        {"fingerprint": "f", "rule": "phantom-import", "severity": "P1", "subject": "shop.x", "places": 1}
    ],
})  # fmt: skip
TREE: Mapping[str, str] = {
    "shop/__init__.py": "", "shop/db.py": "class Order: ...\nclass Order2: ...\n",
    "shop/api.py": "from shop.db import Order\nfrom shop.gone import x\n",
    "shop/three.py": "import shop.two\nimport shop.api\n",
    "shop/two.py": "import shop.api\nimport shop.db\n",
    "shop/flag.py": "import os\nassert os.environ['SSOT_FLAG']\n",
    "shop/old.py": (
        "import sys\nif sys.version_info < (3, 9):\n    import shop.never\n"
        "if sys.platform == 'win32':\n    import shop.nowhere\n"
    ),
    "shop/far.py": "import beside\n", "vendor/beside.py": "X = 1\n",
    "ssot-baseline.json": '{"format": 1}', "stale.json": STALE, "one.xml": JUNIT.format(""), "no/ssot.toml": "",
    "strict.toml": "[compliance]\nthreshold = 1\n[[ignore]]\nrule = 'phantom-*'\nreason = 'old'\n",
    "canonical.toml": "[[concept]]\nname = 'o'\nmatch = ['Order']\ncanonical = 'shop.api.Order'\n",
    "claims.toml": "[[claim]]\nmetric = 'files'\nvalue = 3\n[[concept]]\nname = 'o'\nmatch = ['Order*']\n",
}  # fmt: skip
#: Passes for even seeds and takes a while.
GOLDEN = (
    f"golden-path . --json -- {sys.executable} -c "
    "import\u00a0os,sys,time;time.sleep(0.15);sys.exit(int(os.environ['SSOT_SEED'])%2)"
)
VERIFY = "verify-test test_imports.py::test_no_circular_imports --json --defect circular --python " + sys.executable


#: The import of shop.gone, which does not exist.
ACCEPT = f"accept {fingerprint('phantom-import', 'shop.gone')} --in . --because old --until 2099-01-31"
WHY = "why shop.api --in ."
BLAME = f"blame {fingerprint('phantom-import', 'shop.gone')} --in ."
SUITE = "tests . --policy claims2.toml --out out/one"


class Case(NamedTuple):
    """A command line, and the same with an option; blanks separate words."""

    before: str
    after: str


def case(before: str, option: str) -> Case:
    """Return a case whose option comes behind the command's own name."""
    command, _, rest = before.partition(" -- ")
    return Case(before, f"{command} {option}" + (f" -- {rest}" if rest else ""))


def list_cases() -> Iterator[tuple[str, Case]]:
    yield "--version", Case("", "--version")
    for command in ("scan .", "report ."):
        name, base = command.partition(" ")[0], f"{command} -q"
        yield f"{name} --policy", case(base, "--policy strict.toml")
        yield f"{name} --claims", case(base, "--claims claims.toml")
        yield f"{name} --probe", case(base, "--probe")
        yield f"{name} --python", case(f"{base} --probe", "--python no/such/python")
        yield f"{name} --only", case(f"{base} --probe", "--only shop.db")
        yield f"{name} --pythonpath", case(f"{base} --probe", "--pythonpath vendor")
        yield f"{name} --env", case(f"{base} --probe", "--env SSOT_FLAG=1")
        yield f"{name} --json", case(base, "--json")
        yield f"{name} --quiet", Case(command, base)
    yield "report --out", case("report . -q", "--out elsewhere")
    yield "report --since", case("report . -q", "--since HEAD")
    yield "report --snapshot", Case("report -q", "report -q --snapshot kept")
    yield from list_scheduled_cases()
    yield "check --policy", case("check . --json", "--policy strict.toml")
    yield "check --threshold", case("check . --no-baseline", "--threshold 1")
    yield "check --strict", case("check . --no-baseline --threshold 0", "--strict")
    yield "check --strict-baseline", case("check . --baseline stale.json", "--strict-baseline")
    yield "check --since", case("check . --json", "--since HEAD")
    yield "check --baseline", case("check . --json --no-baseline", "--baseline ssot-baseline.json")
    yield "check --no-baseline", case("check . --json", "--no-baseline")
    yield "check --write", case("check .", "--write out/check.md")
    yield "check --github", case("check .", "--github")
    yield "init --out", case("init .", "--out out/proposed.toml")
    yield "init --force", case("init . --out strict.toml", "--force")
    yield (
        "tests --out",
        Case("tests . --policy claims2.toml --out out/one", "tests . --policy claims2.toml --out out/two"),
    )
    yield "tests --policy", Case("tests . --out out/one", "tests . --out out/one --policy claims2.toml")
    yield "golden-path --policy", Case("golden-path . --json", "golden-path . --json --policy golden.toml")
    two = GOLDEN.replace("--json", "--json --runs 2")
    yield "golden-path --runs", Case(two, GOLDEN.replace("--json", "--json --runs 3"))
    for option in ("parallel 2", "seed 1", "timeout 0.1", "levers 2"):
        yield f"golden-path --{option.split()[0]}", case(two, f"--{option}")
    many = GOLDEN.replace("--json", "--json --seed 0 --runs 40 --parallel 8").replace("time.sleep(0.15)", "0")
    yield "golden-path --stop-early", case(many, "--stop-early")
    yield "golden-path --repeat-seeds", case(two, "--repeat-seeds 1")
    yield "golden-path --junit", Case("golden-path . --json", "golden-path . --json --junit one.xml")
    yield "baseline write --policy", case("baseline write . --json", "--policy strict.toml")
    yield "baseline write --out", case("baseline write .", "--out out/known.json")
    yield "explain --in", Case("explain shop.api shop.db --in no", "explain shop.api shop.db --in .")
    yield "explain --limit", Case("explain shop.three shop.db --in .", "explain shop.three shop.db --in . --limit 1")
    yield "paths --in", Case("paths Order --in no", "paths Order --in .")
    yield "why --in", Case("why shop.api --in no", "why shop.api --in .")
    yield "findings --in", Case("findings --in no", "findings --in .")
    for before, options in (
        ("export --in .", ("format dot", "module shop.api", "package shop", "modules", "out out/graph")),
        ("findings --in .", ("rule import-cycle", "module shop.api", "severity P3")),
        ("diff HEAD", ("in no", "write out/diff.md", "jobs 3", "json", "quiet")),
    ):
        for option in options:
            yield f"{before.split()[0]} --{option.split()[0]}", case(before, f"--{option}")
    yield "export --in", Case("export --in no", "export --in .")
    yield "accept --in", Case(ACCEPT.replace("--in .", "--in no"), ACCEPT)
    yield "accept --because", Case(ACCEPT, ACCEPT.replace("old", "older"))
    yield "accept --until", Case(ACCEPT, ACCEPT.replace("2099", "2098"))
    yield "accept --policy", case(ACCEPT, "--policy strict.toml")
    yield "accept --dry-run", case(ACCEPT, "--dry-run")
    yield "watch --policy", case("watch .", "--policy strict.toml")
    yield "watch --interval", case("watch .", "--interval 3")
    yield "watch --jobs", case("watch .", "--jobs 3")
    yield "watch --json", case("watch .", "--json")
    for option in ("redact", "zip", "pdf", "out elsewhere", "reports nowhere", "json", "quiet"):
        yield f"share --{option.split()[0]}", case("share shop", f"--{option}")
    yield "share --hash-names", case("share shop --redact", "--hash-names")
    yield "serve --port", Case("serve --port 48909", "serve --port 48908")
    yield "verify-test --python", Case(VERIFY, VERIFY.replace(sys.executable, "no/such/python"))
    yield "verify-test --defect", Case(VERIFY, VERIFY.replace("circular --python", "identity --python"))
    yield "verify-test --subject", case(VERIFY, "--subject shop.db")
    yield "verify-test --root", case(VERIFY, "--root no")
    yield "verify-test --runs", case(VERIFY, "--runs 2")
    yield "verify-test --timeout", case(VERIFY, "--timeout 1")
    yield "verify-test --no-plugins", case(VERIFY, "--no-plugins")
    quiet = {
        "check": "check . --no-baseline", "init": "init . --out out/p.toml", "tests": SUITE,
        "golden-path": GOLDEN.replace(" --json", " --runs 1"), "baseline write": "baseline write .",
        "findings": "findings --in .", "accept": ACCEPT, "verify-test": VERIFY.replace(" --json", ""),
    }  # fmt: skip
    for name, before in quiet.items():
        yield f"{name} --quiet", case(before, "--quiet")
        yield f"{name} --json", case(before, "--json")
    for line in ("explain shop.api shop.db --in .", "paths Order --in .", "why shop.api --in ."):
        yield f"{line.split()[0]} --json", case(line, "--json")
    for line in ("scan .", "report .", "check . --json", "init . --out out/p.toml", SUITE, "baseline write ."):
        name = line.partition(" .")[0]
        yield f"{name} --jobs", case(line, "--jobs 3")
        yield f"{name} --no-cache", case(line, "--no-cache")
    for line in ("scan .", "report .", "check . --json", "baseline write . --json"):
        yield f"{line.partition(' .')[0]} --simulation-budget", case(line, "--simulation-budget 0")
        yield f"{line.partition(' .')[0]} --python-version", case(line, "--python-version 3.8")
        yield f"{line.partition(' .')[0]} --platform", case(line, "--platform linux")


def list_past_cases() -> Iterator[tuple[str, Case]]:
    for option in (
        "since HEAD", "every 2", "tags", "simulated", "authors", "write out/history.md", "policy strict.toml", "jobs 3",
        "no-cache",
    ):  # fmt: skip
        yield f"history --{option.split()[0]}", case("history . --json", f"--{option}")
    yield "why --authors", case(WHY, "--authors")
    yield "history --json", case("history .", "--json")
    yield "history --quiet", case("history .", "--quiet")
    yield "blame --in", Case(BLAME.replace("--in .", "--in no"), BLAME)
    for option in ("authors", "policy strict.toml", "jobs 3", "no-cache", "json", "quiet"):
        yield f"blame --{option.split()[0]}", case(BLAME, f"--{option}")


def list_scheduled_cases() -> Iterator[tuple[str, Case]]:
    yield "report --keep", case("report . -q", "--keep 1")
    yield "report --lock", case("report . -q", "--lock")
    yield "report --lock-wait", Case("report . -q", "report . -q --lock-wait 1")
    yield "report --fail-on", case("report . -q", "--fail-on gate")
    yield "report --notify", case("report . -q", "--notify out/mail.eml")
    yield "report --notify-when", case("report . -q --notify out/mail.eml", "--notify-when regression")
    yield "report --blame", case("report . -q", "--blame")
    yield "report --authors", case("report . -q", "--authors")
    for option in ("cron", "systemd", "github", "gitlab"):
        yield f"schedule --{option}", Case("schedule .", f"schedule . --{option} hourly")
    yield "pin --remove", case("pin shop", "--remove")
    yield "pin --reports", case("pin shop", "--reports nowhere")


def list_fix_cases() -> Iterator[tuple[str, Case]]:
    for option in ("rule phantom-import", "module shop.three", "output out", "seconds 0", "json", "quiet", "jobs 3"):
        yield f"fix --{option.split()[0]}", case("fix .", f"--{option}")
    for option in ("apply", "branch fixed"):
        yield f"fix --{option.split()[0]}", case("fix . -q", f"--{option}")
    yield "fix --dry-run", case("fix . --apply", "--dry-run")
    yield "fix --force", case("fix . --apply --module shop.deal", "--force")
    yield "fix --test", case("fix .", f"--test {sys.executable}\u00a0-c\u00a0raise\u00a0SystemExit(3)")
    yield "fix --probe", Case("fix . --seconds 0", "fix . --probe")
    yield "fix --undo", case("fix .", "--undo")
    tried = "what-if . --cut shop.two:shop.api"
    for option in ("json", "quiet", "jobs 3", "cut shop.two:shop.db", "policy strict.toml"):
        yield f"what-if --{option.split()[0]}", case(tried, f"--{option}")
    for option in ("move shop.db:Order=shop.two", "merge shop.db:Order2=shop.db.Order", "redirect shop.deal=shop.db"):
        yield f"what-if --{option.split()[0]}", case(tried, f"--{option}")
    yield "fix --policy", case("fix .", "--policy canonical.toml")


CASES = dict([*list_cases(), *list_past_cases(), *list_scheduled_cases(), *list_fix_cases()])


def find_options(command: Any = None, way: str = "") -> Iterator[str]:
    """Yield every option of the command line as a command and its long name."""
    command = command or typer.main.get_command(cli.app)
    for parameter in command.params:
        if parameter.param_type_name == "option" and parameter.name != "help" and not parameter.hidden:
            yield f"{way}{max(parameter.opts, key=len)}"
    for name, inner in getattr(command, "commands", {}).items():
        yield from find_options(inner, f"{way}{name} ")


OPTIONS = sorted(find_options())


def test_every_option_has_an_effect_that_is_tested() -> None:
    assert len(OPTIONS) > 40
    assert [option for option in OPTIONS if option not in CASES] == [], "add what the option changes"


@pytest.fixture
def look(tmp_path: Path, make_tree: Tree, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Return a function that runs a command line in a new tree and returns what a caller can notice of it."""
    scanned: list[tuple[int, bool]] = []
    scan = analysis.case_building.scan

    def scan_and_note(root: Path, **options: Any) -> Any:
        scanned.append((options["jobs"], options["cache"] is None))
        return scan(root, **options)

    def write_findings(inv: Investigation, folder: Path, **_: Any) -> Path:
        """What notebooks show is tested elsewhere; they would take half a minute for each option."""
        (folder / "run").mkdir(parents=True, exist_ok=True)
        (folder / "run/mail.html").write_text("<p>")
        (folder / "run/report.html").write_text("<p>")
        (folder / "run/run.json").write_text('{"target": "shop"}')
        (folder / "run/findings.json").write_text(build_findings_json(inv))
        (folder / "run/authors.txt").write_text(str(shows_authors()))
        return folder / "run"

    def format_options(test: str, options: VerifyOptions, **_: Any) -> Verification:
        """What each option does to a verdict is tested where tests are verified; one verdict takes seconds."""
        return Verification(test, repr(options).replace(".0", ""), (), 0, None, ())

    def note_interval(seen: object, state: object, interval: float) -> Iterator[None]:
        """What an edit changes is tested elsewhere; here nobody makes one."""
        del seen, state
        scanned.append((round(interval * 1000), False))
        yield from ()

    monkeypatch.setattr(analysis.cli.watching, "_wait_for_edits", note_interval)
    monkeypatch.setattr("analysis.report.share.LARGE_BYTES", 0)
    monkeypatch.setattr("http.server.ThreadingHTTPServer.serve_forever", lambda _: None)
    monkeypatch.setattr(analysis.verify, "verify_test", format_options)
    monkeypatch.setattr(analysis.case_building, "scan", scan_and_note)
    monkeypatch.setattr(analysis.report, "write_report", write_findings)
    number = 0

    def run(line: str) -> Any:
        nonlocal number
        number += 1
        root = make_tree(prepare(TREE), name=f"{number}/tree")
        write_past(root, line)
        monkeypatch.setenv("SSOT_DATA", str(root.parent / "data"))
        monkeypatch.setenv("SSOT_REPORTS", str(root.parent / "reports"))
        monkeypatch.chdir(root)
        if "kept" in line:
            analysis.pipeline.investigate(root, policy=analysis.policy.parse_policy('[target]\nname = "kept"\n'))
        if line.startswith(("share", "serve", "pin")):
            write_run(root)
        before = read_files(root.parent)
        scanned.clear()
        found = CliRunner().invoke(cli.app, [word.replace("\u00a0", " ") for word in line.split(" ") if word])
        written = {name: text for name, text in read_files(root.parent).items() if before.get(name) != text}
        error = "" if isinstance(found.exception, SystemExit) else repr(found.exception)
        said = [found.exit_code, found.stdout, found.stderr, error, written, scanned]
        return normalise(json.dumps(said).replace(str(root.parent), "HERE"))

    return run


def write_past(root: Path, line: str) -> None:
    """Commit what a command line looks back at, or changes."""
    if line.startswith(("history", "blame", WHY)):
        repo = GitLine(root)
        repo.commit()
        repo.git("tag", "v1")
        repo.commit({"shop/more.py": "import shop.db\n"})
        repo.commit({"shop/last.py": "import shop.db\n"})
    elif line.startswith(("fix", "what-if")):
        (root / "shop/deal.py").write_text("from shop.api import Order\n")
        commit(root)
        if "--apply --module" in line:
            (root / "shop/two.py").write_text("import shop.api\n")
    elif "--since" in line or line.startswith("diff"):
        commit(root)


def write_run(root: Path) -> None:
    """Write the folder of a run, as far as it is given away."""
    folder = root.parent / "reports/shop/20260101T000000-a"
    folder.mkdir(parents=True)
    for name in ("report.html", "index.html"):
        (folder / name).write_text("<title>shop</title>")
    snapshot = analysis.pipeline.investigate(root).path
    (folder / "run.json").write_text(json.dumps({"target": "shop", "snapshot": str(snapshot)}))


def prepare(tree: Mapping[str, str]) -> dict[str, str]:
    """Return the tree with the policies that name the interpreter or need several lines."""
    golden = f"[golden_path]\nruns = 2\ncommand = '{sys.executable} -c pass'\n"
    return {**tree, "golden.toml": golden, "claims2.toml": tree["claims.toml"].partition("\n[[concept]]")[2].join(
        ("[[concept]]", "")).replace("value = 3", "")}  # fmt: skip


def read_files(folder: Path) -> dict[str, str]:
    """Return what others read: reports, outputs and policies, and of snapshots how they were made."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_read = path.suffix == ".json" or not name.startswith("data/")
        if path.is_file() and is_read and not {".git", "__pycache__"} & set(path.parts):
            found[normalise(name)] = path.read_text("utf-8", "replace")
    return found


def normalise(text: str) -> str:
    """Return text without what differs between two runs of one command line: times, durations, revisions."""
    text = re.sub(r"\d{8}T\d{6}-[\w.-]+?(?=[/\\\"]|$)", "RUN", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.+]+", "TIME", text)
    text = re.sub(r"\b[0-9a-f]{7,40}\b", "HASH", text)
    return re.sub(r"\d+\.\d+(e-\d+)?", "N", text)


#: What was seen of command lines that several options start from.
SEEN: dict[str, Any] = {}


@pytest.mark.parametrize("option", [option for option in OPTIONS if option in CASES])
def test_an_option_changes_what_it_says(option: str, look: Callable[[str], Any]) -> None:
    before, after = CASES[option]
    if before not in SEEN:
        SEEN[before] = look(before)
    seen = look(after)
    assert SEEN[before] != seen


@pytest.mark.parametrize(
    "line", ["scan . -q", "report . -q", "check . --json", SUITE, GOLDEN, "baseline write .", "paths Order --in ."]
)  # fmt: skip
def test_what_is_looked_at_does_not_change_by_itself(line: str, look: Callable[[str], Any]) -> None:
    line = line.replace("golden-path . --json", "golden-path . --json --runs 2")
    assert look(line) == look(line)
