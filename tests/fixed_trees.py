"""Trees before and after fixes: the offers of one kind applied, and what CPython makes of every module."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from analysis import Investigation, investigate
from analysis.facts.source_tree import WorkingTree
from analysis.fixes import fixing
from analysis.fixes.offers import Offer, Refusal, read_changes

Find = Callable[[Investigation, WorkingTree], Iterable[Offer | Refusal]]

_CHILD = """
import importlib, json, os, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
seen = {}
for name in sys.argv[2:]:
    reader, writer = os.pipe()
    if not os.fork():
        os.close(reader)
        try:
            module = importlib.import_module(name)
        except BaseException as error:
            answer = repr(error)
        else:
            answer = {key: [getattr(value, "__module__", ""), getattr(value, "__qualname__", repr(value))]
                      for key, value in sorted(vars(module).items())
                      if not key.startswith("__") and not isinstance(value, type(sys))}
        with os.fdopen(writer, "w") as out:
            json.dump(answer, out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as back:
        seen[name] = json.loads(back.read())
    os.wait()
print(json.dumps(seen))
"""


def import_each(root: Path, *names: str) -> dict[str, object]:
    """Return what CPython makes of each module in a fresh process: its names by what they are, or the error."""
    if not names:
        parts = (path.relative_to(root).with_suffix("").parts for path in sorted(root.rglob("*.py")))
        names = tuple(".".join(each[:-1] if each[-1] == "__init__" else each) for each in parts)
    command = [sys.executable, "-c", _CHILD, str(root), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seen: dict[str, object] = json.loads(done.stdout)
    return seen


def find_fixes(root: Path, find: Find, policy: Path | None = None) -> tuple[list[Offer], list[Refusal]]:
    """Return what a kind of fix offers and refuses for a tree."""
    found = list(find(investigate(root, policy=policy), WorkingTree(root)))
    return [each for each in found if isinstance(each, Offer)], [each for each in found if isinstance(each, Refusal)]


def find_proved(root: Path) -> tuple[list[str], list[str]]:
    """Return the kinds of the fixes of a tree that are proved on what they make of it, and why others are not made."""
    choice = fixing.find_fixes(investigate(root))
    return [each.offer.kind for each in choice.fixes], [each.reason for each in choice.refused]


def apply_offers(root: Path, offers: Iterable[Offer]) -> None:
    """Make the edits of some offers."""
    chosen = list(offers)
    new_files = {path: content for offer in chosen for path, content in offer.new_files.items()}
    changes = read_changes(WorkingTree(root), [edit for offer in chosen for edit in offer.edits], new_files)
    for path, content in changes.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink() if content is None else place.write_bytes(content)
