"""Files of which a framework keeps a list by module name: models of Django, tasks of a queue."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.program_expressions import write_dotted
from analysis.resolve.second_names import SecondName

_TASKS = frozenset({"task", "shared_task", "periodic_task", "actor", "dramatiq.actor"})
#: Those whose decorator is only one of a task queue when it is taken from an object: ``@app.task``.
_OF_OBJECT = frozenset({"task", "actor"})
#: The kinds of second names that come from two folders of the search path.
BY_PATH = frozenset({"search-path", "app-label", "task"})
#: Of them those that a framework keeps a list of.
LISTED = frozenset({"app-label", "task"})


def find_tasks(programs: pa.Table) -> Mapping[str, tuple[str, ...]]:
    """Return the functions that become tasks under the name of their module, by file.

    A task with a name of its own is none of them.
    """
    text = programs.column("program")
    chosen = pc.or_(pc.match_substring_regex(text, '"(?:shared_|periodic_)?task"'), pc.match_substring(text, '"actor"'))
    found = {
        path: tuple(_list_tasks(json.loads(program)))
        for path, program in tables.read_rows(programs.filter(chosen), "path", "program")
    }
    return {path: names for path, names in found.items() if names}


def _list_tasks(body: list[Any]) -> Iterator[str]:
    for statement in body:
        if statement[0] == "def":
            for decorator in statement[3]:
                is_call = decorator[0] == "c"
                name = write_dotted(decorator[1] if is_call else decorator)
                last = name.rpartition(".")[2]
                is_task = last in _TASKS and (last not in _OF_OBJECT or "." in name)
                if is_task and not (is_call and _has_name(decorator)):
                    yield statement[2]


def _has_name(call: list[Any]) -> bool:
    return any(isinstance(each, list) and each[:1] == ["name"] for each in call[3] or ())


def find_models(definitions: pa.Table, imports: pa.Table, paths: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the classes of some files that are models of Django by what they say, by file."""
    wanted = pa.array(sorted(paths), type=pa.string())
    of_django = {
        path
        for path, module, name in tables.read_rows(_keep(imports, wanted), "path", "module", "name")
        if f"{module}.{name}".startswith(("django.db", "django.contrib.auth.models", "django.contrib.gis.db"))
    }
    found: dict[str, list[str]] = {}
    columns = ("path", "name", "scope", "bases")
    for path, name, scope, bases in tables.read_rows(_keep(definitions, wanted), *columns):
        if path in of_django and scope == "module" and any(_is_model(base) for base in bases):
            found.setdefault(path, []).append(name)
    return {path: tuple(names) for path, names in found.items()}


def _is_model(base: str) -> bool:
    last = base.rpartition(".")[2]
    return last.endswith("Model") or last in {"AbstractUser", "AbstractBaseUser"} or base == "models.Model"


def _keep(table: pa.Table, paths: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table.column("path").cast(pa.string()), paths))


def name_frameworks(
    found: Iterable[SecondName], models: Mapping[str, Collection[str]], tasks: Mapping[str, Collection[str]]
) -> Iterator[SecondName]:
    """Yield second names by the search path; those of files with models or tasks say so by their kind."""
    for each in found:
        kind = "app-label" if each.path in models else "task" if each.path in tasks else each.kind
        yield replace(each, kind=kind) if each.kind in BY_PATH else each
