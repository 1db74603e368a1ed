"""Builds the bundled case: the hand-written core, and the many files that use it.

    python data/cases/agent_platform/build.py [DESTINATION]

Needs the standard library only. The same sources always give the same bytes; a tree that was built from the
same sources is left as it is, and another one is replaced only when the new one is complete.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORE = HERE / "core"
POLICY = HERE / "ssot.toml"
STAMP = ".case-stamp"

DOMAINS = (
    "account", "audit", "billing", "campaign", "catalog", "churn", "compliance", "contract", "credit", "delivery",
    "fraud", "inventory", "marketing", "onboarding", "payment", "pricing", "refund", "support", "tax",
)  # fmt: skip
#: Role, folder and suffix of the consumers: every domain has every role.
ROLES = (
    *((role, "netra_backend/app/agents/domains/{domain}", "agent")
      for role in ("planner", "analyst", "reviewer", "writer", "monitor", "triage")),
    *((role, "netra_backend/app/handlers/{domain}", "handler") for role in ("request", "event", "retry", "timeout")),
    *((role, "netra_backend/app/services/{domain}", "service") for role in ("summary", "export", "search", "sync")),
    *((role, "netra_backend/tests/agents/{domain}", "check") for role in ("smoke", "load", "replay", "isolation")),
)  # fmt: skip
#: Consumers that take two classes by a path that is not theirs; all others take one: 342 + 146 = 488.
TWICE = 146
#: Consumers that do it right, so that nobody can take every consumer for a violation.
CLEAN = 38

A = "netra_backend.app.agents"
#: Module, names, and whether only functions and type checkers may take them (the four paths of the engine stay four).
DETOURS = (
    (f"{A}.registry_compat", ("AgentRegistry",), False),
    (f"{A}.registry_compat", ("AgentRegistry", "AgentRegistryFactory"), False),
    (f"{A}.supervisor.class_lookup", ("AgentClassRegistry",), False),
    ("netra_backend.app.core.registry", ("ExecutionRegistry",), False),
    ("netra_backend.app.core.registry", ("UniversalRegistry", "ExecutionRegistry"), False),
    (f"{A}.base_agent", ("AgentRegistry",), False),
    (f"{A}.base_agent", ("BaseAgent", "ExecutionRegistry"), False),
    (f"{A}.base_agent", ("WebSocketNotifier",), False),
    (f"{A}.tool_dispatcher", ("AgentClassRegistry",), False),
    ("netra_backend.app.services.agent_service", ("ToolDispatcher",), False),
    ("netra_backend.app.websocket_core.manager", ("WebSocketNotifier",), False),
    (f"{A}.supervisor.execution_engine", ("UserExecutionEngine",), True),
    (f"{A}.execution_engine_consolidated", ("UserExecutionEngine",), True),
)
DIRECT = (
    (f"{A}.base_agent", ("BaseAgent",)),
    (f"{A}.execution_tracking.registry", ("ExecutionRegistry",)),
    (f"{A}.supervisor.agent_class_registry", ("AgentClassRegistry",)),
    (f"{A}.supervisor", ("UserExecutionEngine",)),
    (f"{A}.tool_dispatcher", ("ToolDispatcher",)),
)

METHODS = (
    '    def describe(self) -> str:\n        """Say what this is for."""\n        return "{domain} {role}"\n',
    '    def accepts(self, request: str) -> bool:\n        """Say whether a request is ours."""\n'
    '        return "{domain}" in request.lower() and len(request) < {number}\n',
    '    def split(self, text: str) -> list[str]:\n        """Return the parts of a request."""\n'
    '        return [part.strip() for part in text.split("{mark}") if part.strip()]\n',
    '    def score(self, values: list[float]) -> float:\n        """Return a mean that large values do not rule."""\n'
    "        kept = sorted(values)[: {number}]\n        return sum(kept) / len(kept) if kept else 0.0\n",
    '    def remember(self, key: str, value: object) -> None:\n        """Keep a value until the end of the run."""\n'
    "        self.notes[key] = value\n        if len(self.notes) > {number}:\n            self.notes.pop(next(iter(self.notes)))\n",
    '    def retry_after(self, attempt: int) -> float:\n        """Return the seconds to wait before the next attempt."""\n'
    "        return min({number}.0, 0.{digit} * 2**attempt)\n",
    '    def label(self, identifier: int) -> str:\n        """Return the label that users see."""\n'
    '        return f"{code}-{{identifier:0{digit}d}}"\n',
    '    def merge(self, left: dict[str, int], right: dict[str, int]) -> dict[str, int]:\n        """Add two counts."""\n'
    "        keys = left.keys() | right.keys()\n"
    "        return {{key: left.get(key, 0) + right.get(key, 0) for key in sorted(keys)}}\n",
    '    def is_due(self, age_seconds: float) -> bool:\n        """Say whether it is time again."""\n'
    "        return age_seconds > {number} * {digit}\n",
    '    def redact(self, text: str) -> str:\n        """Hide what must not leave the house."""\n'
    '        words = ("*" * len(word) if word.isdigit() else word for word in text.split())\n        return " ".join(words)\n',
)


def build(destination: Path) -> Path:
    """Build the case and return its folder; at once when it is there and was built from the same sources."""
    destination = Path(destination)
    stamp = hash_sources()
    mark = destination / STAMP
    if mark.is_file() and mark.read_text("ascii") == stamp:
        return destination
    destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".building-", dir=destination.parent))
    try:
        tree = temporary / "new"
        shutil.copytree(CORE, tree, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(POLICY, tree / POLICY.name)
        for path, source in build_consumers().items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(source, "utf-8")
        add_packages(tree)
        (tree / STAMP).write_text(stamp, "ascii")
        if destination.exists():
            os.rename(destination, temporary / "old")
        os.rename(tree, destination)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return destination


def hash_sources() -> str:
    """Return a hash of everything that the case is built from."""
    digest = hashlib.sha256()
    for path in sorted([Path(__file__).resolve(), POLICY, *CORE.rglob("*.py")]):
        digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def add_packages(tree: Path) -> None:
    """Make every folder with consumers a package."""
    for folder in sorted(path for path in (tree / "netra_backend").rglob("*") if path.is_dir()):
        if not (folder / "__init__.py").exists():
            name = folder.name.replace("_", " ")
            (folder / "__init__.py").write_text(f'"""{name.capitalize()}."""\n', "utf-8")


def build_consumers() -> dict[str, str]:
    """Return the source of every consumer by its path."""
    pairs = [(domain, role) for domain in DOMAINS for role in ROLES]
    order = list(range(len(pairs)))
    random.Random("which consumers take two").shuffle(order)
    twice = set(order[:TWICE])
    sources: dict[str, str] = {}
    for number, (domain, (role, folder, suffix)) in enumerate(pairs):
        path = f"{folder.format(domain=domain)}/{role}_{suffix}.py"
        sources[path] = build_consumer(domain, role, suffix, 2 if number in twice else 1)
    for number in range(CLEAN):
        domain = DOMAINS[number % len(DOMAINS)]
        role = ("gateway", "mapper")[number // len(DOMAINS)]
        sources[f"netra_backend/app/services/{domain}/{role}_service.py"] = build_consumer(domain, role, "service", 0)
    return sources


def build_consumer(domain: str, role: str, suffix: str, detours: int) -> str:
    """Return the source of one consumer that takes classes by ``detours`` statements from where they are not."""
    chance = random.Random(f"{domain}:{role}:{suffix}")
    chosen = chance.sample(DETOURS, detours)
    if len({module for module, _, _ in chosen}) < len(chosen):
        chosen = [DETOURS[2], DETOURS[5]]
    statements = [place_import(chance, module, names, is_hidden) for module, names, is_hidden in chosen]
    if not chosen or chance.random() < 0.4:
        module, names = chance.choice(DIRECT)
        is_engine = "UserExecutionEngine" in names
        taken = {name for _, others, _ in chosen for name in others}
        if not taken & set(names):
            statements.append(place_import(chance, module, names, is_engine))
    return render_consumer(chance, domain, role, suffix, statements)


def place_import(chance: random.Random, module: str, names: tuple[str, ...], is_hidden: bool) -> tuple[str, str, str]:
    """Return where a statement stands (module, function or typing), the statement, and the name it binds first."""
    place = chance.choice(("function", "typing")) if is_hidden else chance.choice(("module", "module", "function", "typing"))
    bound = names[0]
    if len(names) == 1 and chance.random() < 0.15:
        bound = f"Shared{names[0]}"
        return place, f"from {module} import {names[0]} as {bound}", bound
    return place, f"from {module} import {', '.join(names)}", bound


def render_consumer(
    chance: random.Random, domain: str, role: str, suffix: str, statements: list[tuple[str, str, str]]
) -> str:
    """Return a module with one class: its imports where they were placed, and a few methods."""
    top = sorted(statement for place, statement, _ in statements if place == "module")
    typing = sorted(statement for place, statement, _ in statements if place == "typing")
    name = "".join(part.capitalize() for part in (domain, role, suffix))
    lines = [f'"""The {role} {suffix} of the {domain} domain."""', "", "from __future__ import annotations", ""]
    if typing:
        lines += ["from typing import TYPE_CHECKING", ""]
    lines += [*top, *([""] if top else [])]
    if typing:
        lines += ["if TYPE_CHECKING:", *(f"    {statement}" for statement in typing), ""]
    lines += ["", f"class {name}:", f'    """Does what {domain} needs of a {role}."""', ""]
    lines += ["    def __init__(self) -> None:", "        self.notes: dict[str, object] = {}"]
    lines += [f"        self.{_attribute(bound)}_class = {bound}" for place, _, bound in statements if place == "module"]
    for place, statement, bound in statements:
        if place == "function":
            lines += ["", f"    def load_{_attribute(bound)}(self) -> type:", '        """Return the class when it is needed."""']
            lines += [f"        {statement}", "", f"        return {bound}"]
        elif place == "typing":
            lines += ["", f"    def use_{_attribute(bound)}(self, given: {bound}) -> None:", '        """Keep what was given."""']
            lines += [f'        self.notes["{_attribute(bound)}"] = given']
    values = {"domain": domain, "role": role, "code": domain[:3].upper()}
    for method in chance.sample(METHODS, chance.randint(2, 4)):
        number, digit, mark = chance.randint(11, 999), chance.randint(2, 9), chance.choice(",;|/")
        lines += ["", method.format(**values, number=number, digit=digit, mark=mark).rstrip("\n")]
    return "\n".join(lines) + "\n"


def _attribute(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "tree"))
