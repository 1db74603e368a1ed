"""The contracts of import-linter, read as they are from its configuration; nothing of it is run."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from analysis.contracts.terms import (
    AcyclicSiblings,
    Alert,
    Contract,
    ContractError,
    Forbidden,
    Independence,
    Layers,
    Protected,
    Scope,
    Terms,
    parse_layers,
)
from analysis.facts.source_tree import SourceTree

_INI, _TOML = ("setup.cfg", ".importlinter"), ("pyproject.toml",)
_SECTION = "importlinter"
_MOST_BYTES = 4_000_000
Options = Mapping[str, Any]


class _Configuration(NamedTuple):
    """The options of the whole, and those of each contract with the line where it begins."""

    session: Options
    contracts: Sequence[tuple[int, Options]]


def read_linter_contracts(tree: SourceTree) -> list[Contract]:
    """Return the contracts of the first configuration that import-linter would find in the target's folder.

    One that is not understood carries the ``problem`` in place of its terms.
    """
    for path in (*_INI, *_TOML):
        try:
            text = tree.read_bytes(path, most_bytes=_MOST_BYTES).decode("utf-8-sig")
            found = _read_toml(text) if path in _TOML else _read_ini(text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue  # other rules say what is wrong with a project file
        except (configparser.Error, AttributeError, TypeError) as error:
            reason = str(error).partition("\n")[0]
            return [Contract(path, path, 1, None, problem=reason)] if f"[{_SECTION}" in text else []
        if found is not None:
            return list(_build_all(path, found))
    return []


def _read_ini(text: str) -> _Configuration | None:
    if f"[{_SECTION}]" not in text:
        return None
    parser = configparser.ConfigParser()
    parser.read_string(text)
    if _SECTION not in parser:
        return None
    sections = [name for name in parser.sections() if name.startswith(f"{_SECTION}:")]
    lines = {line.strip(): number for number, line in reversed(list(enumerate(text.splitlines(), 1)))}
    contracts = [(lines.get(f"[{name}]", 1), _split_values(parser[name])) for name in sections]
    return _Configuration(_split_values(parser[_SECTION]), contracts)


def _split_values(section: Mapping[str, str]) -> dict[str, Any]:
    return {key: value.strip().split("\n") if "\n" in value else value for key, value in section.items()}


def _read_toml(text: str) -> _Configuration | None:
    session = dict(tomllib.loads(text).get("tool", {}).get(_SECTION, {}))
    if not session:
        return None
    contracts = session.pop("contracts", [])
    pattern = re.compile(rf"\s*\[\[\s*tool\s*\.\s*{_SECTION}\s*\.\s*contracts\s*\]\]")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)]
    lines += [1] * (len(contracts) - len(lines))
    return _Configuration(session, list(zip(lines, contracts, strict=False)))


def _build_all(path: str, found: _Configuration) -> Iterator[Contract]:
    roots = _list(found.session, "root_packages") or _list(found.session, "root_package")
    scope = Scope(
        type_checking=not _is_true(found.session.get("exclude_type_checking_imports")), tests=True, dynamic=False,
        dead=True, external=_is_true(found.session.get("include_external_packages")), roots=tuple(roots),
        plain_packages=True,
    )  # fmt: skip
    for line, options in found.contracts:
        name = str(options.get("name", options.get("id", "contract")))
        try:
            alert = str(options.get("unmatched_ignore_imports_alerting", "error")).casefold()
            yield Contract(
                name, path, line, _build_terms(options), ignores=tuple(_list(options, "ignore_imports")),
                unmatched=_ALERTS.get(alert, "error"), scope=scope,
            )  # fmt: skip
        except ContractError as error:
            yield Contract(name, path, line, None, scope=scope, problem=str(error))


_ALERTS: Mapping[str, Alert] = {"none": "none", "warn": "warn", "error": "error"}


def _build_terms(options: Options) -> Terms:
    kind = str(options.get("type", ""))
    if kind == "layers":
        return Layers(
            parse_layers(_ask(options, "layers")), tuple(_list(options, "containers")),
            _is_true(options.get("exhaustive")), tuple(_list(options, "exhaustive_ignores")),
        )  # fmt: skip
    as_packages = _is_true(options.get("as_packages", "true"))
    if kind == "forbidden":
        return Forbidden(
            tuple(_ask(options, "source_modules")), tuple(_ask(options, "forbidden_modules")),
            _is_true(options.get("allow_indirect_imports")), as_packages,
        )  # fmt: skip
    if kind == "independence":
        return Independence(tuple(_ask(options, "modules")))
    if kind == "protected":
        return Protected(
            tuple(_ask(options, "protected_modules")), tuple(_list(options, "allowed_importers")), as_packages
        )
    if kind == "acyclic_siblings":
        depth = str(options.get("depth", "10"))
        if not depth.isdecimal():
            raise ContractError(f"its depth {depth!r} is no number")
        return AcyclicSiblings(tuple(_ask(options, "ancestors")), int(depth), tuple(_list(options, "skip_descendants")))
    raise ContractError(f"contracts of the type {kind!r} are not read" if kind else "it has no type")


def _ask(options: Options, key: str) -> list[str]:
    found = _list(options, key)
    if not found:
        raise ContractError(f"it has no {key}")
    return found


def _list(options: Options, key: str) -> list[str]:
    """Return a value as a list of texts without comments and empty lines; a single text is a list of one."""
    value = options.get(key, [])
    texts = value if isinstance(value, list) else [value]
    return [text for text in (str(each).strip() for each in texts) if text]


def _is_true(value: object) -> bool:
    return str(value).casefold() == "true"
