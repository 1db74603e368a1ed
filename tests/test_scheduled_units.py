"""What `ssot schedule` prints is what its scheduler reads, and the notebook for schedulers writes a report."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
import yaml
from jupyter_scheduler.executors import DefaultExecutionManager
from jupyter_scheduler.models import Status
from jupyter_scheduler.orm import Job, create_session, create_tables
from typer.testing import CliRunner

from analysis import cli
from analysis.errors import AnalysisError
from analysis.report.runs import read_run
from analysis.scheduled.times import Times, read_times
from analysis.scheduled.units import USUAL, build_unit

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks/scheduled/report.ipynb"
FORMS = ("hourly", "daily 06:00", "weekdays 6:05", "weekly mon 06:00", "Weekly  SUN 23:59")
#: A folder and an option that every one of the formats takes for something else where it is not quoted.
HOSTILE = '/srv/it\'s "100%" $HOME `x` \\n #;& shop'


@pytest.mark.parametrize("text", [
    "", "daily", "daily 6", "daily 24:00", "daily 06:60", "weekly 06:00", "weekly funday 1:00", "monthly 06:00",
    "hourly 06:00", "daily \u0660\u0666:00", "daily 06:00; rm",
])  # fmt: skip
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(AnalysisError, match="time"):
        read_times(text)


def test_times_are_what_cron_calls_them() -> None:
    expected = ["0 * * * *", "0 6 * * *", "5 6 * * 1-5", "0 6 * * 1", "59 23 * * 0"]
    assert [read_times(text).cron for text in FORMS] == expected


@pytest.mark.parametrize("text", FORMS)
def test_the_calendar_is_what_systemd_takes(text: str) -> None:
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("no systemd here")
    calendar = read_times(text).calendar
    done = subprocess.run([analyse, "calendar", calendar], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"Normalized form: {calendar}" in done.stdout


def build(kind: str, target: str = HOSTILE, options: Any = USUAL) -> str:
    return build_unit(kind, Times(30, 6), "/opt/ssot kit/ssot", target, options, "shop")


def test_a_line_of_cron_runs_exactly_that_command() -> None:
    comment, line = build("cron").splitlines()
    assert comment.startswith("#")
    fields, command = re.match(r"((?:\S+ ){5})(.*)", line).groups()  # type: ignore[union-attr]
    assert fields == "30 6 * * * "
    assert not re.search(r"(?<!\\)%", command), "cron takes % for a newline"
    shown = command.replace(r"\%", "%").replace("'/opt/ssot kit/ssot'", "printf '%s\\n'").partition(" >>")[0]
    done = subprocess.run(["sh", "-c", shown], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["report", HOSTILE, *USUAL]


def read_ini(text: str) -> Any:
    unit = configparser.RawConfigParser(strict=True, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    return unit


def split_units(text: str) -> dict[str, str]:
    parts = re.split(r"^# ~/\.config/systemd/user/(\S+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_a_service_and_its_timer_are_complete() -> None:
    units = split_units(build("systemd"))
    assert list(units) == ["ssot-shop.service", "ssot-shop.timer"]
    service, timer = map(read_ini, units.values())
    assert service["Service"]["Type"] == "oneshot"
    assert timer["Timer"]["OnCalendar"] == "*-*-* 06:30:00"
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("no systemd here")
    text = build_unit("systemd", Times(30, 6, ("mon",)), "/bin/true", HOSTILE, USUAL, "shop")
    for name, unit in split_units(text).items():
        (tmp_path / name).write_text(unit)
    command = [analyse, "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    about = [line for line in done.stderr.splitlines() if "ssot-shop" in line]
    assert about == []
    (tmp_path / "ssot-shop.service").write_text(text.replace("ExecStart=", "ExecStart=no/such "))
    broken = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "ssot-shop.service" in broken.stderr, "a wrong unit is not noticed"


def read_systemd_words(value: str) -> list[str]:
    """What systemd makes of a command line: words in double quotes, with backslashes, ``%%`` and ``$$``."""
    words = shlex.shlex(value, posix=True, punctuation_chars=False)
    words.whitespace_split, words.commenters, words.quotes, words.escapedquotes = True, "", '"', '"'
    return [word.replace("%%", "%").replace("$$", "$") for word in words]


def test_a_service_runs_exactly_that_command() -> None:
    service = read_ini(split_units(build("systemd"))["ssot-shop.service"])
    assert read_systemd_words(service["Service"]["ExecStart"]) == ["/opt/ssot kit/ssot", "report", HOSTILE, *USUAL]


@pytest.mark.parametrize("target", [".", "back end/100% #1: it's"])
def test_hosted_jobs_load_as_yaml_and_run_exactly_that_command(target: str) -> None:
    workflow = yaml.safe_load(build("github", target))
    assert workflow[True]["schedule"] == [{"cron": "30 6 * * *"}]
    commands = [step["run"] for step in workflow["jobs"]["report"]["steps"] if "run" in step]
    place = "code" if target == "." else f"code/{target}"
    assert shlex.split(commands[-1]) == ["ssot", "report", place, *USUAL]
    job = yaml.safe_load(build("gitlab", target))["ssot-report"]
    assert shlex.split(job["script"][-1]) == ["ssot", "report", target, *USUAL]
    assert all(isinstance(line, str) for line in job["script"])
    assert "UTC" in build("github") and "UTC" in build("gitlab")


def test_what_no_unit_can_hold_is_refused() -> None:
    for kind in ("cron", "systemd", "github", "gitlab"):
        with pytest.raises(AnalysisError, match="control character"):
            build(kind, "/srv/a\n* * * * * rm")
    with pytest.raises(AnalysisError, match="GitHub"):
        build("github", "${{ secrets.X }}")


def test_the_command_prints_a_unit_and_refuses_what_the_report_would(make_tree: Any) -> None:
    root = make_tree({"a.py": "", "ssot.toml": '[target]\nname = "shop"\n'})

    def run(*words: str) -> Any:
        return CliRunner().invoke(cli.app, ["schedule", str(root), *words])

    assert f" report {root} --quiet --lock" in run("--cron", "daily 06:00").stdout
    assert run("--systemd", "hourly", "--", "--keep", "5").stdout.count("--keep 5\n") == 1
    assert run("--systemd", "hourly", "--", "--kept", "5").exit_code != 0
    assert run().exit_code != 0
    assert run("--cron", "hourly", "--github", "hourly").exit_code != 0


def test_the_notebook_for_schedulers_has_one_cell_of_parameters_and_no_output() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.metadata.get("tags", []) for cell in code].count(["parameters"]) == 1
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert set(papermill.inspect_notebook(str(NOTEBOOK))) == {
        "target", "policy", "out", "keep", "lock_wait", "notify", "notify_when", "blame",
    }  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, make_tree: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A target with a finding, and a policy that names it; kernels find the kit, and keep snapshots elsewhere."""
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    tree = {"shop/__init__.py": "", "shop/a.py": "import shop.none\n", "own.toml": '[target]\nname = "own"\n'}
    return Path(make_tree(tree))


