"""The tables of starts and search paths: how the program is started, and where it then looks for modules."""

from __future__ import annotations

from analysis.tables.columns import LINE, PATH, POSITION, SCOPES
from analysis.tables.table import Table, count, one_of, text

MARK_KINDS = (
    "main-guard", "sys-path", "site-folder", "settings", "named-module", "started-module", "started-script",
    "process-start", "main-pickle", "unpickling",
)  # fmt: skip
PLACES = ("", "first", "last")
BASES_OF_FOLDERS = ("", "file", "working-folder", "absolute", "unknown")
#: Where a folder of the search path, or a start, comes from.
EVIDENCE_SOURCES = (
    "script", "main-module", "python-m", "console-script", "pytest", "server", "django", "sys.path", "site-folder",
    "pth", "pythonpath", "dotenv", "editor", "type-checker", "inferred", "runpy",
)  # fmt: skip
#: Texts that name what is started, whether it is there or not.
NAMED_SOURCES = ("named-module", "named-object", "named-file")

START_MARKS = Table("start_marks", "one statement that changes the search path, or says how the file is started", (
    PATH, POSITION, LINE,
    one_of("kind", MARK_KINDS, "main-guard (if __name__ == '__main__'), sys-path (sys.path is changed), site-folder (site.addsitedir), settings (DJANGO_SETTINGS_MODULE is set), named-module (a text names a module that a framework imports: INSTALLED_APPS, include of Celery), started-module and started-script (another process is started: python -m, python path), process-start (multiprocessing starts a process while the file is imported), main-pickle (an object of a class of the file is pickled), unpickling (something is loaded from a pickle)"),
    one_of("place", PLACES, "sys-path: whether the folder comes first or last"),
    one_of("base", BASES_OF_FOLDERS, "sys-path, site-folder, started-script: what the folder is relative to; unknown when it is computed in another way"),
    text("folder", "the folder, relative to that of the file or to the working folder; absolute as written"),
    text("value", "settings, named-module, started-module: the dotted name; process-start: spawn where the file chooses a start that imports it again; main-pickle: the class"),
    one_of("scope", (*SCOPES, "branch"), "where the statement stands; branch: at the top of the file, under a test that may leave it out"),
), is_later=True)  # fmt: skip

START_EVIDENCE = Table("start_evidence", "one line of a file that is no Python, and says how the target is started", (
    text("path", "the file"),
    LINE,
    one_of("source", (*EVIDENCE_SOURCES, *NAMED_SOURCES), "what it is evidence of; named-module, named-object and named-file: only of a name, which may be that of nothing"),
    text("folder", "working folder of a start, or folder of the search path, relative to the target; . for the target itself"),
    text("value", "module or file that is started; named-object: module:name, or a dotted name; empty for a folder of the search path"),
), is_later=True)  # fmt: skip

STARTS = Table("starts", "one way in which the program is started", (
    one_of("kind", EVIDENCE_SOURCES, "script, main-module (a package with __main__.py), python-m, console-script, runpy (run_path, run_module), pytest, server (gunicorn, uvicorn, celery, flask), django"),
    text("path", "file that is started; empty for the test runner"),
    text("module", "module that is imported for it, or whose name becomes __main__; empty where there is none"),
    text("main", "module that is __main__: the dotted name that the file has when it is imported; empty for a third-party program"),
    text("folder", "first folder of its search path, relative to the target"),
    text("evidence_path", "file that says so"),
    count("evidence_line", "its line"),
), is_later=True)  # fmt: skip

SEARCH_PATHS = Table("search_paths", "one folder of the target from which imports find top-level modules", (
    text("start", "file, module or runner whose imports search it; all starts"),
    text("folder", "folder, relative to the target; . for the target itself"),
    one_of("kind", EVIDENCE_SOURCES, "what puts it on the path"),
    one_of("place", PLACES, "whether it comes before the others; empty where nothing says so"),
    text("evidence_path", "file that says so"),
    count("evidence_line", "its line; 0 where it is a default of Python or pytest"),
), is_later=True)  # fmt: skip
