"""Runs the command line: every failure is one line on standard error, and an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer

from analysis.children.worker import ONE_THREAD
from analysis.cli.application import app
from analysis.ending import end_in_order
from analysis.errors import AnalysisError

_INTERRUPTED = 130
#: Commands that make no frames: this process is theirs alone.
_WITHOUT_FRAMES = frozenset({"explain", "findings", "paths", "why"})
#: Collected is after so many new objects: what is imported stays, and looking through it takes a tenth of the time.
_NEW_OBJECTS = 100_000
#: Nothing here is a plugin of the models; looking for some reads what is known of every installed distribution.
_NO_PLUGINS = ("PYDANTIC_DISABLE_PLUGINS", "__all__")
#: Commands that start programs of others, which get the environment as it is.
_STARTING = frozenset({"golden", "lab"})
#: The parser's error for a wrong command line; typer does not export it under a name of its own.
_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]


def main() -> NoReturn:
    """Run the command; every failure of the caller or the machine is one line on standard error."""
    ending = end_in_order()
    _start_at_once(sys.argv[1:2])
    try:
        code = app(prog_name="ssot", standalone_mode=False)
        if code == _INTERRUPTED:  # the parser turns the exception into this code
            raise KeyboardInterrupt
        sys.exit(code if isinstance(code, int) else 0)
    except _USAGE_ERROR as error:
        _fail(_explain_usage(error), 2)
    except AnalysisError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        cause = f"ended by {ending.first.name}" if ending.first not in {None, signal.SIGINT} else "interrupted"
        _fail(f"{cause}; no incomplete file was left", 128 + (ending.first or signal.SIGINT))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _fail(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), 4)
    except Exception as error:
        if os.environ.get("SSOT_TRACEBACK"):
            raise
        cause = f"{type(error).__name__}: {' '.join(str(error).split())}"
        _fail(f"this is a bug in the kit: {cause}. Set SSOT_TRACEBACK=1 for the traceback, and report it", 4)


def _start_at_once(command: Sequence[str]) -> None:
    """Leave out of the start of this process what its command does not need."""
    gc.set_threshold(_NEW_OBJECTS)
    if not _STARTING.intersection(command):
        for variable in (ONE_THREAD, _NO_PLUGINS):
            os.environ.setdefault(*variable)
    if _WITHOUT_FRAMES.intersection(command):
        from analysis.executor import spare_pandas

        spare_pandas()


def _explain_usage(error: Any) -> str:
    """Return a usage error of the parser as one line that names the help."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "ssot"
    message = " ".join(str(error.format_message()).split()).rstrip(".")
    return f"{message}. Try: {command} --help"


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"ssot: {message}", err=True)
    sys.exit(code)
