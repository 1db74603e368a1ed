"""Files that something outside of the tree runs or loads by their name, folder or first lines: no import names them."""

from __future__ import annotations

import re

from analysis.facts.source_tree import SourceTree

#: Files that tools and frameworks look for by their name.
_NAMES = frozenset({
    "__main__", "conftest", "setup", "manage", "tasks", "noxfile", "fabfile", "dodo", "pavement", "locustfile", "conf",
    "hubconf", "versioneer", "_version", "version", "sitecustomize", "usercustomize", "wsgi", "asgi", "env", "build",
    "hatch_build", "gunicorn_config", "gunicorn_conf", "lambda_function", "handler", "function_app", "streamlit_app",
    "main", "app", "cli", "server", "worker", "run", "apps", "admin", "models", "urls", "signals", "receivers",
    "middleware", "routing", "wagtail_hooks", "search_indexes", "documents", "translation", "cms_plugins", "cms_apps",
    "checks", "sitemaps", "feeds", "cron", "plugin", "plugins", "hooks", "extension", "extensions",
    "context_processors",
    "celeryconfig", "celery", "settings", "local_settings", "config",
})  # fmt: skip
_NAME_PARTS = re.compile(
    r"(?:^|_)settings(?:_|$)|(?:^|_)config(?:_|$)|(?:^|_)conf$|_pb2(?:_grpc)?$|_ui$|_rc$|^(?:test|bench)_"
)
#: Folders whose files tools and frameworks list.
_FOLDERS = frozenset({
    "migrations", "versions", "alembic", "commands", "templatetags", "settings", "hooks", "dags", "plugins", "spiders",
    "lambdas", "functions", "stubs", "typings", "vendor", "_vendor", "vendored", "third_party", "extern", "templates",
    "cookiecutter", "fixtures", "pages", "resources", "contrib",
})  # fmt: skip
#: Folders of what is run by hand, or shown.
_SIDE_FOLDERS = frozenset({
    "bin", "benchmark", "benchmarks", "ci", "demo", "demos", "dev", "doc", "docs", "documentation", "example",
    "examples", "experiments", "notebooks", "playground", "sample", "samples", "script", "scripts", "tool", "tools",
    "tutorial", "tutorials", "util_scripts", "hack", "recipes", "snippets", "debug", "deploy", "deployment",
})  # fmt: skip
_GENERATED = re.compile(
    rb"@generated|(?:auto-?|automatically )generated|generated (?:by|from|with)|do not edit", re.IGNORECASE
)
#: A module of which no import is left, for those outside who still use its name.
_KEPT = re.compile(rb"deprecat|backwards?[- ]?compat|compatibility", re.IGNORECASE)
_FIRST_BYTES = 2_000
#: Statements of a body that do the work of a script: a call of a function, a loop, the end of the process.
_RUNS = re.compile(
    rb"^(?:(?:await )?[\w.]+\([^\n]*\)?|for |while |with |raise SystemExit)|^if __name__", re.MULTILINE
)  # fmt: skip


def is_side_folder(path: str) -> bool:
    """Return whether a file lies among scripts, tools, examples or documentation."""
    return not _SIDE_FOLDERS.isdisjoint(path.lower().split("/")[:-1])


def is_found_by_place(path: str) -> bool:
    """Return whether a tool or a framework may find a file by its name or folder, or a person runs it by hand.

    >>> [is_found_by_place(f"a/{path}") for path in ("urls.py", "migrations/x.py", "tools/x.py", "orders.py")]
    [True, True, True, False]
    """
    *folders, name = path.removesuffix(".py").split("/")
    is_named = name in _NAMES or _NAME_PARTS.search(name) is not None or not name.isidentifier()
    return is_named or name.startswith("__") or not _FOLDERS.isdisjoint(folders) or is_side_folder(path)


def is_told_by_source(tree: SourceTree, path: str, name: str) -> bool:
    """Return whether a file says of itself that it is run, generated, kept for others or loaded by its dotted name."""
    try:
        source = tree.read_bytes(path)
    except OSError:
        return True
    head = source[:_FIRST_BYTES]
    is_said = head.startswith(b"#!") or _GENERATED.search(head) is not None or _KEPT.search(head) is not None
    return (
        is_said or _RUNS.search(source) is not None or re.search(rb"[\"']" + name.encode() + rb"\b", source) is not None
    )
