"""The table of second names: one file, or what it defines, alive under two names in one process."""

from __future__ import annotations

from analysis.tables.table import Table, count, flag, one_of, text

#: What gives a file its second name, in the order of the chapters of docs/second_names.md.
SECOND_NAME_KINDS = (
    "search-path", "main", "loader", "reload", "import-again", "alias", "link", "app-label", "task",
)  # fmt: skip
SECOND_NAMES = Table("second_names", "one file that Python can load under two names in one process", (
    text("path", "the file"),
    one_of("kind", SECOND_NAME_KINDS, "what gives it the second name: search-path (two folders of the path), main (it is run and imported), loader (loaded by its path), reload, import-again (taken out of sys.modules), alias (a package under another name in sys.modules), link (a symbolic link), app-label (Django), task (a task queue)"),
    text("first_name", "name under which the program imports it"),
    text("second_name", "name under which it is loaded again; __main__ for the main program"),
    text("first_path", "file of a statement that uses the first name"),
    count("first_line", "its line"),
    text("second_path", "file of the statement that uses or gives the second name; empty when it is started"),
    count("second_line", "its line; 0 when it is started"),
    text("evidence_path", "file of the evidence: what gives the second name"),
    count("evidence_line", "its line"),
    text("start", "command that loads both, as far as it is known: python app.py, python -m pkg.mod, runpy; empty for any"),
    text("taken", "name that the first statement takes; empty for the module itself"),
    flag("is_deferred", "true when one of them is only loaded when a function is called"),
    flag("is_test", "true when only tests load it under both names, or a test and the product do"),
    text("also_taken", "name that the second statement takes; empty for the module itself, or where nobody imports it by the second name"),
), is_later=True)  # fmt: skip

UNKNOWN_LOAD_KINDS = ("by-path", "run-by-name", "reload", "unregister", "sys-path", "site-folder")
UNKNOWN_LOADS = Table("unknown_loads", "one statement that may give a file a second name, of which it is not known which", (
    text("path", "the file"),
    count("line", "line of the statement"),
    one_of("kind", UNKNOWN_LOAD_KINDS, "what it does, as in loads and start_marks"),
    text("reason", "what of it is not known"),
    flag("is_test", "true in tests"),
), is_later=True)  # fmt: skip
