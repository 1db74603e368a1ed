"""Replace the subjects in a test file; everything else stays unchanged."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from analysis.verify.subject import TestedName, TestedPlace


def rewrite_test(source: str, places: Sequence[TestedPlace], names: Mapping[TestedName, TestedName]) -> str:
    r"""Return the source with every place naming what ``names`` gives for its subjects.

    ``source`` has ``\\n`` for line ends; places do not overlap.
    """
    lines = [line.encode() for line in source.split("\n")]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    text = b"\n".join(lines)
    for place in sorted(places, key=lambda place: (place.node.lineno, place.node.col_offset), reverse=True):
        node = place.node
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        start, end = starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end_column
        text = text[:start] + _write(place, names).encode() + text[end:]
    return text.decode()


def _write(place: TestedPlace, names: Mapping[TestedName, TestedName]) -> str:
    node = place.node
    new = [names[subject] for subject in place.subjects]
    if isinstance(node, ast.ImportFrom):
        return "; ".join(_take(one, alias) for one, alias in zip(new, node.names, strict=True))
    if isinstance(node, ast.Import):
        known = {subject.module: other.module for subject, other in zip(place.subjects, new, strict=True)}
        return "; ".join(_import(known.get(alias.name, alias.name), alias) for alias in node.names)
    name = ".".join(filter(None, (new[0].module, new[0].attribute)))
    return repr(name) if isinstance(node, ast.Constant) else name


def _import(module: str, alias: ast.alias) -> str:
    return f"import {module} as {alias.asname}" if alias.asname else f"import {module}"


def _take(new: TestedName, alias: ast.alias) -> str:
    if alias.name == "*":
        return f"from {new.module} import *"
    name = alias.asname or alias.name
    return f"from {new.module} import {new.attribute} as {name}" if new.attribute else f"import {new.module} as {name}"
