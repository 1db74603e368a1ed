"""A first policy, proposed from the code, with the reasons as comments. It is valid without changes."""

from __future__ import annotations

import json
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from analysis import store, tables
from analysis.case_building import build_case
from analysis.clock import Clock
from analysis.contracts.layering import Layering, find_layers
from analysis.contracts.terms import Scope
from analysis.errors import PolicyError
from analysis.executor import paused_collection
from analysis.facts.revisions import find_folder
from analysis.facts.test_files import is_test_file
from analysis.gate.result import CheckResult
from analysis.names import Concept, find_concepts
from analysis.policy import FILE_NAME, ConceptPolicy, Policy
from analysis.progress import Progress, ignore_progress
from analysis.quantities import write_score
from analysis.rules import RuleContext
from analysis.rules.contract_imports import find_contract_imports
from analysis.wording import format_count, format_some, make_harmless

_MOST_CONCEPTS, _MOST_REDIRECTS, _MOST_PATHS, _MOST_LAYERED = 8, 8, 8, 3
#: A larger family is a naming convention, not a concept of which there should be one class.
_LARGEST = 20
_FACTORY = "*Factory"

_HEAD = """\
# The decisions of this team: proposed by `ssot init` from the code, which fulfils them today.
# Change or remove any section; docs/policy.md explains every key. Lower the limits as you fix findings.

[target]
name = {name}

[compliance]
threshold = 95
"""
_TAIL = """
# Findings that you accept, with a reason and an end date:
# [[ignore]]
# rule = "typing-cycle"
# subject = "*"
# reason = "type checkers cope with it"
# until = 2027-12-31

# Previously reported figures to verify:
# [[claim]]
# metric = "import-time-cycles"
# value = 3
# source = "issue 1"
"""


def write_policy(
    target: str | Path, out: Path | None = None, *, force: bool = False, data: Path | None = None, jobs: int = 0,
    progress: Progress = ignore_progress,
) -> Path:  # fmt: skip
    """Write a proposed policy to ``ssot.toml`` in the target, or to ``out``; return its path.

    Raises ``PolicyError`` if the file exists and ``force`` is not given.
    """
    root = find_folder(target, "write a policy into")
    place = out or root / FILE_NAME
    if place.exists() and not force:
        remedy = "Name another file with --out, or replace it with --force"
        raise PolicyError(f"the policy {place} exists", remedy=remedy)
    with paused_collection():
        cache = (data or store.find_data_folder()) / "cache"
        case = build_case(root, Policy(), cache=cache, jobs=jobs, clock=Clock(progress))
        text = propose_policy(case, root.name or "target")
    store.write_file(place, text)
    return place


def format_first_verdict(result: CheckResult, target: str, policy: Path | None) -> str:
    """Return one line: that a target passes by its proposed policy, or why not and which command records the findings.

    ``policy`` is the file outside the target that was asked for; None: the target's own.
    """
    if result.passed:
        return f"ssot check passes by this policy (score {write_score(result.score)})"
    named = ["--policy", str(policy)] if policy else []
    command = make_harmless(shlex.join(["ssot", "baseline", "write", target, *named]))
    reasons, findings = make_harmless("; ".join(result.reasons)), format_count(len(result.findings), "finding")
    return f"ssot check would not pass: {reasons} ({findings}). To fail on new ones only: {command}"


def propose_policy(case: RuleContext, name: str) -> str:
    """Return a policy as TOML whose limits the target fulfils today: concepts, factories, redirects, layers."""
    uses = _count_uses(case.identity.paths)
    parts = [_HEAD.format(name=_quote(name))]
    parts += _propose_concepts(case, uses)
    parts += _propose_factories(case)
    parts += _propose_redirects(case.identity.paths)
    parts += _propose_layers(case)
    return "\n".join([*parts, _TAIL.lstrip("\n")])


def _quote(text: str) -> str:
    """Return text as a TOML string on one line."""
    return json.dumps(make_harmless(text), ensure_ascii=False)


def _count_uses(paths: pa.Table) -> Counter[str]:
    """Return the number of import statements that resolve to each definition, by any path."""
    found: Counter[str] = Counter()
    for definition, statements in tables.read_rows(paths, "definition", "statements"):
        found[definition] += statements
    return found


def _propose_concepts(case: RuleContext, uses: Mapping[str, int]) -> Iterator[str]:
    """Propose the families with most class names that are defined several times, then the largest."""
    shared = {item.name for item in case.duplicate_names}
    families = [concept for concept in case.concepts if concept.classes > 1 and concept.name != _FACTORY]
    families.sort(key=lambda each: (-_count_shared(each, shared), -each.classes, each.name))
    chosen = [concept for concept in families if concept.classes <= _LARGEST][:_MOST_CONCEPTS]
    # A pattern of the policy also matches classes of tests, so count in the same way.
    own = tuple(ConceptPolicy(name=each.name.removeprefix("*"), match=(each.name,)) for each in chosen)
    counted = find_concepts(case.facts, Policy(concept=own))
    for concept, judged in zip(chosen, counted, strict=False):
        yield _propose_concept(concept, judged.classes, shared, uses)
    rest = [f"{concept.name} ({concept.classes:,})" for concept in families if concept not in chosen]
    if rest:
        yield f"# Other families of class names: {format_some(rest, 12)}.\n"


def _count_shared(concept: Concept, shared: set[str]) -> int:
    return len({member.name for member in concept.members if member.role == "implementation"} & shared)


