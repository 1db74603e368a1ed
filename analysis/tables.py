"""The schema of every table: columns, types, units, meaning.

The only place where columns are described. ``docs/columns.md`` is generated from here.
Facts are keyed by ``path`` (POSIX, relative to the target); conclusions by module name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

#: Where in a file a statement stands. ``type_checking`` wins over the others; ``function`` is deferred.
SCOPES = ("module", "class", "function", "type_checking")
#: The innermost block that decides whether a statement runs.
GUARDS = ("none", "try", "except", "if", "else", "with", "loop", "match")
FILE_STATUSES = (
    "ok", "syntax-error", "decode-error", "unreadable", "too-large", "not-a-file", "parser-crash", "not-analysed",
)  # fmt: skip
MODULE_KINDS = ("module", "package", "namespace", "extension", "script")
IMPORT_KINDS = ("import", "from", "star", "dynamic", "recovered")
BINDING_KINDS = (
    "import", "star", "class", "function", "alias", "instance", "constant", "delete",
    "declaration", "target", "unpacked", "augmented", "type_alias", "expression",
)  # fmt: skip
EXPORT_OPERATIONS = ("assign", "add", "remove", "unknown")
HOOK_KINDS = (
    "module_getattr", "sys_modules", "path_extended", "computed_import", "computed_binding", "module_attribute",
)  # fmt: skip
RUN_OUTCOMES = ("passed", "failed", "timeout", "crashed", "malformed")
RETURNS = ("", "new", "kept")
STATE_KINDS = ("singleton", "class-attribute", "class-registry", "default", "cached-getter")
MARKER_KINDS = ("ssot", "deprecated")
MARKER_PLACES = ("comment", "docstring", "code")
ORIGINS = ("stdlib", "external", "unknown")
#: The scopes whose imports make the cycles of each kind.
CYCLE_SCOPES: Mapping[str, tuple[str, ...]] = {
    "import-time": ("module", "class"),
    "deferred": ("module", "class", "function"),
    "typing": SCOPES,
}
CYCLE_KINDS = tuple(CYCLE_SCOPES)
CUT_METHODS = ("exact", "heuristic")
SEVERITIES = ("P0", "P1", "P2", "P3")
#: What each says of a finding, wherever a reader meets it; no severity knows what a fault does to the product.
SEVERITY_WORDS: Mapping[str, str] = {
    "P0": "fix this first", "P1": "needs a fix now", "P2": "risk", "P3": "worth knowing",
}  # fmt: skip
CERTAINTIES = ("static", "observed", "confirmed", "refuted")
#: What a name is bound to. The first seven are classes: by a statement, or made by a call.
VALUE_KINDS = (
    "class", "namedtuple", "typeddict", "enum", "newtype", "dataclass", "made-class",
    "function", "module", "instance", "result", "constant", "none", "type-alias", "compiled", "external", "unknown",
)  # fmt: skip
CLASS_KINDS = VALUE_KINDS[:7]
ROUTES = ("definition", "facade", "shim", "accidental", "none")
PATH_CERTAINTIES = ("certain", "conditional", "unknown")
PHANTOM_REASONS = (
    "no-such-name", "type-checking-only", "main-program-only", "other-interpreter", "deleted",
)  # fmt: skip
DUPLICATE_LEVELS = ("class", "method")
#: How the first import of a module in a fresh process ends.
OUTCOMES = (
    "ok", "circular", "missing-third-party", "missing-in-tree", "missing-name", "recursion", "syntax", "crash",
    "timeout", "exit", "other",
)  # fmt: skip
#: What a module-level name holds in the running interpreter.
LIVE_KINDS = ("class", "function", "instance", "none", "module")
VERDICTS = ("agree", "disagree", "static-only", "runtime-only", "unknown")
#: Why two witnesses say different things of a name, or one says nothing.
CAUSES = (
    "", "other-kind", "other-definition", "other-statement", "not-there", "not-seen", "not-resolved", "no-source",
)  # fmt: skip
CONFLICT_KINDS = ("same-name", "renamed", "instance", "branch", "order")

#: More pieces of a table are copied together.
_MOST_SLICES = 500

TEXT = pa.string()
COUNT = pa.int32()
TEXTS = pa.list_(pa.string())


#: The type of a column that takes few values.
CATEGORY = pa.dictionary(pa.int8(), pa.string())


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, Arrow type, meaning, and (for categories) the values it may take.

    ``is_later``: a text column that snapshots of earlier versions do not have; of these it is empty.
    """

    name: str
    type: pa.DataType
    meaning: str
    values: tuple[str, ...] = ()
    is_later: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name, what a row is, and its columns in order."""

    name: str
    row: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, columns in the documented order."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in the documented order."""
        return tuple(column.name for column in self.columns)

    def empty(self) -> pa.Table:
        """Return a table of this schema without rows."""
        return self.schema.empty_table()

    def complete(self, table: pa.Table) -> pa.Table:
        """Return a table of a snapshot with the columns that came later, and with this schema.

        Raises ``ValueError`` when other columns are missing.
        """
        for place, column in enumerate(self.columns):
            if column.is_later and column.name not in table.column_names:
                table = table.add_column(place, column.name, pa.array([""] * table.num_rows, column.type))
        return table.cast(self.schema)

    def from_columns(self, columns: Sequence[Sequence[Any]]) -> pa.Table:
        """Build an Arrow table from one sequence per column, in the documented order.

        Categories are given as their text; a value outside ``Column.values`` raises ``ValueError``.
        """
        arrays = [_array(column, values) for column, values in zip(self.columns, columns, strict=True)]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def from_rows(self, rows: Iterable[Sequence[Any]]) -> pa.Table:
        """Build an Arrow table from rows (tuples in the documented order)."""
        columns = list(zip(*rows, strict=True))
        return self.from_columns(columns) if columns else self.empty()


