"""The tables of the probe, and of its agreement with the source."""

from __future__ import annotations

import pyarrow as pa

from analysis.tables.columns import LINE
from analysis.tables.names import VALUE_KINDS
from analysis.tables.simulation import OUTCOMES
from analysis.tables.table import Column, Table, count, one_of, text, texts

#: What a module-level name holds in the running interpreter.
LIVE_KINDS = ("class", "function", "instance", "none", "module")
VERDICTS = ("agree", "disagree", "static-only", "runtime-only", "unknown")
#: Why two witnesses say different things of a name, or one says nothing.
CAUSES = (
    "", "other-kind", "other-definition", "other-statement", "not-there", "not-seen", "not-resolved", "no-source",
)  # fmt: skip

PROBED = Table("probed", "one module, imported first in a fresh process of the target's interpreter", (
    text("module", "dotted module name"),
    text("path", "file that was meant to define it"),
    one_of("outcome", OUTCOMES, "how the import ended; see docs/probe.md"),
    text("exception", "class of the exception; signal name for a crash; empty when ok"),
    text("message", "its text, cut at 500 characters"),
    text("failed_path", "file of the statement that failed: the innermost in-tree statement; empty when ok"),
    count("failed_line", "its line; 0 when ok"),
    text("failed_module", "module that the statement could not import, or that lacks the name"),
    text("failed_name", "name that it could not import; empty if the module itself is missing"),
    texts("chain", "import statements that led there: path:line module, outermost first, at most 50"),
    Column("seconds", pa.float64(), "wall seconds of the import"),
    Column("peak_memory", pa.int64(), "peak resident bytes of the process; 0 when unknown"),
    count("modules_run", "number of in-tree module bodies that ran"),
    text("output", "what the import printed, cut at 1,000 characters"),
))  # fmt: skip

SWALLOWED = Table("swallowed", "one ImportError or AttributeError raised and silently swallowed inside an import", (
    text("entry", "module imported first"),
    one_of("outcome", OUTCOMES, "what the swallowed error means, as for probed"),
    text("exception", "class of the exception"),
    text("message", "its text, cut at 500 characters"),
    text("path", "file of the import statement that raised, relative to the target"),
    LINE,
    text("module", "module that could not be imported, or lacks the name"),
    text("name", "name to be imported; empty if the module itself is missing"),
    text("caught_path", "file of the statement whose handler swallowed it; empty outside the tree"),
    count("caught_line", "line in the body of that try from which the error came"),
))  # fmt: skip

EXECUTIONS = Table("executions", "one module whose body ran more than once after one first import", (
    text("entry", "module imported first"),
    text("module", "name under which the body ran; the shorter, then first, when there are several"),
    text("path", "file of the body"),
    count("times", "how often it ran"),
    texts("names", "module names under which it ran, sorted; several when one file is loaded under two names"),
))  # fmt: skip

IMPORT_COSTS = Table("import_costs", "one module body that a first import runs, if it takes half a millisecond or more", (
    text("entry", "module imported first"),
    count("position", "order in which the bodies began"),
    count("depth", "number of enclosing bodies that are running"),
    text("module", "module whose body runs"),
    Column("seconds", pa.float64(), "wall seconds including its imports; third-party modules were loaded before"),
))  # fmt: skip

LIVE_BINDINGS = Table("live_bindings", "one module-level name after the first import of its own module", (
    text("module", "module that holds the name"),
    text("name", "the name"),
    one_of("kind", LIVE_KINDS, "what it holds"),
    text("definition", "of a class or function where its source says: path:line of the file; of an instance that of its class; empty outside the tree or without source"),
    text("qualname", "__qualname__ of the class or function, of an instance that of its class; of a module its name"),
    text("defined_in", "__module__ as the object says"),
    text("group", "label of the live object: the first module.name, in order, that refers to it; equal labels are one object"),
))  # fmt: skip

LIVE_TWINS = Table("live_twins", "one class statement with several live classes within one first import", (
    text("entry", "module imported first"),
    text("qualname", "__qualname__"),
    text("definition", "path:line of the class statement"),
    count("objects", "number of live classes"),
    texts("holders", "module.name that refer to them, one for each if there is one"),
))  # fmt: skip

ORDER_DEPENDENT = Table("order_dependent", "one binding that depends on which module was imported first", (
    text("module", "module that holds the name"),
    text("name", "the name"),
    text("first_entry", "a module imported first"),
    text("first_result", "what the name then holds: kind, qualified name, path:line; absent if it does not exist"),
    text("second_entry", "another module imported first"),
    text("second_result", "what the name then holds"),
    count("entries", "number of first imports that loaded the module"),
))  # fmt: skip

AGREEMENT = Table("agreement", "one name of an importable module, in the source and at run time", (
    text("module", "module that holds the name"),
    text("name", "the name"),
    one_of("static_kind", VALUE_KINDS, "kind in the source, as in paths; unknown without evidence"),
    text("static_definition", "path:line of the definition in the source; empty outside the tree"),
    one_of("live_kind", ("absent", *LIVE_KINDS), "kind at run time"),
    text("live_definition", "path:line of its source at run time; empty outside the tree or without source"),
    one_of("verdict", VERDICTS, "agree, disagree, static-only, runtime-only, or unknown without evidence on one side"),
    one_of("cause", CAUSES, "other-kind, other-definition, other-statement (of that name in the file), not-there (at run time), not-seen (in the source), not-resolved (in the source), no-source (of the object)"),
))  # fmt: skip

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
