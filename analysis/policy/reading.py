"""Read a policy, or say in one line what is wrong with it, and where."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from analysis.errors import PolicyError
from analysis.former_names import FORMER, FormerNames, translate_policy
from analysis.policy.models import Policy
from analysis.policy.places import Path as Path_
from analysis.policy.places import Place, TomlEntry, find_entries

FILE_NAME = "ssot.toml"
_SEE = "See docs/policy.md"
#: A larger file is no policy; the largest number that a table can hold.
_MOST_BYTES, _LARGEST_NUMBER = 16_000_000, 2**63 - 1
#: So many mistakes of one policy are named.
_MOST_MISTAKES = 5
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_policy(path: Path | None, *, target: Path | None = None) -> Policy:
    """Return the policy of a file, else of ``ssot.toml`` in the target, else one without any decision.

    Raises ``PolicyError`` with one line that says file, line, what is wrong and what is known.
    """
    if path is None:
        own = target / FILE_NAME if target is not None else None
        if own is None or not (own.exists() or own.is_symlink()):
            return Policy()
        path = own
    if not path.is_file():  # a folder, a pipe, a link to nowhere: going on without it would judge by other rules
        is_there = path.exists() or path.is_symlink()
        reason = "it is a directory" if path.is_dir() else "it is no regular file" if is_there else "no such file"
        raise PolicyError(f"cannot read the policy {path}: {reason}", remedy="Name a TOML file with --policy")
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise PolicyError(f"the policy {path} is larger than {_MOST_BYTES:,} bytes", remedy=_SEE)
        return decode_policy(path.read_bytes(), str(path))
    except OSError as error:
        what = f"cannot read the policy {path}: {error.strerror}"
        raise PolicyError(what, remedy="Name a TOML file with --policy") from None


def decode_policy(content: bytes, name: str) -> Policy:
    """Return the policy of a file with that content; ``name`` is what errors call it."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        what = f"cannot read the policy {name}: it is not UTF-8 text"
        raise PolicyError(what, remedy="Name a TOML file with --policy") from None
    return parse_policy(text, name=name)