def _array(column: Column, values: Sequence[Any]) -> pa.Array:
    if not column.values:
        try:
            return pa.array(values, type=column.type)
        except UnicodeEncodeError:  # a text of the target may hold half of a surrogate pair: "\\ud800"
            return pa.array([escape_surrogates(value) for value in values], type=column.type)
    codes = {value: code for code, value in enumerate(column.values)}
    try:
        indices = pa.array([codes[value] for value in values], type=pa.int8())
    except KeyError as error:
        raise ValueError(
            f"{column.name} cannot be {error.args[0]!r}; it is one of {', '.join(column.values)}"
        ) from None
    return pa.DictionaryArray.from_arrays(indices, pa.array(column.values, type=TEXT))


def escape_surrogates(value: Any) -> Any:
    r"""Return a text, or a list or mapping of texts at any depth, with its lone surrogates written as escapes.

    No encoding has them, so that neither Arrow nor a file could hold them; other values are returned as they are.

    >>> escape_surrogates(["a\ud800", 1])
    ['a\\ud800', 1]
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {escape_surrogates(key): escape_surrogates(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [escape_surrogates(inner) for inner in value]
    return value


def take_rows(table: pa.Table, rows: npt.NDArray[np.int64]) -> pa.Table:
    """Return some rows of a table; those that follow one another, as nearly all do after a small change, as they are."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    if len(breaks) > _MOST_SLICES:
        return table.take(pa.array(rows))
    starts, ends = [0, *breaks.tolist()], [*breaks.tolist(), len(rows)]
    slices = [table.slice(rows[start], end - start) for start, end in zip(starts, ends, strict=True) if end > start]
    return pa.concat_tables(slices) if slices else table.slice(0, 0)


def read_codes(table: pa.Table, name: str) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return a text column as one number for each row, and the texts that the numbers stand for."""
    column = table.column(name)
    column = (column if pa.types.is_dictionary(column.type) else column.dictionary_encode()).unify_dictionaries()
    codes = [chunk.indices.to_numpy(zero_copy_only=False) for chunk in column.chunks]
    texts = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
    return np.concatenate([np.zeros(0, np.int64), *codes]), texts


def read_numbers(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    """Return a column of numbers."""
    numbers: npt.NDArray[np.int64] = table.column(name).to_numpy().astype(np.int64)
    return numbers


def read_column(table: pa.Table, name: str) -> list[Any]:
    """Return a column as a list; much faster than Arrow's own ``to_pylist`` where the column is a dictionary."""
    column = table.column(name)
    if not pa.types.is_dictionary(column.type):
        return list(column.to_pylist())
    found: list[Any] = []
    for chunk in column.chunks:
        values = chunk.dictionary.to_pylist()
        found.extend([values[index] for index in chunk.indices.to_numpy(zero_copy_only=False).tolist()])
    return found


