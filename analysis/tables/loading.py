"""The tables of what is loaded past the import statement, and of starts as the main program."""

from __future__ import annotations

from analysis.tables.columns import LINE, PATH, POSITION
from analysis.tables.simulation import OUTCOMES
from analysis.tables.table import Table, count, one_of, text, texts

LOAD_KINDS = ("by-path", "run-by-name", "reload", "unregister", "register")
LOADS = Table("loads", "one call that loads a module past the import statement, or takes one out of sys.modules", (
    PATH, POSITION, LINE,
    one_of("kind", LOAD_KINDS, "by-path (spec_from_file_location, SourceFileLoader, load_source, run_path, exec of the text of a file), run-by-name (run_module), reload, unregister (deleted from sys.modules), register (put into sys.modules by the body of the module, without a condition)"),
    text("name", "name that the module gets, or that is taken out; * for what is computed, __name__.x below the own name, <run_path> for that of run_path, <exec> for that of exec"),
    text("value", "by-path: its path, from {here} (the folder of this file) or {cwd} on, * for what is computed; reload: the dotted name, = before one that is written as a text; register: the dotted name of what is put there"),
    text("owner", "qualified name of the enclosing function or class; empty at module level"),
), is_later=True)  # fmt: skip

OBJECT_TEXT_KINDS = ("setting", "patch", "setter", "model", "task", "loaded")
OBJECT_TEXTS = Table("object_texts", "one text that names a module or an object, which a framework or a patch loads by it", (
    PATH, POSITION, LINE,
    one_of("kind", OBJECT_TEXT_KINDS, "setting (of Django, Celery or the configuration of logging), patch (mock.patch and its like), setter (monkeypatch.setattr, monkeypatch.delattr), model (AUTH_USER_MODEL of Django: label.Model), task (a task of Celery that a schedule, a route or send_task names), loaded (an entry of a table that the code of the file loads, or what pkgutil.resolve_name is given)"),
    text("value", "the dotted name as it is written; of a patch of an object by the imports of the file"),
), is_later=True)  # fmt: skip

SIMULATED_STARTS = Table("simulated_starts", "one module that is started as the main program while its own imports import it by name, as simulated", (
    text("module", "dotted module name"),
    text("path", "its file"),
    one_of("outcome", (*OUTCOMES, "unknown"), "how the start ends, as for simulated"),
    text("exception", "class of the exception; empty when ok"),
    text("message", "its text, as in Python"),
    text("failed_path", "file of the statement that fails; empty when ok"),
    count("failed_line", "its line; 0 when ok"),
    texts("chain", "statements that lead there: path:line module, outermost first, at most 50"),
    count("times", "how often its body runs: once as __main__, and again by its name"),
    text("doubt", "reason for a doubt, as for simulated; empty without doubt"),
), is_later=True)  # fmt: skip
