"""The consumers of the bundled case: who takes which class from where, and what the source of that looks like.

Loaded by ``build.py`` from its path, so nothing here needs to be importable by name.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from string import Template
from typing import Any, NamedTuple


class Choices(NamedTuple):
    """Draws that depend on a key and nothing else: not on the Python version, the machine or the order of calls."""

    key: str

    def number(self, what: str, limit: int) -> int:
        """Return a number from 0 to below a limit."""
        return int.from_bytes(hashlib.sha256(f"{self.key}:{what}".encode()).digest()[:8], "big") % limit

    def rank(self, what: str, items: list[Any]) -> list[Any]:
        """Return the items in another order."""
        order = sorted(range(len(items)), key=lambda index: self.number(f"{what}:{index}", 2**60))
        return [items[index] for index in order]


class Taken(NamedTuple):
    """One class taken by one statement: its key in the parts, the name it is bound to, and where."""

    key: str
    name: str
    module: str
    bound: str
    scope: str


def build_consumers(path: Path, *, mended: bool) -> dict[str, str]:
    """Return the source of every consumer by its path, made of the parts in ``consumers.toml``."""
    parts = tomllib.loads(path.read_text("utf-8"))
    jobs = [(kind, domain, role) for kind in parts["kind"] for domain in parts["domains"] for role in kind["roles"]]
    violating = [index for index, (kind, _, _) in enumerate(jobs) if not kind.get("is_clean")]
    twice = set(Choices("who takes two").rank("files", violating)[: parts["files_with_two"]])
    sources: dict[str, str] = {}
    for index, (kind, domain, role) in enumerate(jobs):
        values = fill_values(domain, role)
        name = Template(f"{kind['folder']}/{kind['file']}").substitute(values)
        detours = 0 if kind.get("is_clean") else 2 if index in twice else 1
        taken = choose_imports(parts, kind, Choices(name), detours)
        if mended:
            taken = [mend(parts, one) for one in taken]
        sources[name] = render(parts, kind, values, Choices(name), taken, mended=mended)
    return sources


def fill_values(domain: str, role: str) -> dict[str, str]:
    """Return what the placeholders of a consumer stand for."""
    chance = Choices(f"{domain} {role}")
    return {
        "domain": domain, "Domain": domain.capitalize(), "role": role,
        "Role": "".join(word.capitalize() for word in role.split("_")), "code": domain[:3].upper(),
        "number": str(11 + chance.number("number", 980)), "digit": str(2 + chance.number("digit", 8)),
        "mark": ",;|/+"[chance.number("mark", 5)],
    }  # fmt: skip


def choose_imports(parts: dict[str, Any], kind: dict[str, Any], chance: Choices, detours: int) -> list[Taken]:
    """Return what a consumer takes: by so many statements from elsewhere, and perhaps one class from its home."""
    wanted = chance.rank("detours", parts["detour"])
    direct = chance.rank("direct", parts["direct"])[: 1 if not detours or chance.number("direct", 10) < 4 else 0]
    taken: list[Taken] = []
    statements = 0
    for way in [*wanted, *direct]:
        is_direct = way in direct
        is_known = any(one.name in way["names"] or (one.module == way["module"] and not is_direct) for one in taken)
        if is_known or (statements == detours and not is_direct):
            continue
        taken.extend(take(parts, kind, chance, way))
        statements += not is_direct
    return taken


def take(parts: dict[str, Any], kind: dict[str, Any], chance: Choices, way: dict[str, Any]) -> list[Taken]:
    """Return the classes that one statement takes, where it stands and the names it binds."""
    key = f"{way['module']}:{way['names']}"
    scopes = ["type_checking", *(["class"] if kind["is_class"] else [])]
    if len(way["names"]) == 1:
        scopes += ["function"] * 2  # one name only: each function that uses a class has a statement of its own
    if not way.get("is_hidden"):
        scopes += ["module"] * 5
    if kind["name"] == "agent" and "BaseAgent" in way["names"]:
        scopes = ["module"]  # it is what the class inherits from
    scope = scopes[chance.number(f"scope {key}", len(scopes))]
    is_aliased = len(way["names"]) == 1 and chance.number(f"alias {key}", 7) == 0
    is_supervised = way["module"].endswith("core.registry")
    found = []
    for name in way["names"]:
        part = "SupervisedAgentRegistry" if is_supervised and name == "AgentRegistry" else name
        bound = parts["class"][part]["alias"] if is_aliased else name
        found.append(Taken(part, name, way["module"], bound, scope))
    return found


def mend(parts: dict[str, Any], taken: Taken) -> Taken:
    """Return the same class, or what the mended case has instead, taken from its home."""
    part = parts["class"][taken.key]
    instead = part.get("mended", {})
    key = instead.get("like", taken.key)
    home = parts["class"][key] | (instead if "like" not in instead else {})
    name = home.get("name", key)
    is_aliased = taken.bound == part["alias"]
    return Taken(key, name, home["home"], home["alias"] if is_aliased else name, taken.scope)


# ---- the source of one consumer ----------------------------------------------------------------------------------


def render(
    parts: dict[str, Any], kind: dict[str, Any], values: dict[str, str], chance: Choices, taken: list[Taken],
    *, mended: bool,
) -> str:  # fmt: skip
    """Return a module: its imports where they stand, one class or some functions, and what they do."""
    top = [write_import(group, chance, kind, values) for group in group_statements(taken, "module")]
    typing = [write_import(group, chance, kind, values) for group in group_statements(taken, "type_checking")]
    base = ""
    if kind["name"] == "agent":
        base = next((one.bound for one in taken if one.key == "BaseAgent" and one.scope == "module"), "BaseAgent")
        if not any(one.name == "BaseAgent" and one.scope == "module" for one in taken):
            top.append("from netra_backend.app.agents.base_agent import BaseAgent")
    head = [
        f'"""{Template(kind["title"]).substitute(values).replace("_", " ")}"""',
        "",
        "from __future__ import annotations",
        "",
    ]
    if typing:
        head += ["from typing import TYPE_CHECKING", ""]
    head += [*sorted(top), *([""] if top else [])]
    if typing:
        head += ["if TYPE_CHECKING:", *(f"    {line}" for line in sorted(typing)), ""]
    functions = write_uses(parts, kind, values, chance, taken, mended=mended)
    functions += write_extras(parts, kind, values, chance)
    if not kind["is_class"]:
        return "\n".join(head) + "\n\n" + "\n\n\n".join(functions) + "\n"
    opening = write_class(parts, kind, values, chance, taken, base)
    body = "\n\n".join(indent(text) for text in functions)
    return "\n".join(head) + "\n" + opening + "\n\n" + body + "\n"


def group_statements(taken: list[Taken], scope: str) -> list[list[Taken]]:
    """Return the classes that stand at one scope, those of one module together."""
    groups: dict[tuple[str, bool], list[Taken]] = {}
    for one in taken:
        if one.scope == scope and one.bound not in {other.bound for group in groups.values() for other in group}:
            groups.setdefault((one.module, one.bound != one.name), []).append(one)
    return list(groups.values())


def write_import(group: list[Taken], chance: Choices, kind: dict[str, Any], values: dict[str, str]) -> str:
    """Return a statement; in packages of agents every fifth is relative."""
    module = group[0].module
    package = Template(kind["folder"]).substitute(values).replace("/", ".").split(".")
    if chance.number(f"relative {module}", 5) == 0 and module.startswith("netra_backend.app.agents."):
        parts = module.split(".")
        common = len([left for left, right in zip(package, parts, strict=False) if left == right])
        if common > 2:
            module = "." * (len(package) - common + 1) + ".".join(parts[common:])
    names = sorted({one.name if one.bound == one.name else f"{one.name} as {one.bound}" for one in group})
    return f"from {module} import {', '.join(names)}"


def write_class(
    parts: dict[str, Any], kind: dict[str, Any], values: dict[str, str], chance: Choices, taken: list[Taken], base: str
) -> str:
    """Return the opening of a class: name, docstring, imports of its body, attributes and constructor."""
    name = f"{values['Domain']}{values['Role']}{kind['name'].capitalize()}"
    role = values["role"].replace("_", " ")
    lines = [
        f"\nclass {name}{f'({base})' if base else ''}:",
        f'    """Does what {values["domain"]} needs of a {role}."""',
    ]
    inside = [write_import(group, chance, kind, values) for group in group_statements(taken, "class")]
    lines += ["", *(f"    {line}" for line in sorted(inside))] if inside else []
    if base:
        think = indent(Template(parts["think"]["body"]).substitute(values).strip("\n"))
        lines += ["", f'    name = "{values["domain"]}-{role}"', "", think]
    else:
        lines += [
            "",
            "    def __init__(self) -> None:",
            f"        self.{values['domain']}_{values['role']}: dict[str, int] = {{}}",
        ]
    return "\n".join(lines)


def write_uses(
    parts: dict[str, Any], kind: dict[str, Any], values: dict[str, str], chance: Choices, taken: list[Taken],
    *, mended: bool,
) -> list[str]:  # fmt: skip
    """Return a function for each class that is taken."""
    found: list[str] = []
    form = "check" if kind["name"] == "check" else "use"
    for one in taken:
        part = parts["class"][one.key]
        made = part.get("mended", part).get("made", part["made"]) if mended else part["made"]
        bound = f"self.{one.bound}" if one.scope == "class" else one.bound
        more = {
            "cls": bound, "me": "self" if kind["is_class"] else f'"{values["domain"]}"', "slug": part["alias"].lower(),
        }  # fmt: skip
        more["made"] = Template(made).substitute(values | more)
        text = parts["typed"][form] if one.scope == "type_checking" else part[form]
        text = place_self(text, kind).replace("    @import\n", write_inner(one, chance, kind, values))
        found.append(Template(text).substitute(values | more).strip("\n"))
    return list(dict.fromkeys(found))


def write_inner(one: Taken, chance: Choices, kind: dict[str, Any], values: dict[str, str]) -> str:
    """Return the import that stands inside a function, nothing when it stands elsewhere."""
    return f"    {write_import([one], chance, kind, values)}\n\n" if one.scope == "function" else ""


def write_extras(parts: dict[str, Any], kind: dict[str, Any], values: dict[str, str], chance: Choices) -> list[str]:
    """Return two to four functions that take nothing from anywhere."""
    pool = parts["extras"]["check" if kind["name"] == "check" else "method"]
    chosen = chance.rank("extras", pool)[: 2 + chance.number("extras", 3)]
    return [Template(place_self(text, kind)).substitute(values).strip("\n") for text in chosen]


def place_self(text: str, kind: dict[str, Any]) -> str:
    """Turn a template into a method or a function."""
    if kind["is_class"]:
        return text.replace("($self)", "(self)").replace("($self ", "(self, ")
    return text.replace("($self)", "()").replace("($self ", "(")


def indent(text: str) -> str:
    """Return a text four columns further right, empty lines left empty."""
    return "\n".join(f"    {line}" if line else line for line in text.split("\n"))
