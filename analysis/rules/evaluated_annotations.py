"""Which libraries evaluate the annotations of classes and functions of the tree, and when: models, routes, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis.facts.evaluated_annotations import Annotated
from analysis.names.products import Meaning, Product
from analysis.rules.context import RuleContext, ask_once

_MODELS = frozenset({"pydantic:BaseModel", "pydantic.main:BaseModel", "pydantic_settings:BaseSettings"})
_MODEL_DECORATORS = frozenset({"pydantic.dataclasses:dataclass"})
_ROUTES = frozenset({"get", "post", "put", "delete", "patch", "head", "options", "trace", "websocket", "api_route"})
#: Methods of objects of these classes that decorate a function.
_DECORATING = {
    "typer:Typer": frozenset({"command", "callback"}), "fastapi:FastAPI": _ROUTES, "fastapi:APIRouter": _ROUTES,
    "fastapi.routing:APIRouter": _ROUTES, "fastapi.applications:FastAPI": _ROUTES,
}  # fmt: skip
_CALLS = {
    "typing:get_type_hints": "typing.get_type_hints", "typing_extensions:get_type_hints": "typing.get_type_hints",
    "inspect:signature": "inspect.signature", "inspect:get_annotations": "inspect.get_annotations",
    "typer:run": "typer", "typer.main:run": "typer",
    "cattrs:structure": "cattrs", "cattr:structure": "cattrs",
}  # fmt: skip
_FAILING = {
    "typer": "the command fails with NameError", "fastapi": "its first request fails",
    "pydantic": "its first use fails, as the class is not fully defined",
}  # fmt: skip
#: What makes pydantic evaluate the annotations again, with names that it is given.
_AGAIN = "model_rebuild|update_forward_refs|rebuild_dataclass"
_READING = re.compile(rb"get_type_hints\(|eval_str|typer")
_LIBRARIES = r"^(pydantic|pydantic_settings|typer|fastapi|sqlalchemy|cattrs?)\b"


#: Classes whose statement makes SQLAlchemy evaluate the annotations of columns.
_DECLARATIVE = frozenset({
    "sqlalchemy.orm:DeclarativeBase", "sqlalchemy.orm:DeclarativeBaseNoMeta", "sqlalchemy.orm.decl_api:DeclarativeBase",
})  # fmt: skip


class Evaluation(NamedTuple):
    """What evaluates annotations, what then fails, and the line of the call that asks for it; 0 for a declaration.

    ``is_now``: whenever the module is imported.
    """

    by: str
    fails: str
    line: int = 0
    is_now: bool = False


@ask_once
def _has_libraries(case: RuleContext) -> bool:
    """Return whether the tree imports a library that evaluates annotations of its own."""
    modules = pc.unique(case.facts.imports["module"]).cast(pa.string())
    return bool(pc.any(pc.match_substring_regex(modules, _LIBRARIES)).as_py())


def may_evaluate(case: RuleContext, source: bytes) -> bool:
    """Return whether something may evaluate the annotations in a source."""
    return _has_libraries(case) or _READING.search(source) is not None


def find_evaluations(
    case: RuleContext, module: str, source: bytes, found: Sequence[Annotated]
) -> Iterator[tuple[Annotated, Evaluation]]:
    """Yield those of some classes and functions of a module whose annotations something evaluates."""
    dotted = {name for each in found for name in (*each.decorators, *(call for call, _ in each.calls))}
    owners = {name.rpartition(".")[0] for name in dotted}
    meanings = case.meanings.find_meanings({(module, name) for name in dotted | owners if name})
    known = {name: meaning for (_, name), meaning in meanings.items()}
    products = case.meanings.find_classes(set(known.values()))
    for each in found:
        for library in dict.fromkeys(_list_libraries(each, known, products)):
            yield each, Evaluation(library, _FAILING[library])
        if _is_model(case, module, each, known) and not _is_rebuilt(case, each, source):
            yield each, Evaluation("pydantic", _FAILING["pydantic"])
        above = case.identity.inheritance.find_ancestors(f"{module}:{each.owner}")
        if each.column is not None and not _DECLARATIVE.isdisjoint(above):
            name, line = each.column
            text = f"the class statement fails with MappedAnnotationError, by {name} in line {line}"
            yield each, Evaluation("sqlalchemy", text, line, is_now=True)
        for name, line in each.calls:
            by = _CALLS.get(known[name].definition, "") if name in known else ""
            if by:
                yield each, Evaluation(by, f"line {line} fails with NameError", line)


def _list_libraries(
    found: Annotated, known: Mapping[str, Meaning], products: Mapping[Meaning, Product]
) -> Iterator[str]:
    """Yield the libraries whose objects decorate a function."""
    for name in found.decorators:
        owner, _, method = name.rpartition(".")
        product = products.get(known[owner]) if owner in known else None
        if product is not None and method in _DECORATING.get(product.definition, ()):
            yield product.definition.partition(":")[0].partition(".")[0]


def _is_model(case: RuleContext, module: str, found: Annotated, known: Mapping[str, Meaning]) -> bool:
    if any(known[name].definition in _MODEL_DECORATORS for name in found.decorators if name in known):
        return True
    above = case.identity.inheritance.find_ancestors(f"{module}:{found.owner}")
    return found.is_class and not _MODELS.isdisjoint(above)


def _is_rebuilt(case: RuleContext, found: Annotated, source: bytes) -> bool:
    """Return whether some module makes pydantic read a class again, when more names are known."""
    if re.search(_AGAIN.encode(), source):
        return True
    programs = case.facts.programs["program"]
    again = programs.filter(pc.match_substring_regex(programs, f'"({_AGAIN})"'))
    return bool(pc.any(pc.match_substring(again, f'"{found.owner}"')).as_py())