def parse_policy(text: str, *, name: str = FILE_NAME, former: FormerNames = FORMER) -> Policy:
    """Return the policy that a TOML text describes; ``name`` is what errors call it, ``former`` what was renamed."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _explain_syntax(error, text, name) from None
    except ValueError:  # the parser leaves it to int(), which takes so many digits only
        raise _explain_number(text, name) from None
    except RecursionError:
        raise PolicyError(f"{name}: nested too deeply", remedy=_SEE) from None
    _refuse_long_numbers(document, text, name)
    try:
        return Policy.model_validate(translate_policy(document, former))
    except ValidationError as error:
        raise _explain(error, text, name) from None
    except ValueError as error:
        raise PolicyError(f"{name}: {error}", remedy=_SEE) from None


def _explain_syntax(error: Exception, text: str, name: str) -> PolicyError:
    """Say what the parser says, with the place in front as editors know it."""
    message = " ".join(str(error).split())
    found = _PLACE.search(message)
    lines = text.split("\n")
    line, column = (int(found[1]), int(found[2])) if found and found[1] else (len(lines), len(lines[-1]) + 1)
    return PolicyError(f"{name}:{line}:{column}: {_PLACE.sub('', message)}", remedy=_SEE)


def _refuse_long_numbers(document: Mapping[str, Any], text: str, name: str) -> None:
    """Raise ``PolicyError`` for a number that no table can hold; hexadecimal ones are not caught by the parser."""
    waiting: list[tuple[Path_, Any]] = [((), document)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [((*place, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [((*place, number), inner) for number, inner in enumerate(value)]
        elif isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
            line, column = _find_place(find_entries(text), place, is_key=False)
            raise PolicyError(f"{name}:{line}:{column}: a number has more than 63 bits", remedy=_SEE)


def _explain_number(text: str, name: str) -> PolicyError:
    """Say where the number stands that has more digits than Python reads (``sys.set_int_max_str_digits``)."""
    most = sys.get_int_max_str_digits()
    numbers = re.compile(rf"[+-]?\d[\d_]{{{most},}}")
    offsets = (entry.value for entry in find_entries(text).values())
    lines = text.split("\n")
    places = [place for place in sorted(offsets) if numbers.match(lines[place[0] - 1], place[1] - 1)]
    line, column = places[0] if places else (1, 1)
    return PolicyError(f"{name}:{line}:{column}: a number has more than {most:,} digits", remedy=_SEE)


def _explain(error: ValidationError, text: str, name: str) -> PolicyError:
    """Say what is wrong at every place, in the order of the file."""
    entries = find_entries(text)
    by_place: dict[Path_, list[Mapping[str, Any]]] = {}
    for each in error.errors(include_url=False):
        by_place.setdefault(_drop_choices(each["loc"], entries), []).append(each)
    found: list[tuple[Place, int, PolicyError]] = []
    for place, errors in by_place.items():
        where = _find_place(entries, place, is_key=_is_about_key(errors[0]))
        found.append((where, len(found), _explain_place(place, errors, f"{name}:{where[0]}:{where[1]}")))
    mistakes = [mistake for *_, mistake in sorted(found)]
    if len(mistakes) == 1:
        return mistakes[0]
    parts = [f"{each.what}{_put_in_brackets(each.remedy)}" for each in mistakes[:_MOST_MISTAKES]]
    more = [f"{len(mistakes) - len(parts)} more"] if len(mistakes) > len(parts) else []
    return PolicyError("; ".join([*parts, *more]), remedy=_SEE)


def _put_in_brackets(remedy: str) -> str:
    return "" if remedy == _SEE else f" ({remedy[:1].lower()}{remedy[1:]})"


def _explain_place(place: Path_, errors: Sequence[Mapping[str, Any]], where: str) -> PolicyError:
    """Say what is wrong at one place: of the types that a value may have, the one that says most counts."""
    first = errors[0]
    if first["type"] == "literal_error":
        first = next((each for each in errors if each["type"] == "value_error"), first)
    key = str(next((part for part in reversed(place) if isinstance(part, str)), ""))
    section = ".".join(str(part) for part in place[:-1] if isinstance(part, str))
    if first["type"] == "extra_forbidden":
        known = _find_keys(place[:-1])
        near = get_close_matches(key, known, n=1, cutoff=0.5)
        within = f"[{section}]" if section else "a policy"
        remedy = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}"
        return PolicyError(f"{where}: {within} has no key {_quote(key)}", remedy=remedy)
    if first["type"] == "missing":
        return PolicyError(f"{where}: [[{section}]] needs the key {key!r}", remedy=_SEE)
    message = first["msg"].removeprefix("Value error, ").replace("valid tuple", "valid list in brackets")
    if first["type"] == "model_type":
        message = f"is a section, to be written as [{key}]"
    elif first["type"] == "tuple_type" and len(place) == 1:
        message = f"is a list of sections, to be written as [[{key}]]"
    return PolicyError(f"{where}: {_quote(key)[1:-1]}: {_quote(message)[1:-1]}", remedy=_SEE)


def _is_about_key(error: Mapping[str, Any]) -> bool:
    return error["type"] in {"extra_forbidden", "missing"} or error["loc"][-1:] == ("[key]",)


def _find_place(entries: Mapping[Path_, TomlEntry], place: Path_, *, is_key: bool) -> Place:
    """Return where the key or value at a place stands, else the section that should have it; 1, 1 when neither."""
    for length in range(len(place), 0, -1):
        entry = entries.get(place[:length])
        if entry is not None:
            return entry.key if is_key or length < len(place) else entry.value
    return 1, 1


def _drop_choices(loc: Path_, entries: Mapping[Path_, TomlEntry]) -> Path_:
    """Return the way to a key without the types that its value may have, which are no part of the document."""
    place: Path_ = ()
    for part in loc:
        is_choice = isinstance(part, str) and ("[" in part or part in {"float", "str", "literal", "constrained-str"})
        if (*place, part) in entries or not is_choice:
            place = (*place, part)
    return place


def find_place(path: Path | None, place: Path_) -> str:
    """Return ``file:line:column: `` of a key in a policy's file; empty when the policy comes from no file."""
    try:
        entry = find_entries(path.read_text("utf-8-sig")).get(place) if path is not None else None
    except (OSError, ValueError):
        entry = None
    return f"{path}:{entry.key[0]}:{entry.key[1]}: " if entry is not None else ""


def _quote(text: str) -> str:
    """Return text as one line in quotes, cut at 120 characters."""
    return repr(text if len(text) <= 120 else text[:119] + "…")


def _find_keys(place: Iterable[int | str]) -> list[str]:
    """Return the keys that the section at a place knows."""
    model: Any = Policy
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            kind = model.model_fields[part].annotation
            model = next((inner for inner in get_args(kind) if isinstance(inner, type)), kind)
    return sorted(model.model_fields) if hasattr(model, "model_fields") else []
