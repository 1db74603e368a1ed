"""Which class statements count, and under which module name.

A definition counts when a program can have it by an import: it stands at module or class level (also in
an ``if``, ``try`` or ``with`` there) of a file that can be imported by a name. Classes inside functions are
kept apart. What exists for type checkers only, stands in a file that another one shadows, or in a script,
does not count.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.identity.evidence import ClassFacts

_COLUMNS = ["path", "line", "name", "qualname", "scope", "guard", "marks", "bases"]
IMPORTABLE_KINDS = ("module", "package")


def find_importable(modules: pa.Table) -> dict[str, str]:
    """Return path to primary module name of every file that Python imports under that name."""
    wanted = pc.and_(
        pc.and_(modules["is_primary"], pc.equal(modules["shadowed_by"], "")),
        pc.is_in(modules["kind"].cast(pa.string()), pa.array(IMPORTABLE_KINDS)),
    )
    kept = modules.select(["path", "module"]).filter(wanted)
    return dict(zip(kept["path"].to_pylist(), kept["module"].to_pylist(), strict=True))


def build_census(facts: ClassFacts) -> pd.DataFrame:
    """Return one row per class statement of an importable file, sorted by module, line and qualified name.

    Columns: module, path, line, name, qualname, definition (``pkg.mod:Qual``), marks and bases (lists),
    is_nested (in the body of a class), is_fallback (in an ``except`` block), is_local (in a function).
    """
    frame = facts.definitions.select(_COLUMNS).to_pandas()
    for column in ("path", "scope", "guard"):
        frame[column] = frame[column].astype(object)
    frame["module"] = frame["path"].map(find_importable(facts.modules))
    frame = frame[frame["module"].notna() & (frame["scope"] != "type_checking")]
    frame["is_local"] = frame["scope"] == "function"
    frame["is_fallback"] = (frame["guard"] == "except") & ~frame["is_local"]
    frame["is_nested"] = (frame["name"] != frame["qualname"]) & ~frame["is_local"]
    frame["definition"] = frame["module"].astype(str) + ":" + frame["qualname"].astype(str)
    columns = ["module", "path", "line", "name", "qualname", "definition", "marks", "bases"]
    columns += ["is_nested", "is_fallback", "is_local"]
    census: pd.DataFrame = frame[columns].sort_values(["module", "line", "qualname"], ignore_index=True)
    return census
