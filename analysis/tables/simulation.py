"""The tables of the import simulation."""

from __future__ import annotations

from analysis.tables.columns import LINE
from analysis.tables.table import Table, count, one_of, text, texts

#: How the first import of a module in a fresh process ends.
OUTCOMES = (
    "ok", "circular", "missing-third-party", "missing-in-tree", "missing-name", "recursion", "syntax", "crash",
    "timeout", "exit", "other",
)  # fmt: skip

SIMULATED = Table("simulated", "one module, imported first in a fresh process, as the source tells it", (
    text("module", "dotted module name"),
    text("path", "file that defines it"),
    one_of("outcome", (*OUTCOMES, "unknown", "not-simulated"), "how the import ends, as for probed; unknown where too much runs to be followed, not-simulated where the time budget was used up before its turn"),
    text("exception", "class of the exception; empty when ok"),
    text("message", "its text, as Python would say it"),
    text("failed_path", "file of the statement that fails; empty when ok"),
    count("failed_line", "its line; 0 when ok"),
    text("failed_module", "module that the statement cannot import, or cannot take a name from"),
    text("failed_name", "name that it cannot take; empty when the module itself is not there"),
    texts("chain", "statements that lead there: path:line module, outermost first, at most 50"),
    count("modules_run", "number of in-tree module bodies that run"),
    text("doubt", "why it may end otherwise: the first failure in a branch that may not run, or why it is unknown; empty when there is no doubt"),
))  # fmt: skip

SIMULATED_SWALLOWED = Table("simulated_swallowed", "one ImportError or AttributeError that a first import swallows, as the source tells it", (
    text("entry", "module imported first"),
    one_of("outcome", OUTCOMES, "what the swallowed error means, as for probed"),
    text("exception", "class of the exception"),
    text("message", "its text"),
    text("path", "file of the statement that raises"),
    LINE,
    text("module", "module that cannot be imported, or lacks the name"),
    text("name", "name that was to be taken; empty when the module itself is not there"),
    text("caught_path", "file of the try that swallows it"),
    count("caught_line", "line of the statement in its body that the error comes through"),
    text("left_as", "what the names of that statement are left as: name: None, absent, a class, a module"),
))  # fmt: skip

SIMULATED_EXECUTIONS = Table("simulated_executions", "one module whose body runs more than once after one first import, as the source tells it", (
    text("entry", "module imported first"),
    text("module", "module whose body runs again"),
    text("path", "its file"),
    count("times", "how often it runs"),
))  # fmt: skip

#: What the import simulation says.
SIMULATION_TABLES: tuple[Table, ...] = (SIMULATED, SIMULATED_SWALLOWED, SIMULATED_EXECUTIONS)
