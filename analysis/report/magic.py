"""The ``ssot`` command in a notebook: ``%load_ext analysis``, then ``%ssot why app.core --in ../app``."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import Any

from analysis import children

#: A command that takes longer belongs into a terminal.
_LONGEST_SECONDS = 3600


def register(shell: Any) -> None:
    """Add the line magic to an IPython shell."""
    shell.register_magic_function(run_command, "line", "ssot")


def run_command(line: str) -> None:
    """Run the ``ssot`` command with these arguments in a process of its own and print what it prints."""
    try:
        command = [sys.executable, "-m", "analysis.cli", *shlex.split(line)]
        done = children.run(command, timeout=_LONGEST_SECONDS)
    except ValueError as error:  # a quotation mark that is not closed
        sys.stderr.write(f"ssot: {error}\n")
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"ssot: ended after {_LONGEST_SECONDS} s\n")
    else:
        sys.stdout.write(done.stdout.decode("utf-8", "replace"))
        sys.stderr.write(done.stderr.decode("utf-8", "replace"))