def check_report(reports: Path, output: Path) -> None:
    run = read_run((reports / "own/latest").resolve())
    assert (run.target, run.findings and run.findings["P1"]) == ("own", 1)
    assert (reports / "own/latest/report.html").is_file()
    assert "the first complete run" in json.dumps(nbformat.read(output, as_version=4))


@pytest.mark.slow
def test_papermill_runs_the_notebook_and_the_report_is_whole(tmp_path: Path, place: Path) -> None:
    parameters = {
        "target": str(place), "policy": str(place / "own.toml"), "out": str(tmp_path / "reports"),
        "notify": str(tmp_path / "mail.eml"),
    }  # fmt: skip
    papermill.execute_notebook(
        str(NOTEBOOK), str(tmp_path / "out.ipynb"), parameters, cwd=str(tmp_path), progress_bar=False
    )
    check_report(tmp_path / "reports", tmp_path / "out.ipynb")
    assert (tmp_path / "mail.eml").is_file()


@pytest.mark.slow
def test_the_executor_of_jupyter_scheduler_runs_the_notebook(tmp_path: Path, place: Path) -> None:
    """It puts parameters into a cell as they were typed: texts need their quotes."""
    database, staged, output = f"sqlite:///{tmp_path / 'jobs.sqlite'}", tmp_path / "staged", tmp_path / "out.ipynb"
    create_tables(database)
    staged.mkdir()
    shutil.copy(NOTEBOOK, staged)
    named = {"target": place, "policy": place / "own.toml", "out": tmp_path / "reports"}
    with create_session(database)() as session:
        job = Job(
            runtime_environment_name="here", input_filename=NOTEBOOK.name, output_formats=["ipynb"], name="report",
            parameters={name: repr(str(value)) for name, value in named.items()},
        )  # fmt: skip
        session.add(job)
        session.commit()
        number = job.job_id
    paths = {"input": str(staged / NOTEBOOK.name), "ipynb": str(output)}
    DefaultExecutionManager(number, str(tmp_path), database, paths).process()
    with create_session(database)() as session:
        ended = session.get(Job, number)
        assert ended is not None and (ended.status, ended.status_message) == (Status.COMPLETED, None)
    check_report(tmp_path / "reports", output)
