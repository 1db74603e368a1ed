"""The tables of the import simulation."""

from __future__ import annotations

from analysis.tables.columns import LINE
from analysis.tables.names import VALUE_KINDS
from analysis.tables.table import Table, count, later, one_of, text, texts

#: How the first import of a module in a fresh process ends.
OUTCOMES = (
    "ok", "circular", "missing-third-party", "missing-in-tree", "missing-name", "recursion", "syntax", "crash",
    "timeout", "exit", "other",
)  # fmt: skip

#: Outcomes that depend on the order of imports.
CIRCULAR = frozenset({"circular", "recursion"})
#: Outcomes of the simulation that say nothing of the import.
UNKNOWN_OUTCOMES = frozenset({"unknown", "not-simulated"})

#: Why a program raises by itself.
RAISED_BECAUSE = ("", "raised", "platform", "variable", "skipped")

SIMULATED = Table("simulated", "one module, imported first in a fresh process, as simulated", (
    text("module", "dotted module name"),
    text("path", "file that defines it"),
    one_of("outcome", (*OUTCOMES, "unknown", "not-simulated"), "how the import ends, as for probed; unknown after too many steps, not-simulated beyond the time budget"),
    text("exception", "class of the exception; empty when ok"),
    text("message", "its text, as in Python"),
    text("failed_path", "file of the statement that fails; empty when ok"),
    count("failed_line", "its line; 0 when ok"),
    text("failed_module", "module that the statement cannot import, or that lacks the name"),
    text("failed_name", "name that it cannot import; empty if the module itself is missing"),
    texts("chain", "statements that lead there: path:line module, outermost first, at most 50"),
    count("modules_run", "number of in-tree module bodies that run"),
    text("doubt", "reason for a doubt: a failure in a branch that may not run, or why the outcome is unknown; empty without doubt"),
    later(one_of("reason", RAISED_BECAUSE, "why the program raises by itself: raised (whenever it comes there), platform (version or platform decide), variable (an environment variable is not set), skipped (pytest leaves the tests out); empty for every other failure")),
))  # fmt: skip

SIMULATED_SWALLOWED = Table("simulated_swallowed", "one ImportError or AttributeError that a first import silently swallows, as simulated", (
    text("entry", "module imported first"),
    one_of("outcome", OUTCOMES, "what the swallowed error means, as for probed"),
    text("exception", "class of the exception"),
    text("message", "its text"),
    text("path", "file of the statement that raises"),
    LINE,
    text("module", "module that cannot be imported, or lacks the name"),
    text("name", "name to be imported; empty if the module itself is missing"),
    text("caught_path", "file of the try that swallows it"),
    count("caught_line", "line in its body from which the error comes"),
    text("left_as", "values of the names of that statement afterwards: name: None, absent, a class, a module"),
    later(one_of("reason", RAISED_BECAUSE, "why the program raises by itself, as for simulated")),
))  # fmt: skip

SIMULATED_EXECUTIONS = Table("simulated_executions", "one module whose body runs more than once after one first import, as simulated", (
    text("entry", "module imported first"),
    text("module", "module whose body runs again"),
    text("path", "its file"),
    count("times", "how often it runs"),
))  # fmt: skip

SIMULATED_NAMES = Table("simulated_names", "one name that a module has after its first import and that none of its statements shows, as simulated", (
    text("module", "module that has the name"),
    text("name", "the name"),
    text("definition", "pkg.mod:Qual, as the object states it"),
    text("definition_path", "file of the class or function statement, or of the call that makes the class"),
    count("definition_line", "its line; 0 when there is none"),
    one_of("kind", VALUE_KINDS, "kind of the object, as for paths"),
    text("made_by", "of an instance its class"),
), is_later=True)  # fmt: skip

#: What the import simulation says.
SIMULATION_TABLES: tuple[Table, ...] = (SIMULATED, SIMULATED_SWALLOWED, SIMULATED_EXECUTIONS, SIMULATED_NAMES)

CUT_TRIALS = Table("cut_trials", "one import-time cycle with failing imports: the best cut that was found by simulating the tree without it", (
    text("cycle", "identifier as in cycles"),
    texts("statements", "import statements that the cut defers: path:line module; empty: no cut that was tried helps without harm"),
    texts("restored", "first imports that fail, or silently lose a name, and do so no longer"),
    texts("affected", "all first imports that fail, or silently lose a name, at a statement of the cycle"),
    texts("harmed", "first imports that the cheapest cut by the graph alone breaks; empty when it was not tried or breaks none"),
    texts("unregistered", "modules that the cheapest cut by the graph alone would no longer load, though they register something elsewhere"),
    count("tried", "number of cuts that were simulated"),
), is_later=True)  # fmt: skip
