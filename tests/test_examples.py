"""The examples of docs/: they can be read by what they are for, and name what there is."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from test_docs import accept

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "examples"


def read_steps(name: str) -> list[dict[str, Any]]:
    document = yaml.safe_load((EXAMPLES / name).read_text())
    steps: list[dict[str, Any]] = (
        document["runs"]["steps"] if "runs" in document else document["jobs"]["check"]["steps"]
    )
    return steps


@pytest.mark.parametrize("name", ["action.yml", "github-workflow.yml"])
def test_every_command_of_a_workflow_is_accepted(name: str) -> None:
    text = "\n".join(step.get("run", "") for step in read_steps(name)).replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip().startswith("ssot ")]
    assert lines
    for line in lines:
        words = shlex.split(re.sub(r"\$\{\w+:\+[^}]*\}", "", line))[1:]
        assert not accept(words), line


def test_a_composite_action_says_a_shell_and_quotes_what_it_is_given() -> None:
    """Inputs reach a shell by variables only: an input in the text of a command could run anything."""
    document = yaml.safe_load((EXAMPLES / "action.yml").read_text())
    assert document["runs"]["using"] == "composite"
    for step in document["runs"]["steps"]:
        if "run" in step:
            assert step["shell"] == "bash"
            assert "${{" not in step["run"]
    used = set(re.findall(r"inputs\.(\w+)", (EXAMPLES / "action.yml").read_text()))
    assert used == set(document["inputs"])


def test_the_container_file_copies_and_runs_what_there_is() -> None:
    lines = (EXAMPLES / "Containerfile").read_text().replace("\\\n", " ").splitlines()
    instructions = [line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#")]
    assert instructions[0][0] == "FROM"
    assert {name for name, _ in instructions} <= {"FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}
    assert dict(instructions)["ENTRYPOINT"] == '["ssot"]'
    for name in re.findall(r"/kit/([\w.-]+)", "\n".join(lines)):
        assert (ROOT / name).is_file(), name


def read_container_file() -> list[tuple[str, str]]:
    lines = (EXAMPLES / "Containerfile").read_text().replace("\\\n", " ").splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines if line and line[0] != "#")]


def test_the_container_file_is_pinned_and_its_sources_exist() -> None:
    """No builder of images is needed: what one would look up in the kit's folder is looked up here."""
    instructions = read_container_file()
    images = [rest for name, rest in instructions if name == "FROM"]
    assert [bool(re.fullmatch(r"[\w./-]+:\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?", image)) for image in images] == [True]
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())
    supported = SpecifierSet(required["project"]["requires-python"])
    assert re.findall(r"python:([\d.]+)", images[0])[0] in supported
    for rest in (rest for name, rest in instructions if name == "COPY"):
        *sources, _ = [word for word in rest.split() if not word.startswith("--")]
        assert sources and all((ROOT / source).exists() for source in sources)
    locked = (ROOT / "requirements.lock").read_text()
    pinned = re.findall(r"^[A-Za-z0-9][\w.\[\]-]*==.*(?:\n    .*)*", locked, re.MULTILINE)
    assert pinned and all("--hash=sha256:" in each for each in pinned)  # as --require-hashes asks for
    for need in required["build-system"]["requires"]:  # without build isolation they must be there
        name = re.split(r"[<>=!~ ]", need)[0]
        assert re.search(rf"^{re.escape(name)}==", locked, re.MULTILINE), name


def test_the_container_runs_as_a_user_who_may_write_where_results_go() -> None:
    instructions = read_container_file()
    names = [name for name, _ in instructions]
    text = dict(instructions)
    assert names.index("USER") < names.index("ENTRYPOINT") and text["USER"] not in {"root", "0"}
    commands = [rest for name, rest in instructions if name == "RUN"]
    places = re.findall(r"=(/\w+)", text["ENV"])
    assert any(f"chown {text['USER']} {' '.join(places)}" in each for each in commands)
    for command in commands:
        assert "apt-get install" not in command or (
            "--no-install-recommends" in command and "rm -rf /var/lib/apt/lists/*" in command
        )
        done = subprocess.run(["sh", "-n", "-c", command], capture_output=True, check=False)
        assert done.returncode == 0, command
