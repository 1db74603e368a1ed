"""Lines that a server below sends through its pipe: their kinds, and their limited length."""

import json
import os

from .turn import wait_for

#: No line that a server below sends is longer.
MOST_LINE = 128 << 20


def read_line(line):
    """Return the module, whether its import succeeded, and an empty object for a row; else None and the object."""
    try:
        if line[:1] == b"R":
            return json.loads(line[3 : line.index(b"\t")].decode("utf-8")), line[1:2] == b"1", {}
        row = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        row = None
    return None, False, row if isinstance(row, dict) else {}


def read_lines(pipe, seconds):
    """Yield the lines of a pipe until its end, or until nothing came for a time or a line does not end."""
    parts, size = [], 0
    while size < MOST_LINE and wait_for([pipe], seconds):
        data = os.read(pipe, 1 << 20)
        if not data:
            return
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = b"".join([*parts, lines[0]])
            parts, size = [], 0
        parts.append(rest)
        size += len(rest)
        for line in lines:
            yield line