def read_rows(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table, of each the columns that are named, in the order given; the one way to read rows.

    >>> list(read_rows(pa.table({"path": ["a.py", "b.py"], "line": [1, 2], "name": ["A", "B"]}), "name", "line"))
    [('A', 1), ('B', 2)]
    """
    return zip(*(read_column(table, name) for name in names), strict=True)


def _text(name: str, meaning: str) -> Column:
    return Column(name, TEXT, meaning)


def _texts(name: str, meaning: str) -> Column:
    return Column(name, TEXTS, meaning)


def _count(name: str, meaning: str) -> Column:
    return Column(name, COUNT, meaning)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, pa.bool_(), meaning)


def _one_of(name: str, values: tuple[str, ...], meaning: str) -> Column:
    return Column(name, CATEGORY, meaning, values)


#: Every facts table names its file in this way: an index into the sorted paths of the scan.
_PATH = Column("path", pa.dictionary(pa.int32(), pa.string()), "file, POSIX path relative to the target")
_LINE = _count("line", "first line of the statement, from 1")
_POSITION = _count("position", "order of the statement within its file, from 0, shared by all facts of the file")
_SCOPE = _one_of(
    "scope",
    SCOPES,
    "where the statement stands; function means deferred: it does not run on import (also lazy imports and if __name__ == '__main__')",
)
_GUARD = _one_of("guard", GUARDS, "innermost block that decides whether the statement runs")
_CONDITION = _text("condition", "source of the test of an if/else/match guard, cut at 120 characters; empty otherwise")
_CAUGHT = _text(
    "caught",
    "exceptions that enclosing try blocks (or suppress) swallow, comma separated, * for a bare except; for guard except: what this handler names",
)

FILES = Table("files", "one Python file of the target", (
    _text("path", "POSIX path relative to the target; bytes that are not UTF-8 are shown escaped"),
    _one_of("status", FILE_STATUSES, "ok, or why the file has no syntax tree"),
    _text("reason", "the parser's or the system's own words when the status is not ok"),
    _count("error_line", "line of the syntax error, 0 when there is none"),
    _text("encoding", "encoding by PEP 263 and BOM"),
    Column("size_bytes", pa.int64(), "size in bytes"),
    _count("lines", "number of lines"),
    _text("content_hash", "first 32 hex digits of the SHA-256 of the bytes; empty when unreadable"),
    _text("structure", "24 hex digits of the hash of what the file imports, binds and defines, without lines, comments and the bodies of functions"),
))  # fmt: skip

LEFT_OUT = Table("left_out", "one folder, or kind of files, that discovery left out", (
    _text("path", "POSIX path relative to the target"),
    _text("reason", "why: virtual-environment, cache, backup-copy, ignored-by-git, excluded, symlinked-folder, unreadable-folder, nested-too-deep, git-not-asked, git-does-not-answer, gitignore-not-read"),
    _count("files", "number of .py files below it"),
))  # fmt: skip

MODULES = Table("modules", "one name under which a file (or namespace folder) can be imported", (
    _text("module", "dotted module name"),
    _text("path", "file that defines it; for a namespace package its folder with a trailing slash"),
    _one_of("kind", MODULE_KINDS, "module, package (__init__.py), namespace (folder without), extension (compiled), script (not importable by its name)"),
    _text("root", "folder, relative to the target, that must be on sys.path; .. when it is the target's parent"),
    _flag("is_primary", "false when the same file has another, more specific name; see the root that makes it so"),
    _text("shadowed_by", "path of the file or folder that Python imports instead under this name; empty when this one is imported"),
))  # fmt: skip

IMPORTS = Table("imports", "one name taken by one import statement", (
    _PATH, _POSITION, _LINE,
    _count("end_line", "last line of the statement"),
    _one_of("kind", IMPORT_KINDS, "import a, from a import b, from a import *, import_module('a'), or recovered line by line from a file that does not parse"),
    _count("level", "number of leading dots"),
    _text("module", "module as written, without the dots"),
    _text("name", "name taken from the module; empty for kind import, * for star"),
    _text("bound_as", "name that the statement binds (asname, or the first component of import a.b)"),
    _SCOPE, _GUARD, _CONDITION, _CAUGHT,
    _text("owner", "qualified name of the enclosing function or class; empty at module level"),
    _flag("is_reexport", "from a import b as b: the redundant alias says that b is meant to be imported from here (PEP 484)"),
))  # fmt: skip

DEFINITIONS = Table("definitions", "one class statement", (
    _PATH, _POSITION, _LINE,
    _count("end_line", "last line of the body"),
    _text("name", "class name"),
    _text("qualname", "qualified name within the module, as Python's __qualname__"),
    _SCOPE, _GUARD, _CONDITION, _CAUGHT,
    _texts("bases", "base classes as written"),
    _text("metaclass", "metaclass as written; empty when none is given"),
    _texts("decorators", "decorators as written, without arguments"),
    _texts("marks", "what the statement says it is: abstract, protocol, enum, dataclass, exception, namedtuple, typeddict"),
    _texts("attributes", "names bound in the class body, methods apart, in order"),
    _texts("methods", "names of the methods in order"),
    _text("fingerprint", "16 hex digits of the hash of the body without comments, docstrings and layout"),
    Column("sketch", pa.list_(pa.uint32()), "smallest 32 hashes of the body's pairs of lines: two bodies are as alike as their sketches"),
))  # fmt: skip

METHODS = Table("methods", "one function of a class body", (
    _PATH, _POSITION, _LINE,
    _count("end_line", "last line of the body"),
    _text("owner", "qualified name of the class"),
    _text("name", "method name"),
    _texts("parameters", "parameter names in order; *args and **kwargs with their stars"),
    _texts("decorators", "decorators as written, without arguments"),
    _flag("is_async", "async def"),
    _text("delegate", "attribute.method when all that the method does is to call that; empty otherwise"),
    _one_of("returns", RETURNS, "new: what it has just made; kept: what its object or class keeps; empty: nothing, or something else"),
    _text("fingerprint", "16 hex digits of the hash of the body without comments, docstrings and layout"),
    Column("sketch", pa.list_(pa.uint32()), "smallest 16 hashes of the body's pairs of lines; empty below 5 lines"),
))  # fmt: skip

BINDINGS = Table("bindings", "one statement that binds or unbinds a module-level name", (
    _PATH, _POSITION, _LINE,
    _text("name", "the name"),
    _one_of("kind", BINDING_KINDS, "how it is bound; instance is a call, alias a dotted name, target a loop, with or except target"),
    _text("value", "alias: the dotted name; instance: the dotted callee; class, function: the qualified name; import: module:name as written with its dots; several candidates of a conditional expression are separated by |"),
    _count("arguments", "instance: number of positional arguments of the call; -1 otherwise"),
    _SCOPE, _GUARD, _CONDITION, _CAUGHT,
    _text("owner", "qualified name of the function that binds it by a global statement; empty at module level"),
))  # fmt: skip

EXPORTS = Table("exports", "one statement on one name of __all__", (
    _PATH, _POSITION, _LINE,
    _text("name", "exported name; empty for operation unknown; module:* when another module's __all__ is added"),
    _one_of("operation", EXPORT_OPERATIONS, "assign starts a new list; unknown: __all__ is computed in a way that is not literal"),
    _GUARD,
))  # fmt: skip

HOOKS = Table("hooks", "one name that a module serves or registers while it runs", (
    _PATH, _POSITION, _LINE,
    _one_of("kind", HOOK_KINDS, "module_getattr (PEP 562), sys_modules (an assignment to sys.modules), path_extended (__path__ is changed), computed_import (import_module of something that is not a literal), computed_binding (a name is put into globals()), module_attribute (an assignment to an attribute of something imported)"),
    _text("name", "attribute or module name; * stands for what is computed"),
    _text("value", "dotted name that is returned or registered; callee() when that call made it; empty when unknown"),
))  # fmt: skip

MARKERS = Table("markers", "one place where the source speaks of a single source of truth or of deprecation", (
    _PATH, _LINE,
    _one_of("kind", MARKER_KINDS, "ssot or deprecated"),
    _one_of("place", MARKER_PLACES, "comment, docstring or code"),
    _text("text", "the line, stripped, cut at 200 characters; of a comment after code with a # of its own, or of a long line, the comment"),
))  # fmt: skip

STATES = Table("states", "one place that keeps state beyond one call", (
    _PATH, _POSITION, _LINE,
    _text("owner", "qualified name of the class or function"),
    _text("name", "attribute, parameter or function"),
    _one_of("kind", STATE_KINDS, "singleton: the class stores and returns its one object; class-attribute: a container of the class body that methods change; class-registry: one that is changed through the class only; default: a container that the function changes or hands on; cached-getter: a cached function without parameters"),
    _text("value", "what is kept, as written; of a singleton the method that does it; of a cached-getter what it calls"),
    Column("changed", pa.list_(pa.int32()), "lines at which it is stored or changed"),
))  # fmt: skip

PROGRAMS = Table("programs", "what runs when one file is imported, for the import simulation", (
    _PATH,
    _text("program", "its statements as JSON, see analysis/facts/program.py"),
))  # fmt: skip

NOT_ANALYSED = Table("not_analysed", "one file, finder, rule or step that the kit itself failed on", (
    Column("path", pa.dictionary(pa.int32(), pa.string()), "file, POSIX path relative to the target; empty where the failure is not about one file"),
    _text("step", "step of the run, as in the progress display: scan, graph, names, simulation, rules and so on"),
    _text("part", "what of the step is missing: a kind of statement, a table, a first import, a rule; empty: all of it"),
    _text("reason", "the exception, and where in the kit it was raised"),
))  # fmt: skip

#: Whether a statement can run on the supported versions and platforms.
LIVENESS = ("always", "sometimes", "never")
EDGES = Table("edges", "one in-tree import edge made by one statement", (
    _text("importer", "module that imports"),
    _text("imported", "module that is imported"),
    _text("path", "file of the importer"),
    _LINE,
    _POSITION,
    _one_of("kind", IMPORT_KINDS, "as in imports"),
    _count("level", "number of leading dots"),
    _text("module", "module as written, without the dots"),
    _text("name", "name taken; empty for import a"),
    _SCOPE, _GUARD, _CAUGHT,
    _one_of("liveness", LIVENESS, "whether the statement can run: always, sometimes (it depends on a condition), never (dead on every supported version and platform); never counts in no cycle"),
    _flag("is_ancestor", "true when the statement names a module below the imported package, whose __init__ runs on the way"),
    _text("via", "plain, or the rule that found the module: second-root, script-folder"),
))  # fmt: skip

EXTERNALS = Table("externals", "one import of a module that is not in the tree", (
    _text("importer", "module that imports"),
    _text("module", "dotted module as named by the statement"),
    _text("package", "first component"),
    _one_of("origin", ORIGINS, "stdlib, external (somebody else's package) or unknown"),
    _text("path", "file of the importer"),
    _LINE,
    _text("name", "name taken; empty for import a"),
    _SCOPE, _GUARD,
))  # fmt: skip

PHANTOMS = Table("phantoms", "one import of an in-tree module that does not exist", (
    _text("importer", "module that imports"),
    _text("module", "dotted module that does not exist"),
    _text("nearest", "closest existing module name; empty when none is near"),
    _text("path", "file of the importer"),
    _LINE,
    _text("name", "name taken; empty for import a"),
    _SCOPE, _GUARD, _CAUGHT,
    _text("reason", "no-such-module, or why it may exist at run time after all: in-unparsable-package, registered-at-run-time, path-extended, source-of-extension, left-out (it is on disk but not in the scan)"),
))  # fmt: skip

CYCLES = Table("cycles", "one strongly connected component of the import graph with more than one module", (
    _text("cycle", "stable identifier: kind, first module, hash of the members"),
    _one_of("kind", CYCLE_KINDS, "import-time; deferred needs a function-level import; typing needs a TYPE_CHECKING import"),
    _flag("with_ancestors", "whether the edges to ancestor packages take part"),
    _count("size", "number of modules"),
    _count("edge_count", "number of importer and imported pairs inside the component"),
    _texts("modules", "members, sorted"),
    _texts("loop", "a short loop through the component: importer path:line imported, one text per hop"),
    _flag("is_loop_shortest", "true when no shorter loop exists; false when the search was limited"),
    _texts("cut", "cheapest set of imports to remove: importer -> imported"),
    _count("cut_cost", "cost of the cut: see docs/cycles.md"),
    _one_of("cut_method", CUT_METHODS, "exact or heuristic"),
))  # fmt: skip

EVIDENCE = pa.list_(pa.struct([("path", pa.string()), ("line", pa.int32()), ("source", pa.string())]))

FINDINGS = Table("findings", "one verdict of one rule on one subject", (
    _text("fingerprint", "16 hex digits; stable against line moves and reformatting"),
    _text("rule", "name of the rule, see docs/rules.md"),
    _one_of("severity", SEVERITIES, "; ".join(f"{name}: {words}" for name, words in SEVERITY_WORDS.items())),
    _text("subject", "module, class or file the verdict is about"),
    _text("message", "one sentence with the figures"),
    _one_of("certainty", CERTAINTIES, "static, observed at run time, confirmed by both, refuted"),
    Column("evidence", EVIDENCE, "places with their source line, at most a dozen"),
    _count("places", "number of places; more than evidence shows when there are more than a dozen"),
    Column("owner", TEXT, "person or team by [[owner]] of the policy; empty when it names nobody", is_later=True),
))  # fmt: skip

ACCEPTED = Table("accepted", "one finding, or part of one, that an exception accepts", (
    _text("fingerprint", "as in findings"),
    _text("rule", "name of the rule"),
    _one_of("severity", SEVERITIES, "how grave it would be"),
    _text("subject", "module, class or file"),
    _text("message", "what the finding says"),
    _one_of("by", ("comment", "policy"), "where the exception stands"),
    _text("reason", "why it is accepted"),
    _text("until", "last day on which it is, as 2027-01-31; empty: for ever"),
    _text("path", "first accepted place; empty when the finding has none"),
    _count("line", "its line, from 1; 0 when there is none"),
    _count("places", "number of places that are accepted"),
))  # fmt: skip

SCORES = Table("scores", "the compliance score of one package, or of the whole target", (
    _text("package", "empty: the whole target"),
    _count("modules", "modules that can be imported"),
    _count("clean_modules", "of these, those that no finding of severity P0, P1 or P2 cites"),
    _count("findings", "findings whose first place is in it"),
    Column("points", pa.float64(), "points lost"),
    Column("score", pa.float64(), "0 to 100: see docs/score.md"),
))  # fmt: skip

SCORE_PARTS = Table("score_parts", "what one rule costs one package, or the whole target", (
    _text("package", "empty: the whole target"),
    _text("rule", "name of the rule"),
    _one_of("severity", SEVERITIES, "of its findings"),
    _count("findings", "number of findings that count"),
    _count("places", "number of their places"),
    Column("points", pa.float64(), "points lost"),
))  # fmt: skip

METRICS = Table("metrics", "one measured number", (
    _text("metric", "name of the number"),
    Column("value", pa.float64(), "the number"),
    _text("unit", "what is counted"),
    _text("meaning", "one sentence"),
))  # fmt: skip

_IMPORT_PATH = _text("import_path", "dotted path by which the name can be imported: pkg.mod.Name")
_DEFINITION = _text(
    "definition", "pkg.mod:Qual; package:name outside the tree; of an instance its class; empty when unknown"
)
_ROUTE = _one_of(
    "route",
    ROUTES,
    "how the path reaches the definition: definition (the same module), facade (an ancestor package), shim (a module that exists to re-export), accidental; none when it is not in the tree",
)

PATHS = Table("paths", "one name of one module, and the object behind it", (
    _IMPORT_PATH,
    Column("module", pa.dictionary(pa.int32(), pa.string()), "module that binds the name"),
    _text("name", "the name"),
    Column("path", pa.dictionary(pa.int32(), pa.string()), "file of the module"),
    _count("line", "line of the statement that binds the name; 0 when served on demand"),
    _DEFINITION,
    Column("definition_path", pa.dictionary(pa.int32(), pa.string()), "file of the definition; empty outside the tree"),
    _count("definition_line", "line of the definition; 0 outside the tree"),
    _one_of("kind", VALUE_KINDS, "what the object is; result: of a call or expression that may be anything; compiled: of a module without source; external: outside the tree"),
    _text("made_by", "what was called to make the object; of an instance its class"),
    _ROUTE,
    _texts("chain", "places on the way from the name to the definition: module.name path:line"),
    _count("candidates", "number of different objects that the name may be, by branch; 1 when there is no choice"),
    _one_of("certainty", PATH_CERTAINTIES, "certain; conditional: another branch, or a call, decides; unknown"),
    _text("reason", "why unknown; the other candidates when conditional"),
    _count("statements", "number of import statements that take the name from this module"),
    _count("files", "number of files with such a statement"),
    _flag("is_canonical", "true for the one path by which the class should be imported; false for what is no class"),
))  # fmt: skip

VIOLATIONS = Table("violations", "one class taken by one import statement from a module that is neither its own nor an ancestor package", (
    _text("importer", "module that imports"),
    Column("path", pa.dictionary(pa.int32(), pa.string()), "file of the importer"),
    _LINE,
    _text("name", "name taken"),
    _text("import_path", "path by which the statement takes the class"),
    _text("definition", "the class, pkg.mod:Qual"),
    _text("canonical", "import path that should be used"),
    _one_of("route", ROUTES, "shim or accidental; definition or facade where the policy names another path"),
    _SCOPE, _GUARD,
))  # fmt: skip

PHANTOM_NAMES = Table("phantom_names", "one import of a name that its module, which exists, does not have", (
    _text("importer", "module that imports"),
    _text("module", "module that does not have the name"),
    _text("name", "name taken"),
    Column("path", pa.dictionary(pa.int32(), pa.string()), "file of the importer"),
    _LINE, _SCOPE, _GUARD, _CAUGHT,
    _one_of("reason", PHANTOM_REASONS, "why the import fails"),
    _text("nearest", "closest name that the module has; empty when none is near"),
    _texts("defined_in", "modules that define the name, at most three"),
))  # fmt: skip

CONFLICTS = Table("conflicts", "one name under which modules have different objects", (
    _text("name", "the name"),
    _one_of("kind", CONFLICT_KINDS, "same-name: several classes of this name; renamed: an import gives the name to a class of another name; instance: a class here, an object there; branch: one module chooses among classes; order: a submodule or an attribute, by the order of imports"),
    _texts("definitions", "the different objects, sorted"),
    _texts("import_paths", "paths that yield them, at most twenty, sorted"),
    _flag("is_related", "true when each class is a base or a subclass of another: extended, not rivals"),
    _count("statements", "number of import statements that take the name from one of the paths"),
))  # fmt: skip

BASES = Table("bases", "one base class of one class, where it can be told", (
    _text("definition", "the class, pkg.mod:Qual"),
    _text("base", "the base: pkg.mod:Qual, or package:name outside the tree"),
))  # fmt: skip

DUPLICATES = Table("duplicates", "one class or method that is equal or nearly equal to another", (
    _one_of("level", DUPLICATE_LEVELS, "class, or method of classes that are not alike as a whole"),
    _text("group", "identifier of all bodies that hang together; stable against moves"),
    _text("first", "one of the two: pkg.mod:Qual; a file that is no module is named by its path"),
    _text("second", "the other"),
    Column("similarity", pa.float64(), "1 for equal bodies (comments, docstrings and layout apart), else the estimated share of pairs of lines that both have"),
    Column("first_path", pa.dictionary(pa.int32(), pa.string()), "file of the first"),
    _count("first_line", "first line of the statement"),
    _count("first_end_line", "last line of its body"),
    Column("second_path", pa.dictionary(pa.int32(), pa.string()), "file of the second"),
    _count("second_line", "first line of the statement"),
    _count("second_end_line", "last line of its body"),
    _flag("is_same_name", "whether both have one name"),
    _text("folder_copy", "the copied folders that explain it: folder = folder; empty when none do"),
))  # fmt: skip

FOLDER_COPIES = Table("folder_copies", "two folders that hold the same files", (
    _text("first", "folder, relative to the target; the original where names tell"),
    _text("second", "the other folder; the copy where its name says so"),
    _count("files", "number of files with a twin of equal content, or of equal or nearly equal classes"),
    _count("first_files", "number of Python files below the first"),
    _count("second_files", "number of Python files below the second"),
    _text("hint", "the part of the name that says copy: backup, legacy, old, v2; empty when none does"),
))  # fmt: skip

SIMULATED = Table("simulated", "one module, imported first in a fresh process, as the source tells it", (
    _text("module", "dotted module name"),
    _text("path", "file that defines it"),
    _one_of("outcome", (*OUTCOMES, "unknown", "not-simulated"), "how the import ends, as for probed; unknown where too much runs to be followed, not-simulated where the time budget was used up before its turn"),
    _text("exception", "class of the exception; empty when ok"),
    _text("message", "its text, as Python would say it"),
    _text("failed_path", "file of the statement that fails; empty when ok"),
    _count("failed_line", "its line; 0 when ok"),
    _text("failed_module", "module that the statement cannot import, or cannot take a name from"),
    _text("failed_name", "name that it cannot take; empty when the module itself is not there"),
    _texts("chain", "statements that lead there: path:line module, outermost first, at most 50"),
    _count("modules_run", "number of in-tree module bodies that run"),
    _text("doubt", "why it may end otherwise: the first failure in a branch that may not run, or why it is unknown; empty when there is no doubt"),
))  # fmt: skip

SIMULATED_SWALLOWED = Table("simulated_swallowed", "one ImportError or AttributeError that a first import swallows, as the source tells it", (
    _text("entry", "module imported first"),
    _one_of("outcome", OUTCOMES, "what the swallowed error means, as for probed"),
    _text("exception", "class of the exception"),
    _text("message", "its text"),
    _text("path", "file of the statement that raises"),
    _LINE,
    _text("module", "module that cannot be imported, or lacks the name"),
    _text("name", "name that was to be taken; empty when the module itself is not there"),
    _text("caught_path", "file of the try that swallows it"),
    _count("caught_line", "line of the statement in its body that the error comes through"),
    _text("left_as", "what the names of that statement are left as: name: None, absent, a class, a module"),
))  # fmt: skip

SIMULATED_EXECUTIONS = Table("simulated_executions", "one module whose body runs more than once after one first import, as the source tells it", (
    _text("entry", "module imported first"),
    _text("module", "module whose body runs again"),
    _text("path", "its file"),
    _count("times", "how often it runs"),
))  # fmt: skip

PROBED = Table("probed", "one module, imported first in a fresh process of the target's interpreter", (
    _text("module", "dotted module name"),
    _text("path", "file that was meant to define it"),
    _one_of("outcome", OUTCOMES, "how the import ended; see docs/probe.md"),
    _text("exception", "class of the exception; signal name for a crash; empty when ok"),
    _text("message", "its text, cut at 500 characters"),
    _text("failed_path", "file of the statement that failed: the innermost in-tree statement; empty when ok"),
    _count("failed_line", "its line; 0 when ok"),
    _text("failed_module", "module that the statement could not import, or could not take a name from"),
    _text("failed_name", "name that it could not take; empty when the module itself was not there"),
    _texts("chain", "import statements that led there: path:line module, outermost first, at most 50"),
    Column("seconds", pa.float64(), "wall seconds of the import"),
    Column("peak_memory", pa.int64(), "peak resident bytes of the process; 0 when unknown"),
    _count("modules_run", "number of in-tree module bodies that ran"),
    _text("output", "what the import printed, cut at 1,000 characters"),
))  # fmt: skip

SWALLOWED = Table("swallowed", "one ImportError or AttributeError raised and swallowed inside an import", (
    _text("entry", "module imported first"),
    _one_of("outcome", OUTCOMES, "what the swallowed error means, as for probed"),
    _text("exception", "class of the exception"),
    _text("message", "its text, cut at 500 characters"),
    _text("path", "file of the import statement that raised, relative to the target"),
    _LINE,
    _text("module", "module that could not be imported, or lacks the name"),
    _text("name", "name that was to be taken; empty when the module itself was not there"),
    _text("caught_path", "file of the statement whose handler swallowed it; empty when it is not in the tree"),
    _count("caught_line", "line of the statement, in the body of that try, that the error came through"),
))  # fmt: skip

EXECUTIONS = Table("executions", "one module whose body ran more than once after one first import", (
    _text("entry", "module imported first"),
    _text("module", "name under which the body ran; the shorter, then first, when there are several"),
    _text("path", "file of the body"),
    _count("times", "how often it ran"),
    _texts("names", "module names under which it ran, sorted; several when one file is loaded under two names"),
))  # fmt: skip

IMPORT_COSTS = Table("import_costs", "one module body that a first import runs, where it takes half a millisecond or more", (
    _text("entry", "module imported first"),
    _count("position", "order in which the bodies began"),
    _count("depth", "number of bodies that run around it"),
    _text("module", "module whose body runs"),
    Column("seconds", pa.float64(), "wall seconds, those of what it imports included; modules of others were loaded before"),
))  # fmt: skip

LIVE_BINDINGS = Table("live_bindings", "one module-level name after the first import of its own module", (
    _text("module", "module that holds the name"),
    _text("name", "the name"),
    _one_of("kind", LIVE_KINDS, "what it holds"),
    _text("definition", "of a class or function where its source says: path:line of the file; of an instance that of its class; empty outside the tree or without source"),
    _text("qualname", "__qualname__ of the class or function, of an instance that of its class; of a module its name"),
    _text("defined_in", "__module__ as the object says"),
    _text("group", "label of the live object: the least module.name that holds it; equal labels are one object"),
))  # fmt: skip

LIVE_TWINS = Table("live_twins", "one class statement that made several live classes within one first import", (
    _text("entry", "module imported first"),
    _text("qualname", "__qualname__"),
    _text("definition", "path:line of the class statement"),
    _count("objects", "number of live classes"),
    _texts("holders", "module.name that hold them, one for each where there is one"),
))  # fmt: skip

ORDER_DEPENDENT = Table("order_dependent", "one binding that depends on which module was imported first", (
    _text("module", "module that holds the name"),
    _text("name", "the name"),
    _text("first_entry", "a module imported first"),
    _text("first_result", "what the name then holds: kind, qualified name, path:line; absent when it is not there"),
    _text("second_entry", "another module imported first"),
    _text("second_result", "what the name then holds"),
    _count("entries", "number of first imports that loaded the module"),
))  # fmt: skip

AGREEMENT = Table("agreement", "one name of a module that could be imported, by both witnesses", (
    _text("module", "module that holds the name"),
    _text("name", "the name"),
    _one_of("static_kind", VALUE_KINDS, "what the source says it is, as in paths; unknown when the source says nothing"),
    _text("static_definition", "path:line of the definition by the source; empty outside the tree"),
    _one_of("live_kind", ("absent", *LIVE_KINDS), "what the running program holds"),
    _text("live_definition", "path:line of its source by the running program; empty outside the tree or without source"),
    _one_of("verdict", VERDICTS, "agree, disagree, seen by one only, or unknown where one of them cannot tell"),
    _one_of("cause", CAUSES, "other-kind, other-definition, other-statement (of that name in the file), not-there (in the program), not-seen (in the source), not-resolved (by the source), no-source (of the object)"),
))  # fmt: skip

GOLDEN_RUNS = Table("golden_runs", "one run of the golden path", (
    _count("run", "number, from 0"),
    Column("seed", pa.int64(), "SSOT_SEED of the run"),
    _one_of("outcome", RUN_OUTCOMES, "passed or failed, by the exit code and the results; timeout; crashed: ended by a signal; malformed: its results cannot be read"),
    Column("seconds", pa.float64(), "wall time; of results that were read the sum of their tests"),
    _count("exit_code", "of the command; negative: the signal that ended it"),
    _text("started", "when, ISO 8601 in UTC"),
    _text("lever", "base, repeated seed, or what was varied"),
    _text("setting", "to what"),
    _text("source", "command, or the file of results"),
    _text("detail", "last line of the output of a run that did not pass; why results cannot be read"),
    _count("tests", "number of tests in its results; 0 when there are none"),
    _count("failed_tests", "number of these that failed"),
))  # fmt: skip

GOLDEN_TESTS = Table("golden_tests", "one test in one run of the golden path", (
    _count("run", "number of the run"),
    _text("test", "classname::name, as the results say"),
    _one_of("outcome", ("passed", "failed", "error", "skipped"), "of the test"),
    Column("seconds", pa.float64(), "wall time"),
    _text("message", "of a failure, cut at 300 characters"),
))  # fmt: skip

GOLDEN_MODULES = Table("golden_modules", "one file of the target that runs of the golden path imported", (
    _text("path", "POSIX path relative to the target"),
    _count("runs", "number of runs that imported it"),
    _count("failed_runs", "number of these that did not pass"),
))  # fmt: skip

FACT_TABLES: tuple[Table, ...] = (
    IMPORTS, DEFINITIONS, METHODS, BINDINGS, EXPORTS, HOOKS, MARKERS, STATES, PROGRAMS, NOT_ANALYSED,
)  # fmt: skip
CONCLUSION_TABLES: tuple[Table, ...] = (
    EDGES, EXTERNALS, PHANTOMS, CYCLES, FINDINGS, ACCEPTED, SCORES, SCORE_PARTS, METRICS, PATHS, VIOLATIONS, PHANTOM_NAMES,
    CONFLICTS, BASES, DUPLICATES, FOLDER_COPIES,
)  # fmt: skip
#: What the import simulation says.
SIMULATION_TABLES: tuple[Table, ...] = (SIMULATED, SIMULATED_SWALLOWED, SIMULATED_EXECUTIONS)
#: What the runs of the golden path say; without rows where it was not measured.
GOLDEN_TABLES: tuple[Table, ...] = (GOLDEN_RUNS, GOLDEN_TESTS, GOLDEN_MODULES)
#: What the probe saw; without rows where it was not asked for.
PROBE_TABLES: tuple[Table, ...] = (
    PROBED,
    SWALLOWED,
    EXECUTIONS,
    IMPORT_COSTS,
    LIVE_BINDINGS,
    LIVE_TWINS,
    ORDER_DEPENDENT,
    AGREEMENT,
)
TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        FILES, LEFT_OUT, MODULES, *FACT_TABLES, *CONCLUSION_TABLES, *SIMULATION_TABLES, *PROBE_TABLES,
        *GOLDEN_TABLES,
    )
}  # fmt: skip
