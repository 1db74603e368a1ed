"""Control targets: packages that replace the subject of a test, with a known correct result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from analysis.verify.subject import TestedName

Expected = Literal["pass", "fail", "either"]
Defect = Literal["circular", "identity"]
DEFECTS: tuple[Defect, ...] = ("circular", "identity")
STANDARD, MISSING, CLEAN = "standard library", "no such module", "clean package"
#: All controls have the same name, so that messages of a test can be compared literally.
PACKAGE = "ssot_control"
ONE_OBJECT, WITH_INSTANCE = "one object, several paths", "one object, and its instance"
CIRCLE, QUIET_CIRCLE, TWO_OBJECTS = "failing cycle", "harmless cycle", "two objects, one name"


@dataclass(frozen=True, slots=True)
class Control:
    """One control: the result of a sound test, its files, and the replacement of each subject."""

    name: str
    expected: Expected
    names: Mapping[TestedName, TestedName]
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Cast:
    """The modules that replace the subjects, and the names that each must have."""

    subjects: tuple[TestedName, ...]
    parts: Mapping[str, str]
    attributes: Mapping[str, tuple[str, ...]]

    def name(self) -> dict[TestedName, TestedName]:
        return {one: TestedName(f"{PACKAGE}.{self.parts[one.module]}", one.attribute) for one in self.subjects}


def build_controls(subjects: Sequence[TestedName], wanted: Sequence[str], defect: Defect) -> list[Control]:
    """Return the controls for a defect; none with the defect if it cannot be planted.

    ``wanted`` are names that the test looks up in its modules.
    """
    cast = _cast(subjects, wanted)
    missing = Control(MISSING, "either", cast.name())
    standard = Control(STANDARD, "pass", {one: _stand_in(one) for one in cast.subjects})
    if defect == "circular":
        return [standard, missing, _build_clean(cast, CLEAN), *_build_circles(cast)]
    return [standard, missing, *_build_identities(cast)]


def _cast(subjects: Sequence[TestedName], wanted: Sequence[str]) -> _Cast:
    ordered = tuple(sorted(set(subjects)))
    modules = sorted({one.module for one in ordered})
    named: dict[str, set[str]] = {module: set(wanted) for module in modules}
    for one in ordered:
        if one.attribute not in {"", "*"}:
            named[one.module].add(one.attribute)
    parts = {module: f"part_{number}" for number, module in enumerate(modules, 1)}
    return _Cast(ordered, parts, {module: tuple(sorted(names)) for module, names in named.items()})


def _stand_in(subject: TestedName) -> TestedName:
    return TestedName("json", "JSONDecoder" if subject.attribute not in {"", "*"} else subject.attribute)


def _write_class(name: str) -> str:
    return f'class {name}:\n    """A class of a control target."""\n'


def _build_clean(cast: _Cast, name: str) -> Control:
    """Return a package without a cycle, in which each name is the same object in every module."""
    files = {f"{PACKAGE}/__init__.py": "", f"{PACKAGE}/origin.py": _write_origin(cast)}
    for module, part in cast.parts.items():
        files[f"{PACKAGE}/{part}.py"] = _take_names(cast, module)
    return Control(name, "pass", cast.name(), files)


def _write_origin(cast: _Cast) -> str:
    return "\n\n".join(_write_class(home) for home in sorted(set(_find_homes(cast).values())))


def _take_names(cast: _Cast, module: str) -> str:
    """Return the imports that give a module its names, each from its single definition."""
    homes = _find_homes(cast)
    return "".join(f"from {PACKAGE}.origin import {homes[one]} as {one}\n" for one in cast.attributes[module])


def _find_homes(cast: _Cast) -> dict[str, str]:
    """Return the class of each name: its own, or one for all if no two modules share a name."""
    counts = Counter(name for names in cast.attributes.values() for name in names)
    classes = sorted(name for name in counts if name[:1].isupper())
    if counts and max(counts.values()) == 1:
        return dict.fromkeys(counts, classes[0] if classes else "Single")
    lone = classes[0] if len(classes) == 1 else ""
    return {name: name if name[:1].isupper() or not lone else lone for name in counts}


def _build_circles(cast: _Cast) -> list[Control]:
    """Return a package in which every module fails when imported first, and one with a harmless cycle."""
    return [
        _build_circle(cast, CIRCLE, "fail", "from {0}.{1} import Mark_{1}"),
        _build_circle(cast, QUIET_CIRCLE, "either", "import {0}.{1}"),
    ]


def _build_circle(cast: _Cast, name: str, expected: Expected, statement: str) -> Control:
    """Let the first two modules import each other, and all others the first; a single one gets a partner.

    The cycle is the only defect: names of several modules are one object, as in the clean package.
    """
    parts = list(cast.parts.values())
    partner = parts[1] if len(parts) > 1 else "partner"
    taken = {part: _take_names(cast, module) for module, part in cast.parts.items()}
    files = {f"{PACKAGE}/__init__.py": "", f"{PACKAGE}/origin.py": _write_origin(cast)}
    for part in {**dict.fromkeys(parts), partner: None}:
        leads_to = partner if part == parts[0] else parts[0]
        circle = f"{statement.format(PACKAGE, leads_to)}\n"
        files[f"{PACKAGE}/{part}.py"] = f"{circle}{taken.get(part, '')}\n\n{_write_class(f'Mark_{part}')}"
    return Control(name, expected, cast.name(), files)


def _build_identities(cast: _Cast) -> list[Control]:
    """Return one object with several paths, the same with an instance, and one name for two objects."""
    healthy = _build_clean(cast, ONE_OBJECT)
    counts = Counter(name for names in cast.attributes.values() for name in names)
    if sum(counts.values()) < 2:
        return [healthy]
    controls = [healthy]
    homes = _find_homes(cast)
    instances = [name for name in counts if not name[:1].isupper() and homes[name] != name]
    if instances:
        controls.append(_add_instances(cast, homes, set(instances)))
    files = {f"{PACKAGE}/__init__.py": ""}
    for module, part in cast.parts.items():
        body = [f"{_write_class(homes[one])}\n\n{_alias(one, homes[one])}" for one in cast.attributes[module]]
        files[f"{PACKAGE}/{part}.py"] = "\n".join(body)
    return [*controls, Control(TWO_OBJECTS, "fail", cast.name(), files)]


def _alias(name: str, home: str) -> str:
    return "" if name == home else f"{name} = {home}\n"


def _add_instances(cast: _Cast, homes: Mapping[str, str], instances: set[str]) -> Control:
    made = "".join(f"{name} = {homes[name]}()\n" for name in sorted(instances))
    files = {f"{PACKAGE}/__init__.py": "", f"{PACKAGE}/origin.py": f"{_write_origin(cast)}\n\n{made}"}
    for module, part in cast.parts.items():
        taken = [(one, one if one in instances else homes[one]) for one in cast.attributes[module]]
        files[f"{PACKAGE}/{part}.py"] = "".join(
            f"from {PACKAGE}.origin import {made} as {one}\n" for one, made in taken
        )
    return Control(WITH_INSTANCE, "pass", cast.name(), files)
