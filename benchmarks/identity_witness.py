"""What the names of a package are bound to in a running interpreter: used by ``identity_accuracy``.

Runs in a process of its own, with nothing but the standard library: names of modules on standard input,
one JSON document written to the file named last.

    python benchmarks/identity_witness.py PACKAGE OUT < names
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import json
import sys
import typing
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

#: Where a class keeps the file and first line of its statement.
PLACE = "__witnessed_place__"


@dataclass(frozen=True, slots=True)
class Observed:
    """One name bound to a class in the running interpreter; ``group`` is the same for the same object."""

    module: str
    name: str
    group: int
    file: str
    line: int
    qualname: str
    stated_module: str
    is_compiled: bool


def observe(package: str, names: list[str]) -> list[dict[str, object]]:
    """Import every module and return what each name of it is bound to, where that is a class of the package.

    The place of a class statement is put into the class's namespace as its body ends: a profile function sees
    that without a frame of its own in the stack, which some decorators look at.
    """

    def note(frame, event, _argument):
        code = frame.f_code
        if event == "return" and not code.co_flags & inspect.CO_OPTIMIZED and code.co_name != "<module>":
            with contextlib.suppress(Exception):
                frame.f_locals.setdefault(PLACE, (code.co_filename, code.co_firstlineno))

    getattr(typing, "EXCLUDED_ATTRIBUTES", []).append(PLACE)
    warnings.simplefilter("ignore")
    failed = {}
    sys.setprofile(note)
    for name in names:
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001 whatever a module does, the others are still observed
            failed[name] = f"{type(error).__name__}: {error}"
    sys.setprofile(None)
    if package not in sys.modules:
        raise SystemExit(f"{package}: {failed.get(package)}")
    folder = str(Path(sys.modules[package].__file__ or "").parent)
    loaded = [name for name in names if name in sys.modules and name not in failed]
    return [{"failed": failed}, *_read_names(package, folder, loaded)]


def _read_names(package: str, folder: str, names: list[str]) -> Iterator[dict[str, object]]:
    groups: dict[int, int] = {}
    for name in names:
        module = sys.modules[name]
        is_compiled = Path(getattr(module, "__file__", "") or "").suffix in {".so", ".pyd"}
        for key, value in sorted(vars(module).items()):
            if not isinstance(value, type):
                continue
            file, line = vars(value).get(PLACE, ("", 0))
            stated = str(value.__module__)
            if file.startswith(f"{folder}/") or (not file and (stated == package or stated.startswith(f"{package}."))):
                group = groups.setdefault(id(value), len(groups))
                yield asdict(Observed(name, key, group, file, line, value.__qualname__, stated, is_compiled))


def main() -> None:
    package, out = sys.argv[1:]
    sys.path = [path for path in sys.path if Path(path).resolve() != Path(__file__).resolve().parent]
    Path(out).write_text(json.dumps(observe(package, sys.stdin.read().split())))


if __name__ == "__main__":
    main()
