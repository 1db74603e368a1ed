"""Patches as git writes them: what a fix changes, line by line, with its reason at the head."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from analysis.fixes.choosing import Fix
from analysis.wording import make_harmless

_CONTEXT = 3
_NO_END = b"\n\\ No newline at end of file\n"
#: What git writes out in a name in quotes.
_LETTERS = {0x07: "a", 0x08: "b", 0x09: "t", 0x0A: "n", 0x0B: "v", 0x0C: "f", 0x0D: "r", 0x22: '"', 0x5C: "\\"}


def name_patch(number: int, fix: Fix) -> str:
    """Return the file name of a patch: ``07-canonical-imports-Order.patch``."""
    subject = re.sub(r"[^A-Za-z0-9_.]+", "-", fix.offer.subject).strip("-.")[:60]
    return f"{number:02d}-{fix.offer.kind}{'-' if subject else ''}{subject}.patch"


def write_patch(fix: Fix) -> bytes:
    """Return a fix as a patch that ``git apply`` takes, from the folder of the target.

    Its head says what the fix is for; git passes over such lines.
    """
    head = [fix.offer.title, *(["This is a scaffold: somebody has to complete it."] if fix.offer.is_scaffold else [])]
    head += ["", *fix.offer.reason.splitlines()]
    if fix.offer.clears:
        head += ["", f"For the findings {', '.join(fix.offer.clears)}."]
    written = "".join(f"# {make_harmless(line)}".rstrip() + "\n" for line in head).encode("utf-8", "backslashreplace")
    return written + b"\n" + write_difference(fix)


def write_difference(fix: Fix) -> bytes:
    """Return the lines that a fix changes, file by file."""
    return b"".join(_write_file(path, fix.before[path], fix.after[path]) for path in sorted(fix.after))


def _write_file(path: str, before: bytes | None, after: bytes | None) -> bytes:
    if before == after:
        return b""
    old, new = (_quote(f"{side}/{path}") for side in "ab")
    head = [f"diff --git {old} {new}"]
    if before is None:
        head.append("new file mode 100644")
    elif after is None:
        head.append("deleted file mode 100644")
    head.append(f"index {_name_blob(before)}..{_name_blob(after)}")
    hunks = b"".join(_write_hunks(_split(before), _split(after)))
    if hunks:
        head += [f"--- {_end(old) if before is not None else '/dev/null'}",
                 f"+++ {_end(new) if after is not None else '/dev/null'}"]  # fmt: skip
    return "".join(f"{line}\n" for line in head).encode() + hunks


def _write_hunks(before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the hunks of a file; equal lines at both ends are set aside first, as most of a file is."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    start, end = max(0, start - _CONTEXT), max(0, end - _CONTEXT)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        spans = (_describe(first[1] + start, last[2] - first[1]), _describe(first[3] + start, last[4] - first[3]))
        yield f"@@ -{spans[0]} +{spans[1]} @@\n".encode()
        for tag, old_start, old_end, new_start, new_end in group:
            if tag == "equal":
                yield from (_mark(b" ", line) for line in old[old_start:old_end])
                continue
            yield from (_mark(b"-", line) for line in old[old_start:old_end])
            yield from (_mark(b"+", line) for line in new[new_start:new_end])


def _describe(start: int, count: int) -> str:
    """Return a span of lines as git writes it: one of no line names the line before it."""
    return f"{start + (count > 0)},{count}"


def _mark(sign: bytes, line: bytes) -> bytes:
    return sign + (line if line.endswith(b"\n") else line + _NO_END)


def _split(content: bytes | None) -> list[bytes]:
    """Return the lines with their ends: for git only a line feed ends one."""
    lines = (content or b"").split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _name_blob(content: bytes | None) -> str:
    if content is None:
        return "0" * 40
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def _quote(path: str) -> str:
    """Return a path as git writes it: in quotes where it has a control character, a quote or a byte beyond ASCII."""
    raw = os.fsencode(path)
    if not any(byte < 0x20 or byte in {0x22, 0x5C} or byte >= 0x7F for byte in raw):
        return path
    return '"' + "".join(map(_escape, raw)) + '"'


def _escape(byte: int) -> str:
    if byte in _LETTERS:
        return f"\\{_LETTERS[byte]}"
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"


def _end(name: str) -> str:
    """Return a name after ``---`` or ``+++``: one with a space ends in a tab, so that nobody takes it for a date."""
    return f"{name}\t" if " " in name and not name.startswith('"') else name
