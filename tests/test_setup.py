"""What `make` does on a new machine: which Python, a half-made environment, a moved checkout, paths with spaces.

The real Makefile and scripts run in a small kit that has no dependency and builds itself, so nothing is downloaded.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BACKEND = """
import os, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "ssot_kit-1.0-py3-none-any.whl"
    info = "ssot_kit-1.0.dist-info"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("ssot_kit.pth", os.getcwd())
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: ssot-kit\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
#: Stands for the `ssot` command: says where it was called and with what, one word a line.
SSOT = '#!/bin/sh\npwd\nprintf "%s\\n" "$@"\n'


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A kit in a folder whose name has everything that shells and make stumble over."""
    root = tmp_path / "a kit (copy), it's"
    (root / "tools").mkdir(parents=True)
    for name in ("Makefile", "tools/install.sh", "tools/report.sh"):
        shutil.copy(ROOT / name, root / name)
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "backend.py").write_text(BACKEND)
    (root / "requirements.lock").write_text("")
    (root / "requirements-dev.lock").write_text("")
    return root


def call_make(kit: Path, *arguments: str, folder: Path | None = None, **environment: str) -> tuple[int, str, str]:
    """Run make in ``folder`` (default: the kit) as a shell there would; return exit code, output and errors."""
    folder = folder or kit
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", *arguments],
        check=False,
        cwd=folder,
        env={**clean, "PYTHON": sys.executable, "PWD": str(folder), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


def install(kit: Path) -> str:
    code, _, errors = call_make(kit, "setup")
    assert code == 0, errors
    return errors


def pretend_installed(kit: Path, folder: Path) -> None:
    """Give the kit a `ssot` that says how it was called, and the stamp of an installation that is newer than all."""
    (kit / ".venv/bin").mkdir(parents=True)
    (kit / ".venv/bin/ssot").write_text(SSOT)
    (kit / ".venv/bin/ssot").chmod(0o755)
    (kit / ".venv/.ready").write_text(f"{kit}\n")
    folder.mkdir()


def make_interpreter(path: Path, version: str) -> Path:
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo Python {version} && exit 0\nexit 1\n')
    path.chmod(0o755)
    return path


def test_a_python_that_is_too_old_is_named_in_one_line(kit: Path, tmp_path: Path) -> None:
    old = make_interpreter(tmp_path / "python3", "3.9.2")
    code, _, errors = call_make(kit, "setup", PYTHON=str(old))
    assert code != 0
    assert f"Python 3.11 or newer is needed; PYTHON={old} (Python 3.9.2)" in errors.splitlines()[0]
    assert not (kit / ".venv").exists()


def test_without_any_new_python_those_found_are_listed(kit: Path, tmp_path: Path) -> None:
    make_interpreter(tmp_path / "python3", "3.8.10")
    for tool in ("sh", "dirname", "cat", "find", "mkdir", "rm", "id", "grep"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or "")
    script = ["/bin/sh", str(kit / "tools/install.sh"), "requirements.lock", ".venv/.ready"]
    done = subprocess.run(script, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "ssot-kit: Python 3.11 or newer is needed; found python3 (Python 3.8.10). "
        "Install one, or call make PYTHON=/path/to/python3.11\n"
    )


def test_a_python_that_does_not_exist_is_named(kit: Path) -> None:
    code, _, errors = call_make(kit, "setup", PYTHON="python9.9")
    assert code != 0
    assert errors.splitlines()[0] == "ssot-kit: PYTHON=python9.9: no such interpreter"


def test_second_installation_does_nothing_and_a_changed_lock_installs_again(kit: Path) -> None:
    assert "making .venv" in install(kit)
    stamp = kit / ".venv/.ready-dev"
    before = stamp.stat().st_mtime_ns
    assert install(kit) == ""
    assert stamp.stat().st_mtime_ns == before

    lock = kit / "requirements-dev.lock"
    os.utime(lock, (time.time() + 5, time.time() + 5))
    errors = install(kit)
    assert "installing" in errors
    assert "making" not in errors


def test_a_copied_checkout_gets_an_environment_of_its_own(kit: Path, tmp_path: Path) -> None:
    install(kit)
    copy = tmp_path / "copy"
    shutil.copytree(kit, copy, symlinks=True)
    install(copy)
    (link,) = (copy / ".venv/lib").glob("python3*/site-packages/ssot_kit.pth")
    assert link.read_text() == str(copy)


def test_an_environment_of_the_user_is_kept(kit: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(kit / ".venv")], check=True)
    own = kit / ".venv/my-own"
    own.touch()
    assert "making" not in install(kit)
    assert own.exists()


def test_of_two_installations_at_once_one_waits_and_both_succeed(kit: Path) -> None:
    script = ["sh", "tools/install.sh", "requirements.lock", ".venv/.ready"]
    environment = {**os.environ, "PYTHON": sys.executable}
    first = subprocess.Popen(script, cwd=kit, env=environment, stderr=subprocess.PIPE, text=True)
    while not (kit / ".venv/.installing").exists() and first.poll() is None:
        time.sleep(0.01)
    second = subprocess.run(script, cwd=kit, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert first.wait(timeout=60) == 0, first.communicate()
    assert second.returncode == 0
    assert second.stderr.splitlines() == [
        f"ssot-kit: another installation is at work (process {first.pid}); waiting for it"
    ]


def test_an_installation_that_was_killed_is_repaired(kit: Path) -> None:
    script = ["sh", "tools/install.sh", "requirements.lock", ".venv/.ready"]
    first = subprocess.Popen(
        script, cwd=kit, env={**os.environ, "PYTHON": sys.executable}, stderr=subprocess.PIPE, start_new_session=True
    )
    while not (kit / ".venv/bin").exists() and first.poll() is None:
        time.sleep(0.01)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert "an earlier installation was not finished; building .venv anew" in install(kit)
    assert not (kit / ".venv/.installing").exists()
    python = kit / ".venv/bin/python"
    assert subprocess.run([python, "-m", "pip", "show", "-q", "ssot-kit"], check=False).returncode == 0


@pytest.mark.parametrize("quiet", [[], ["--no-print-directory"]])
def test_target_and_policy_are_relative_to_where_the_user_stands(kit: Path, tmp_path: Path, quiet: list[str]) -> None:
    stand = tmp_path / "my work"
    pretend_installed(kit, stand)
    code, output, errors = call_make(
        kit, *quiet, "-C", str(kit), "report", "TARGET=../the app", "POLICY=my policy.toml", folder=stand
    )
    assert code == 0, errors
    said = [line for line in output.splitlines() if not line.startswith("make:")]
    assert said == [str(stand), "report", "../the app", "--policy", "my policy.toml"]


def test_target_is_relative_to_the_kit_when_make_runs_there_whatever_pwd_says(kit: Path, tmp_path: Path) -> None:
    pretend_installed(kit, tmp_path / "work")
    code, output, errors = call_make(kit, "report", "TARGET=../it's $$5", PWD=str(tmp_path / "work"))
    assert code == 0, errors
    assert output.splitlines() == [str(kit), "report", "../it's $5"]


def test_bare_make_builds_the_bundled_case_and_reports_on_it(kit: Path, tmp_path: Path) -> None:
    pretend_installed(kit, tmp_path / "work")
    case = kit / "data/cases/agent_platform"
    case.mkdir(parents=True)
    (case / "build.py").write_text("import pathlib; pathlib.Path(__file__).with_name('tree').mkdir(exist_ok=True)")
    (case / "ssot.toml").write_text("")
    (kit / ".venv/bin/python").symlink_to(sys.executable)
    code, output, errors = call_make(kit)
    assert code == 0, errors
    claims = case.with_name("issue_909_claims.toml")
    assert output.splitlines() == [
        str(kit), "report", str(case / "tree"), "--policy", str(case / "ssot.toml"), "--claims", str(claims),
    ]  # fmt: skip


def test_every_target_is_explained_by_make_help(kit: Path) -> None:
    code, output, _ = call_make(kit, "help")
    assert code == 0
    explained = {line.split()[1] for line in output.splitlines()}
    assert {"report", "test", "check", "lab", "bench", "help"} <= explained