def _propose_concept(concept: Concept, limit: int, shared: set[str], uses: Mapping[str, int]) -> str:
    counted = [member for member in concept.members if member.role == "implementation"]
    twice = sorted({member.name for member in counted} & shared)
    lines = [f"# {concept.name}: {format_count(limit, 'class', 'classes')} today. Lower the limit as you merge them."]
    lines += [f"# Defined several times: {format_some(twice, 6)}."] if twice else []
    lines += [
        "[[concept]]", f"name = {_quote(concept.name.removeprefix('*'))}", f"match = [{_quote(concept.name)}]",
        f"max_classes = {limit}",
    ]  # fmt: skip
    best = max(counted, key=lambda member: (uses.get(member.definition, 0), member.definition))
    used, total = uses.get(best.definition, 0), sum(uses.get(member.definition, 0) for member in counted)
    if used:
        reason = (
            f"# {used:,} of {format_count(total, 'import')} resolve to this class; uncomment if it is the right one"
        )
        lines += [reason, f"# canonical = {_quote(best.definition)}"]
    return "\n".join(lines) + "\n"


def _propose_factories(case: RuleContext) -> Iterator[str]:
    """Propose the creating methods that all factories have in common as required methods."""
    offered: dict[str, set[str]] = {}
    rows = tables.read_rows(case.facts.definitions, "path", "name", "methods", "scope")
    for path, name, methods, scope in rows:
        if name.endswith("Factory") and scope == "module" and not is_test_file(path):
            offered[f"{path}:{name}"] = {method for method in methods if not method.startswith("_")}
    if not offered:
        return
    common = sorted(set.intersection(*offered.values()))
    making = [method for method in common if method.startswith(("create", "get", "make", "build", "new"))]
    names = sorted(key.rpartition(":")[2] for key in offered)
    lines = [
        f"# {format_count(len(offered), 'factory', 'factories')}: {format_some(names, 6)}.",
        "[[factory]]", f'match = ["{_FACTORY}"]',
    ]  # fmt: skip
    if making:
        lines.append(f"require_methods = [{', '.join(map(_quote, making))}]")
    else:
        lines.append('# require_methods = ["create"]   # no method is common to all of them')
    lines.append("# forbid_singleton = true          # a shared object can pass state of one user on to the next")
    lines.append('# user_scope = ["user", "user_id"]  # parameters that isolate users')
    yield "\n".join(lines) + "\n"


def _propose_layers(case: RuleContext) -> Iterator[str]:
    """Propose the layers that the largest packages keep today."""
    sizes = Counter(name.partition(".")[0] for path, name in case.homes.items() if not is_test_file(path))
    for package in sorted(sizes, key=lambda name: (-sizes[name], name))[:_MOST_LAYERED]:
        for scope in (Scope(), Scope(type_checking=False, deferred=False)):
            found = find_layers(find_contract_imports(case, scope), package)
            if found:
                yield _write_layers(found, scope)
                break


def _write_layers(found: Layering, scope: Scope) -> str:
    lines = [
        f"# What {found.package} keeps today: no layer imports from one above it.", "[[layer]]",
        f"name = {_quote(f'layers of {found.package}')}", f"containers = [{_quote(found.package)}]", "layers = [",
        *(f"    {_quote(layer)}," for layer in found.layers), "]",
    ]  # fmt: skip
    if not scope.deferred:
        lines += [
            "# Imports in functions and for type checkers go up as well.",
            "deferred = false",
            "type_checking = false",
        ]
    if found.exceptions:
        exceptions = [f"    {_quote(each)}," for each in found.exceptions]
        lines += ["# These go up today: remove each as you fix it.", "ignore_imports = [", *exceptions, "]"]
    return "\n".join(lines) + "\n"


def _propose_redirects(paths: pa.Table) -> Iterator[str]:
    """Propose a redirect for each class that is imported by several paths."""
    is_class = pc.is_in(paths.column("kind").cast(pa.string()), pa.array(tables.CLASS_KINDS))
    is_in_tree = pc.not_equal(paths.column("definition_path").cast(pa.string()), "")
    is_used = pc.and_(pc.greater(paths.column("statements"), 0), is_in_tree)
    is_certain = pc.equal(paths.column("certainty").cast(pa.string()), "certain")
    chosen = paths.filter(pc.and_(pc.and_(is_class, is_used), is_certain))
    found: dict[str, list[tuple[int, str, bool]]] = defaultdict(list)
    columns = ("definition", "statements", "import_path", "is_canonical", "path")
    for definition, statements, import_path, is_canonical, path in tables.read_rows(chosen, *columns):
        if not is_test_file(path):
            found[definition].append((statements, import_path, is_canonical))
    several = {definition: rows for definition, rows in found.items() if len(rows) > 1}
    order = sorted(several, key=lambda definition: (-sum(row[0] for row in several[definition]), definition))
    for definition in order[:_MOST_REDIRECTS]:
        yield _propose_redirect(definition, several[definition])
    if len(order) > _MOST_REDIRECTS:
        more = len(order) - _MOST_REDIRECTS
        counted = format_count(more, "more class is", "more classes are")
        yield f"# {counted} imported by several paths: see `ssot paths NAME`.\n"


def _propose_redirect(definition: str, rows: Sequence[tuple[int, str, bool]]) -> str:
    ordered = sorted(rows, key=lambda row: (-row[0], row[1]))
    lines = [f"{make_harmless(definition)}, by use. All paths yield one object today: uncomment to enforce this."]
    lines += ["[[redirect]]", "paths = ["]
    lines += [f"    {_quote(path)},  # {format_count(count, 'import')}" for count, path, _ in ordered[:_MOST_PATHS]]
    lines.append("]")
    best = _find_canonical(ordered)
    lines += [f"canonical = {_quote(best)}  # then importing by any other path is a finding"] if best else []
    return "".join(f"# {line}\n" for line in lines)


def _find_canonical(rows: Iterable[tuple[int, str, bool]]) -> str:
    return next((path for _, path, is_canonical in rows if is_canonical), "")
