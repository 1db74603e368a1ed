"""Builds the bundled case: the hand-written core, and the many files that use it.

    python data/cases/agent_platform/build.py [DESTINATION] [--mended]

Needs the standard library only, and nothing random: the same sources give the same bytes everywhere. A tree that
was built from the same sources is left as it is; another one is replaced when the new one is complete.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORE = HERE / "core"
MENDED = HERE / "mended"
POLICY = HERE / "ssot.toml"
CONSUMERS = HERE / "consumers.py"
PARTS = HERE / "consumers.toml"
STAMP = ".case-stamp"
#: A list in mended/: paths of the core that the mended case does without.
REMOVED = "REMOVED.txt"


class DestinationError(Exception):
    """The destination holds something that this script has not built."""


def build(destination: Path, *, mended: bool = False) -> Path:
    """Build the case, or the mended one, and return its folder; at once when it is there from the same sources.

    Raises ``DestinationError`` when the destination holds anything else than an earlier case.
    """
    destination = Path(destination)
    stamp = hash_sources(mended=mended)
    if read_stamp(destination) == stamp:
        return destination
    if is_foreign(destination):
        raise DestinationError(f"{destination} is not a case built by this script; name another folder, or remove it")
    destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".building-", dir=destination.parent))
    try:
        tree = temporary / "new"
        write_tree(tree, mended=mended)
        (tree / STAMP).write_text(stamp, "ascii")
        put_in_place(tree, destination, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return destination


def read_stamp(tree: Path) -> str:
    """Return the hash of the sources that a tree was built from; empty when this script has not built it."""
    try:
        return (tree / STAMP).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def is_foreign(destination: Path) -> bool:
    """Say whether a destination holds anything that this script has not built."""
    try:
        names = os.listdir(destination)
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        return True
    return bool(names) and STAMP not in names and not read_stamp(destination)


def hash_sources(*, mended: bool) -> str:
    """Return a hash of everything that the case is built from."""
    digest = hashlib.sha256(b"mended" if mended else b"as it is")
    core = (path for folder in (CORE, MENDED) for path in folder.rglob("*") if path.suffix in {".py", ".txt"})
    for path in sorted([Path(__file__).resolve(), CONSUMERS, PARTS, POLICY, *core]):
        digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def write_tree(tree: Path, *, mended: bool) -> None:
    """Write all files of the case below a new folder."""
    ignore = shutil.ignore_patterns("__pycache__", REMOVED)
    shutil.copytree(CORE, tree, ignore=ignore)
    if mended:
        for relative in (MENDED / REMOVED).read_text("utf-8").split():
            remove(tree / relative)
        shutil.copytree(MENDED, tree, ignore=ignore, dirs_exist_ok=True)
    shutil.copyfile(POLICY, tree / POLICY.name)
    for relative, source in load_consumers(mended=mended).items():
        (tree / relative).parent.mkdir(parents=True, exist_ok=True)
        (tree / relative).write_text(source, "utf-8", newline="\n")
    for folder in (path for top in ("netra_backend", "tests") for path in [tree / top, *(tree / top).rglob("*")]):
        if folder.is_dir() and not (folder / "__init__.py").exists():
            title = folder.name.replace("_", " ").capitalize()
            (folder / "__init__.py").write_text(f'"""{title}."""\n', "utf-8", newline="\n")


def load_consumers(*, mended: bool) -> dict[str, str]:
    """Return the source of every consumer by its path; found beside this file however it was loaded."""
    spec = spec_from_file_location("case_consumers", CONSUMERS)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    sources: dict[str, str] = module.build_consumers(PARTS, mended=mended)
    return sources


def remove(path: Path) -> None:
    """Remove a file or a folder; an error when it is not there."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def put_in_place(tree: Path, destination: Path, temporary: Path) -> None:
    """Let a complete tree take the place of what is there; another build may do the same at the same time."""
    for attempt in range(50):
        old: Path | None = temporary / f"old{attempt}"
        try:
            os.rename(destination, temporary / f"old{attempt}")
        except FileNotFoundError:
            old = None
        try:
            os.rename(tree, destination)
            return
        except OSError:
            if not destination.exists():
                if old is not None:
                    os.rename(old, destination)
                raise
    raise DestinationError(f"{destination} is written again and again by somebody else")


def main(arguments: list[str]) -> int:
    """Build what the command line names and print where it is."""
    parser = argparse.ArgumentParser(description="Build the bundled case.")
    parser.add_argument("destination", nargs="?", type=Path, help="folder to write (default: tree beside this script)")
    parser.add_argument("--mended", action="store_true", help="the same program with every defect mended")
    options = parser.parse_args(arguments)
    if options.mended and options.destination is None:
        parser.error("--mended needs a destination: tree is the case as it is")
    try:
        print(build(options.destination or HERE / "tree", mended=options.mended))
    except DestinationError as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
