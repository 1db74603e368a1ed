"""What a team has decided: ``ssot.toml`` as frozen models. Every section and every key may be left out."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from analysis.errors import PolicyError

FILE_NAME = "ssot.toml"
Severity = Literal["P0", "P1", "P2", "P3"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(_Section):
    """What is analysed, and where its source can be looked at."""

    name: str = Field("", description="name in reports; default: the folder's name")
    roots: tuple[str, ...] = Field(
        (), description="folders that are on sys.path, relative; default: found by the imports"
    )
    packages: tuple[str, ...] = Field((), description="packages that findings are about; default: all")
    exclude: tuple[str, ...] = Field((), description="glob patterns of paths or folder names to leave out")
    python: str = Field("", description="interpreter for runtime checks; default: the target's own .venv")
    source_url: str = Field("", description="link to a line, with {revision}, {path} and {line}")

    @field_validator("source_url")
    @classmethod
    def _check_source_url(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("a link starts with https:// or http://")
        unknown = set(re.findall(r"\{(.*?)\}", value)) - {"revision", "path", "line"}
        if unknown:
            raise ValueError(f"a link has {{revision}}, {{path}} and {{line}}, not {{{min(unknown)}}}")
        return value


class Concept(_Section):
    """A family of classes of which there should be one, or at most some."""

    name: str = Field(description="name in reports")
    match: tuple[str, ...] = Field(description="class-name patterns, as in *Registry")
    within: str = Field("", description="only classes of this package")
    max_classes: int = Field(1, ge=0, description="how many implementations there may be; 0: no limit")
    canonical: str = Field(
        "", description="the one definition, as pkg.mod:Name; or, as pkg.mod.Name, the one path to import it by"
    )
    allow: tuple[str, ...] = Field((), description="names or definitions that do not count")
    severity: Severity = Field("P0", description="how grave it is when there are more")


class Factory(_Section):
    """What a factory must offer, and what it must not do."""

    match: tuple[str, ...] = Field(description="class-name patterns, as in *Factory")
    require_methods: tuple[str, ...] = Field((), description="methods that each must have")
    forbid_singleton: bool = Field(False, description="whether one shared object is forbidden")
    user_scope: tuple[str, ...] = Field((), description="parameter names that isolate users")


class Redirect(_Section):
    """Paths that must all yield one object."""

    paths: tuple[str, ...] = Field(description="import paths, as pkg.mod.Name")
    canonical: str = Field("", description="the path that should be used")
    marker: str = Field("", description="text that the redirecting module must carry")


class GoldenPath(_Section):
    """The test command whose success rate matters most."""

    command: str = Field("", description="command to run")
    runs: int = Field(0, ge=0, description="how often")
    junit: tuple[str, ...] = Field((), description="glob patterns of JUnit XML files")
    target: float = Field(0.999, gt=0, lt=1, description="success rate that is needed")
    confidence: float = Field(0.95, gt=0, lt=1, description="confidence of the verdict")


class Business(_Section):
    """What is at stake."""

    currency: str = Field("", description="as in USD")
    revenue_at_risk: float | None = Field(None, ge=0, description="per year")
    notes: dict[Severity, str] = Field(default_factory=dict, description="what a severity means to the business")


class Compliance(_Section):
    """When a target passes."""

    threshold: float = Field(95.0, ge=0, le=100, description="score that is needed")
    weights: dict[str, float] = Field(default_factory=dict, description="points per rule")


class Claim(_Section):
    """A number that somebody stated before."""

    metric: str = Field(description="name of the metric")
    value: float | str = Field(description="what was stated")
    source: str = Field("", description="where")


class Owner(_Section):
    """Who mends what."""

    pattern: str = Field(description="glob pattern of paths or module names")
    owner: str = Field(description="person or team")


class Policy(_Section):
    """Everything a team has decided."""

    target: Target = Field(default_factory=Target)
    concept: tuple[Concept, ...] = ()
    factory: tuple[Factory, ...] = ()
    redirect: tuple[Redirect, ...] = ()
    golden_path: GoldenPath = Field(default_factory=GoldenPath)
    business: Business = Field(default_factory=Business)
    compliance: Compliance = Field(default_factory=Compliance)
    claim: tuple[Claim, ...] = ()
    owner: tuple[Owner, ...] = ()


def read_policy(path: Path | None, *, target: Path | None = None) -> Policy:
    """Return the policy of a file, else of ``ssot.toml`` in the target, else one without any decision.

    Raises ``PolicyError`` with one line that says file, line, what is wrong and what is known.
    """
    if path is None:
        own = target / FILE_NAME if target is not None else None
        if own is None or not own.is_file():
            return Policy()
        path = own
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise PolicyError(f"cannot read the policy {path}: {reason}", remedy="Name a TOML file with --policy") from None
    return parse_policy(text, name=str(path))


def parse_policy(text: str, *, name: str = FILE_NAME) -> Policy:
    """Return the policy that a TOML text describes; ``name`` is what errors call it."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{name}: {error}", remedy="See docs/policy.md") from None
    try:
        return Policy.model_validate(document)
    except ValidationError as error:
        raise _explain(error, text, name) from None


def _explain(error: ValidationError, text: str, name: str) -> PolicyError:
    first = error.errors()[0]
    place = first["loc"]
    key = str(next((part for part in reversed(place) if isinstance(part, str)), ""))
    line = _find_line(text, place)
    where = f"{name}:{line}" if line else name
    section = ".".join(str(part) for part in place[:-1] if isinstance(part, str))
    if first["type"] == "extra_forbidden":
        known = _find_keys(place[:-1])
        near = get_close_matches(key, known, n=1, cutoff=0.5)
        within = f"[{section}]" if section else "a policy"
        remedy = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}"
        return PolicyError(f"{where}: {within} has no key {key!r}", remedy=remedy)
    if first["type"] == "missing":
        return PolicyError(f"{where}: [[{section}]] needs the key {key!r}", remedy="See docs/policy.md")
    message = first["msg"].removeprefix("Value error, ").replace("tuple", "list in brackets")
    return PolicyError(f"{where}: {key}: {message}", remedy="See docs/policy.md")


def _find_keys(place: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the section at a place knows."""
    model: Any = Policy
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            kind = model.model_fields[part].annotation
            model = next((inner for inner in get_args(kind) if isinstance(inner, type)), kind)
    return sorted(model.model_fields) if hasattr(model, "model_fields") else []


def _find_line(text: str, place: tuple[int | str, ...]) -> int:
    """Return the line of a key: after the header of its section, or that header itself; 0 when not found."""
    section = str(place[0]) if place else ""
    number = next((part for part in place if isinstance(part, int)), 0)
    key = str(place[-1]) if isinstance(place[-1], str) and len(place) > 1 else ""
    header = re.compile(rf"\s*\[\[?\s*{re.escape(section)}\s*\]")
    seen, start = -1, 0
    for line, content in enumerate(text.splitlines(), 1):
        if header.match(content):
            seen += 1
            if seen == number:
                start = line
        elif (start or not key) and re.match(rf"\s*\"?{re.escape(key or section)}\"?\s*[=.]", content):
            return line
    return start
