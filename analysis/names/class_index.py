"""Which class statements count, and under which module name.

A definition counts when a program can have it by an import: it stands at module or class level (also in
an ``if``, ``try`` or ``with`` there) of a file that can be imported by a name. Classes inside functions are
kept apart. What exists for type checkers only, stands in a file that another one shadows, or in a script,
does not count.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.resolve.evidence import ClassFacts

_COLUMNS = ("path", "line", "name", "qualname", "scope", "guard", "marks")
IMPORTABLE_KINDS = ("module", "package")


def find_importable(modules: pa.Table) -> dict[str, str]:
    """Return path to primary module name of every file that Python imports under that name."""
    wanted = pc.and_(
        pc.and_(modules["is_primary"], pc.equal(modules["shadowed_by"], "")),
        pc.is_in(modules["kind"].cast(pa.string()), pa.array(IMPORTABLE_KINDS)),
    )
    kept = modules.select(["path", "module"]).filter(wanted)
    return dict(zip(kept["path"].to_pylist(), kept["module"].to_pylist(), strict=True))


class Counted(NamedTuple):
    """One class statement of an importable file; sorts by module, line and qualified name.

    ``is_nested`` (in the body of a class), ``is_fallback`` (in an ``except`` block), ``is_local`` (in a function).
    """

    module: str
    line: int
    qualname: str
    path: str
    name: str
    marks: tuple[str, ...]
    is_nested: bool
    is_fallback: bool
    is_local: bool

    @property
    def definition(self) -> str:
        """``pkg.mod:Qual``."""
        return f"{self.module}:{self.qualname}"


def build_class_index(facts: ClassFacts) -> list[Counted]:
    """Return the class statements of importable files, sorted."""
    homes = find_importable(facts.modules)
    rows = tables.read_rows(facts.definitions, *_COLUMNS)
    found = []
    for path, line, name, qualname, scope, guard, marks in rows:
        if path in homes and scope != "type_checking":
            is_local = scope == "function"
            is_fallback, is_nested = guard == "except" and not is_local, name != qualname and not is_local
            found.append(
                Counted(homes[path], line, qualname, path, name, tuple(marks), is_nested, is_fallback, is_local)
            )
    return sorted(found)
