"""What the probe may do, and with which interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analysis import children
from analysis.errors import ProbeError

OLDEST = (3, 8)
_ASK = "import json, sys; print(json.dumps([sys.version, list(sys.version_info[:2]), sys.executable]))"
#: What a process needs of the environment to start and to speak; the rest may hold secrets.
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """How modules are imported.

    ``python`` is the interpreter (default: the target's own ``.venv`` or ``venv``, else the one that runs the kit);
    ``only`` are patterns of the modules to import first (default: all); ``pythonpath`` are further folders to import
    from, ``environment`` further variables. The limits are per module: wall and processor seconds, bytes of address
    space and of a written file, open files. ``preload`` loads third-party modules once, ``share`` also the packages
    around modules; ``isolate`` takes the network away and makes the target read-only where the system can.
    """

    python: str = ""
    only: tuple[str, ...] = ()
    pythonpath: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 20.0
    cpu_seconds: int = 20
    memory_bytes: int = 4 << 30
    open_files: int = 512
    file_bytes: int = 64 << 20
    jobs: int = 0
    preload: bool = True
    share: bool = True
    isolate: bool = True


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that can be asked: its path and what it says of its version."""

    path: str
    version: str


def find_interpreter(root: Path, wanted: str = "") -> Interpreter:
    """Return the interpreter to use; ``ProbeError`` when there is none, or one that is too old."""
    if not hasattr(os, "fork"):
        raise ProbeError("the probe needs os.fork, which this system lacks", remedy="Run it on Linux or macOS")
    path = wanted or _find_own(root) or sys.executable
    try:
        done = children.run([path, "-I", "-c", _ASK], timeout=60)
        done.check_returncode()
        version, numbers, executable = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        told = getattr(error, "strerror", None) or "it does not answer as Python does"
        raise ProbeError(f"cannot run {path}: {told}", remedy="Name a Python with --python") from None
    if tuple(numbers) < OLDEST:
        raise ProbeError(
            f"{path} is Python {numbers[0]}.{numbers[1]}; the probe needs {OLDEST[0]}.{OLDEST[1]} or newer",
            remedy="Name another with --python",
        )
    return Interpreter(str(executable or path), str(version))


def _find_own(root: Path) -> str:
    """Return the interpreter of the target's own virtual environment, if there is one."""
    for folder in (".venv", "venv"):
        path = root / folder / "bin" / "python"
        if path.exists():
            return str(path)
    return ""


def build_environment(options: ProbeOptions) -> dict[str, str]:
    """Return the variables that the target's code sees."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **options.environment}
