"""The sections and keys of a policy, with types and limits."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import PurePosixPath
from typing import Annotated, Literal

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, field_validator

Severity = Literal["P0", "P1", "P2", "P3"]
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_SPACE = re.compile(r"\s")
_CLASS_PATTERN = re.compile(r"[\w*?\[\]!-]+")


def _refuse_empty(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _check_class_pattern(text: str) -> str:
    if not _CLASS_PATTERN.fullmatch(text):
        raise ValueError(f"{text!r} is not a pattern of class names, such as *Registry; a package goes into `within`")
    return text


def _check_dotted(text: str) -> str:
    if not _DOTTED.fullmatch(text):
        raise ValueError(f"{text!r} is not a dotted name, such as pkg.mod")
    return text


def _check_import_path(text: str) -> str:
    owner, colon, name = text.partition(":")
    is_path = bool(owner and name) and ":" not in name if colon else "." in text[1:-1]
    if not is_path or _SPACE.search(text):
        raise ValueError(f"{text!r} is not an import path, such as pkg.mod.Name or pkg.mod:Name")
    return text


def _check_folder(text: str) -> str:
    folder = PurePosixPath(text.replace("\\", "/"))
    if folder.is_absolute() or ".." in folder.parts:
        raise ValueError(f"{text!r} is not below the target")
    return "" if str(folder) == "." else str(folder)


def _check_versions(text: str) -> str:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        raise ValueError(f"{text!r} is not a version specifier, such as >=3.9,<3.13") from None
    return text


VersionSpecifier = Annotated[str, AfterValidator(_check_versions)]
Text = Annotated[str, AfterValidator(_refuse_empty)]
Texts = Annotated[tuple[Text, ...], Strict(strict=False)]
ClassPatterns = Annotated[
    tuple[Annotated[str, AfterValidator(_check_class_pattern)], ...], Strict(strict=False), Field(min_length=1)
]
DottedName = Annotated[str, AfterValidator(_check_dotted)]
ImportPath = Annotated[str, AfterValidator(_check_import_path)]
Folder = Annotated[str, AfterValidator(_check_folder)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class TargetPolicy(_Section):
    """What is analysed, and the address of its source."""

    name: str = Field("", description="name in reports and of the folder for its runs; default: the folder's name")
    roots: Annotated[tuple[Folder, ...], Strict(strict=False)] = Field(
        (), description="folders on sys.path, relative to the target; default: detected from the imports"
    )
    packages: Annotated[tuple[DottedName, ...], Strict(strict=False)] = Field(
        (), description="packages (or modules) to which findings, figures and score are limited; default: all"
    )
    exclude: Texts = Field((), description="glob patterns of paths or folder names to leave out")
    notebooks: bool = Field(True, description="whether the code cells of notebooks are read, as importers")
    siblings: bool = Field(
        True, description="whether code beside the target in its repository is read as context where it is imported"
    )
    requires_python: Literal[""] | VersionSpecifier = Field(
        "", description="supported versions of Python, as in >=3.9,<3.13; default: as in pyproject.toml"
    )
    platforms: Annotated[tuple[Text, ...], Strict(strict=False)] = Field(
        (), description="supported platforms, as in sys.platform; default: linux, darwin and win32"
    )
    python: str = Field("", description="interpreter for the probe, relative to the target; default: its own .venv")
    probe: bool = Field(
        False, description="whether to run the probe; counts only in a policy that is named with --policy"
    )
    pythonpath: Annotated[tuple[Folder, ...], Strict(strict=False)] = Field(
        (), description="further folders, relative to the target, from which the probe imports"
    )
    environment: dict[str, str] = Field(default_factory=dict, description="further environment variables of the probe")
    rules: Texts = Field(
        (), description="files with rules of one's own, relative to the policy; run only if it is named with --policy"
    )
    source_url: str = Field("", description="link to a line, with {revision}, {path} and {line}")

    @field_validator("source_url")
    @classmethod
    def _check_source_url(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("a link must start with https:// or http://")
        unknown = set(re.findall(r"\{([^{}]*)\}", value)) - {"revision", "path", "line"}
        if unknown:
            raise ValueError(f"a link may contain {{revision}}, {{path}} and {{line}}, not {{{min(unknown)}}}")
        return value


class ConceptPolicy(_Section):
    """A family of classes of which there should be one, or at most some."""

    name: Text = Field(description="name in reports")
    match: ClassPatterns = Field(description="class-name patterns, as in *Registry")
    within: Literal[""] | DottedName = Field("", description="only classes of this package")
    max_classes: int = Field(1, ge=0, description="largest number of implementations; 0: no limit")
    canonical: Literal[""] | ImportPath = Field(
        "", description="the single definition, as pkg.mod:Name; or the single import path, as pkg.mod.Name"
    )
    allow: Texts = Field((), description="names or definitions that do not count")
    severity: Severity = Field("P0", description="severity if there are more")


class Factory(_Section):
    """The requirements for factories."""

    match: ClassPatterns = Field(description="class-name patterns, as in *Factory")
    require_methods: Texts = Field((), description="methods that each must have")
    forbid_singleton: bool = Field(
        False, description="whether it must create an object for each call, and must not be a singleton itself"
    )
    user_scope: Texts = Field(
        (), description="parameter names that isolate users: each method that returns objects must have one"
    )


class Redirect(_Section):
    """Paths that must all yield one object."""

    paths: Annotated[tuple[ImportPath, ...], Strict(strict=False)] = Field(
        min_length=2, description="import paths, as pkg.mod.Name"
    )
    canonical: Literal[""] | ImportPath = Field("", description="the path that should be used")
    marker: str = Field("", description="text that the redirecting module must contain")


class GoldenPath(_Section):
    """The most important test: `ssot golden-path` measures its success rate."""

    command: str = Field("", description="command to run")
    runs: int = Field(0, ge=0, le=1_000_000, description="number of runs; 0: 100")
    junit: Texts = Field((), description="glob patterns of JUnit XML files")
    target: float = Field(0.999, gt=0, lt=1, description="required success rate")
    confidence: float = Field(0.95, gt=0, lt=1, description="confidence of the verdict")


class Business(_Section):
    """The business impact."""

    currency: str = Field("", description="as in USD")
    revenue_at_risk: float | None = Field(None, ge=0, description="per year")
    notes: dict[Severity, str] = Field(default_factory=dict, description="what a severity means for the business")


class Compliance(_Section):
    """When a target passes: see docs/score.md."""

    threshold: float = Field(95.0, ge=0, le=100, description="required score, 0 to 100")
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict, description="points for each place, by rule"
    )


class DebtPolicy(_Section):
    """The estimate of the work: see docs/debt.md."""

    minutes: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict, description="minutes for each place to touch, by rule; default: those of the rule"
    )


class PlanPolicy(_Section):
    """The capacity for the plan, from which its days and weeks follow: see docs/plan.md."""

    hours_per_week: float = Field(30.0, gt=0, le=168, description="hours that each person has for it in a week")
    people: int = Field(1, ge=1, le=100, description="people who work on it at the same time")


class SimulationPolicy(_Section):
    """The limits of the import simulation."""

    budget_seconds: float = Field(
        20.0,
        ge=0,
        description="time limit for all first imports, in seconds; the rest counts as not simulated unless cached",
    )


class Claim(_Section):
    """A previously reported figure to verify."""

    metric: Text = Field(description="name of the metric")
    value: float | str = Field(description="the reported value")
    source: str = Field("", description="where it was reported")
    tolerance: float = Field(0.0, ge=0, description="allowed difference from the measured value, as for 'about 60 %'")
    paths: Annotated[tuple[ImportPath, ...], Strict(strict=False)] = Field(
        (), description="its import paths or modules; default: all"
    )


class Owner(_Section):
    """The owner of code: each finding is shown with its owner. The last matching entry decides."""

    pattern: Text = Field(description="glob pattern of paths or module names; includes everything below them")
    owner: Text = Field(description="person or team")


class Ignore(_Section):
    """Findings that the team accepts, with a reason and an end date."""

    rule: Text = Field(description="name of the rule, or a pattern of names")
    subject: Text = Field("*", description="pattern of subjects or paths")
    fingerprint: str = Field("", description="only the finding with this fingerprint, as `ssot accept` writes it")
    reason: Text = Field(description="why it is accepted")
    until: Annotated[dt.date | None, Strict(strict=False)] = Field(
        None, description="last day of the exception, as 2027-01-31; default: no end"
    )


class _Contract(_Section):
    """What all contracts state: their name, and which imports count."""

    name: Text = Field(description="name in reports")
    severity: Severity = Field("P2", description="severity of an import that breaks it")
    ignore_imports: Texts = Field(
        (), description="imports that are allowed, as pkg.a -> pkg.b; * is one part of a name, ** one or more"
    )
    type_checking: bool = Field(True, description="whether imports for type checkers count")
    deferred: bool = Field(True, description="whether imports inside functions count")
    tests: bool = Field(False, description="whether imports in tests count")


class LayerContract(_Contract):
    """Layers: a module imports from lower layers only. See docs/contracts.md."""

    layers: Annotated[tuple[Text, ...], Strict(strict=False)] = Field(
        min_length=2,
        description="modules from the highest to the lowest; `a | b` may not import each other, `a : b` may, `(a)` may "
        "be missing",
    )
    containers: Texts = Field((), description="packages to whose children the names are relative; default: full names")
    exhaustive: bool = Field(False, description="whether every child of the containers must be in a layer")
    exhaustive_ignores: Texts = Field((), description="children that need not be in a layer")


class ForbiddenContract(_Contract):
    """Imports that are not allowed."""

    source_modules: Texts = Field(min_length=1, description="modules that may not import, with all below them")
    forbidden_modules: Texts = Field(
        min_length=1, description="what they may not import: modules, or packages outside of the target"
    )
    allow_indirect_imports: bool = Field(False, description="whether they may import modules that import it")


class IndependentContract(_Contract):
    """Modules that do not import each other, not even through others."""

    modules: Annotated[tuple[Text, ...], Strict(strict=False)] = Field(
        min_length=2, description="the modules, with all below them"
    )


class InterfaceContract(_Contract):
    """The names that may be taken from a package by all outside of it."""

    package: DottedName = Field(description="the package")
    names: Texts = Field((), description="names, relative to the package, with all below them")
    type_hints_only: bool = Field(False, description="whether the package may be imported for type hints only")


Concepts = Annotated[tuple[ConceptPolicy, ...], Strict(strict=False)]


class Policy(_Section):
    """All decisions of a team."""

    target: TargetPolicy = Field(default_factory=TargetPolicy)
    concept: Concepts = ()
    factory: Annotated[tuple[Factory, ...], Strict(strict=False)] = ()
    redirect: Annotated[tuple[Redirect, ...], Strict(strict=False)] = ()
    layer: Annotated[tuple[LayerContract, ...], Strict(strict=False)] = ()
    forbidden: Annotated[tuple[ForbiddenContract, ...], Strict(strict=False)] = ()
    independent: Annotated[tuple[IndependentContract, ...], Strict(strict=False)] = ()
    interface: Annotated[tuple[InterfaceContract, ...], Strict(strict=False)] = ()
    golden_path: GoldenPath = Field(default_factory=GoldenPath)
    business: Business = Field(default_factory=Business)
    compliance: Compliance = Field(default_factory=Compliance)
    debt: DebtPolicy = Field(default_factory=DebtPolicy)
    plan: PlanPolicy = Field(default_factory=PlanPolicy)
    simulation: SimulationPolicy = Field(default_factory=SimulationPolicy)
    claim: Annotated[tuple[Claim, ...], Strict(strict=False)] = ()
    owner: Annotated[tuple[Owner, ...], Strict(strict=False)] = ()
    ignore: Annotated[tuple[Ignore, ...], Strict(strict=False)] = ()

    @field_validator("concept")
    @classmethod
    def _check_names(cls, concepts: tuple[ConceptPolicy, ...]) -> tuple[ConceptPolicy, ...]:
        """Metrics and findings contain the name of their concept, so names must be unique."""
        seen: set[str] = set()
        for concept in concepts:
            if concept.name in seen:
                raise ValueError(f"two concepts have the name {concept.name!r}")
            seen.add(concept.name)
        return concepts
