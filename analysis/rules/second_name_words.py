"""How a second name is put into words: what loads the file twice, and what puts an end to it, by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from analysis.facts.test_files import is_test_file
from analysis.resolve.second_names import SecondName
from analysis.rules.twice import Contents
from analysis.wording import format_some

#: The kinds whose two names are only loaded when somebody starts the file as a program.
STARTED = frozenset({"main"})
#: The kinds whose second module has the first one's name: only who holds what the first one made notices.
ANEW = frozenset({"reload", "import-again"})
Sentence = Callable[[str, Sequence[SecondName]], str]


def _name_user(row: SecondName) -> str:
    """Return a name and the statement that uses it."""
    return f"{row.first_name} ({row.first_path}:{row.first_line})"


def _say_search_path(path: str, rows: Sequence[SecondName]) -> str:
    row = rows[0]
    second = f"{row.second_name} ({row.second_path}:{row.second_line})"
    if _is_by_pytest(row):
        return f"{path} is imported as {_name_user(row)}, and pytest loads it as {row.second_name}"
    start = f" when it is started by {row.start}" if row.start else ""
    places = {(row.first_path, row.first_line), (row.second_path, row.second_line)}
    is_shown = row.evidence_path and (row.evidence_path, row.evidence_line) not in places and not row.start
    found = f", which {row.evidence_path}:{row.evidence_line} puts on the search path" if is_shown else ""
    return f"{path} is imported as {_name_user(row)} and as {second}{found}{start}: Python loads it once for each"


def find_prefixes(row: SecondName) -> tuple[str, str]:
    """Return what makes the two names of a file differ: they begin with these, and go on alike.

    >>> find_prefixes(SecondName("b/a/x/y.py", "search-path", "b.a.x.y", "a.x.y"))
    ('b.a', 'a')
    """
    first, second = row.first_name.split("."), row.second_name.split(".")
    while min(len(first), len(second)) > 1 and first[-1] == second[-1]:
        first.pop()
        second.pop()
    return ".".join(first), ".".join(second)


def _is_by_pytest(row: SecondName) -> bool:
    """Return whether pytest itself loads a file of tests by its second name: no statement says it."""
    return row.second_path == row.path and is_test_file(row.path)


def _fix_search_path(path: str, rows: Sequence[SecondName], _: Contents) -> str:
    """Return which statement says another name, and what the search path then no longer needs."""
    row = rows[0]
    if _is_by_pytest(row):
        folder = path.removesuffix(f"{row.second_name.replace('.', '/')}.py")
        return (
            f"Move what {row.first_path} takes into a module that is no test, or give {folder} an __init__.py: then "
            "pytest knows the file by its long name, too"
        )
    first, second = find_prefixes(row)
    others = sorted({each.path for each in rows} - {path})
    more = f". The same holds for {format_some(others)}" if others else ""
    fix = f"Write {first} instead of {second} at {row.second_path}:{row.second_line}"
    changed = f"{row.evidence_path}:{row.evidence_line}"
    if row.start or (row.evidence_path, row.evidence_line) == (row.second_path, row.second_line):
        after = f"; it is found where {first.partition('.')[0]} is"
    elif row.evidence_path.endswith(".py"):
        after = f", and remove the search path of {changed} once nothing else needs it"
    else:
        after = f", and let {changed} start or search in the folder above {first.partition('.')[0]}"
    return f"{fix}{after}{more}"


def _say_task(path: str, rows: Sequence[SecondName]) -> str:
    return _say_search_path(path, rows).replace(": Python loads it once for each", "")


def _fix_task(path: str, rows: Sequence[SecondName], shared: Contents) -> str:
    """Return the same; names that no longer come from the module are an end to it, too."""
    return f"{_fix_search_path(path, rows, shared)}, or give each task a name of its own with name="


def describe_listed(rows: Sequence[SecondName], whole: Contents, tasks: Sequence[str]) -> str:
    """Return what a framework says of models or tasks with two names, as a clause; empty without any.

    ``tasks`` are those of the file of the first row, ``whole`` what is in it.
    """
    row = rows[0]
    if row.kind == "app-label" and whole.classes:
        name = whole.classes[0]
        return (
            f"Django registers {format_some(whole.classes)} twice, and the start fails with RuntimeError: "
            f'"Conflicting \'{name.lower()}\' models in application", or, where no app_label is given, "Model class '
            f"...{name} doesn't declare an explicit app_label and isn't in an application in INSTALLED_APPS\""
        )
    if row.kind == "task" and tasks:
        return (
            f"A queue calls a task by the name of its module: {row.first_name}.{tasks[0]} for one of them, "
            f"{row.second_name}.{tasks[0]} for the other, and a worker that knows only one answers "
            '"Received unregistered task"'
        )
    return ""


def _say_main(path: str, rows: Sequence[SecondName]) -> str:
    row = rows[0]
    calls = ", when a function is called" if row.is_deferred else ""
    more = f" and {len(rows) - 1:,} more" if len(rows) > 1 else ""
    place = f"line {row.evidence_line}" if row.evidence_path == path else f"{row.evidence_path}:{row.evidence_line}"
    return (
        f"Started as {row.start}, {path} runs as __main__ ({place}), and "
        f"{row.first_path}:{row.first_line}{more} imports it as {row.first_name} too{calls}: its body runs twice"
    )


def _fix_main(path: str, rows: Sequence[SecondName], shared: Contents) -> str:
    row = rows[0]
    names = [name for name in (*shared.classes, *shared.state) if any(each.taken == name for each in rows)]
    moved = f"Move {format_some(names) if names else 'what is imported'} into a module that is not started"
    package = row.first_name.rpartition(".")[0]
    beside = f"{path.rpartition('/')[0]}/__main__.py".lstrip("/") if package else "a file of its own"
    if path.endswith("/__main__.py"):
        return f"{moved}; {path} then only imports and calls it"
    return f"{moved}, or start from {beside} that imports {row.first_name} and that nobody imports"


def _say_loader(path: str, rows: Sequence[SecondName]) -> str:
    row = rows[0]
    calls = ", when a function is called" if row.is_deferred else ""
    if row.start:
        return (
            f"{path} is imported as {_name_user(row)}, and {row.second_path}:{row.second_line} runs it a second time "
            f"as {row.second_name}{calls}"
        )
    return (
        f"{path} is imported as {_name_user(row)}, and {row.second_path}:{row.second_line} loads it a second time by "
        f"its file path as {row.second_name}{calls}"
    )


def _fix_loader(_: str, rows: Sequence[SecondName], __: Contents) -> str:
    row = rows[0]
    if row.start:
        return (
            f"Import {row.first_name} there and call a function of it, or move what others import into another module"
        )
    return f'Load it by its name there: importlib.import_module("{row.first_name}")'


def _say_link(path: str, rows: Sequence[SecondName]) -> str:
    row = rows[0]
    return (
        f"{row.evidence_path} is a link to {path}: one file is imported as {_name_user(row)} and as {row.second_name} "
        f"({row.second_path}:{row.second_line}), and Python loads it once for each"
    )


def _fix_link(_: str, rows: Sequence[SecondName], __: Contents) -> str:
    row = rows[0]
    return (
        f"Import it as {row.first_name} everywhere, and delete the link; where the old name must stay, let a module "
        f"{row.second_name} import what it offers from {row.first_name}"
    )


def _say_anew(path: str, rows: Sequence[SecondName]) -> str:
    row = rows[0]
    how = "reloads" if row.kind == "reload" else "takes out of sys.modules"
    calls = ", when a function is called" if row.is_deferred else ""
    again = "" if row.kind == "reload" else ": the next import runs its body again"
    return (
        f"{row.second_path}:{row.second_line} {how} {row.first_name} ({path}){calls}{again}, and "
        f"{row.first_path}:{row.first_line} holds {row.taken} of before"
    )


def _fix_anew(_: str, rows: Sequence[SecondName], __: Contents) -> str:
    row = rows[0]
    module, _, name = row.first_name.rpartition(".")
    taken = f"from {module} import {name}" if module else f"import {name}"
    how = "reload" if row.kind == "reload" else "removal"
    return f"Give the module a function that resets its state, and drop the {how}; else hold the module: {taken}"


def _say_alias(path: str, rows: Sequence[SecondName]) -> str:
    row = rows[0]
    return (
        f"{row.evidence_path}:{row.evidence_line} puts a package into sys.modules under another name; what is below it "
        f"is loaded again: {path} is {_name_user(row)}, and {row.second_path}:{row.second_line} imports it as "
        f"{row.second_name}"
    )


def _fix_alias(_: str, rows: Sequence[SecondName], __: Contents) -> str:
    row = rows[0]
    return (
        f"Import {row.first_name}, or register the submodule as well: "
        f'sys.modules["{row.second_name}"] = {row.first_name}'
    )


def _say_otherwise(path: str, rows: Sequence[SecondName]) -> str:
    row = rows[0]
    return f"{path} is loaded as {_name_user(row)} and a second time as {row.second_name}"


def _fix_otherwise(_: str, rows: Sequence[SecondName], __: Contents) -> str:
    return f"Load it only as {rows[0].first_name}"


#: What loads a file twice, by kind: a clause without its full stop.
_SENTENCES: Mapping[str, Sentence] = {
    "search-path": _say_search_path,
    "app-label": _say_search_path,
    "task": _say_task,
    "main": _say_main,
    "loader": _say_loader,
    "link": _say_link,
    "reload": _say_anew,
    "import-again": _say_anew,
    "alias": _say_alias,
}
_REMEDIES: Mapping[str, Callable[[str, Sequence[SecondName], Contents], str]] = {
    "search-path": _fix_search_path, "app-label": _fix_search_path, "task": _fix_task, "main": _fix_main,
    "loader": _fix_loader, "link": _fix_link, "reload": _fix_anew, "import-again": _fix_anew, "alias": _fix_alias,
}  # fmt: skip


def describe_loads(path: str, rows: Sequence[SecondName]) -> str:
    """Return what loads a file twice, as a clause; the rows are of one kind."""
    return _SENTENCES.get(rows[0].kind, _say_otherwise)(path, rows)


def find_remedy(path: str, rows: Sequence[SecondName], shared: Contents) -> str:
    """Return what puts an end to the second name, as a clause; ``shared`` is what both names use of the file."""
    return _REMEDIES.get(rows[0].kind, _fix_otherwise)(path, rows, shared)
