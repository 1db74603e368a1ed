"""The examples of docs/: they can be read by what they are for, and name what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
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
