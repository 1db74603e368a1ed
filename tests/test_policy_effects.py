"""Every key of a policy does something: for each there are two policies that differ in it, and what they change."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from pydantic import BaseModel

from analysis.errors import AnalysisError
from analysis.gate import CheckOptions, check
from analysis.golden.command import GoldenRequest, run_request
from analysis.pipeline import investigate
from analysis.policy import Policy
from analysis.report.executive import build_executive, show_findings
from analysis.runtime import ProbeOptions

Observe = Callable[[Path], Any]


def find_keys(model: type[BaseModel], way: str = "") -> Iterator[str]:
    """Yield the dotted name of every key that a policy may have."""
    for name, field in model.model_fields.items():
        inner = find_model(field.annotation)
        if inner is None:
            yield f"{way}{name}"
        else:
            yield from find_keys(inner, f"{way}{name}.")


def find_model(kind: Any) -> type[BaseModel] | None:
    """Return the model behind an annotation, also in a list; None for a plain value."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next(filter(None, map(find_model, get_args(kind))), None)


def see_check(root: Path) -> Any:
    """What the gate says: verdict, score, findings, and what is accepted."""
    found = check(root)
    rows = [(row.rule, row.severity, row.subject, row.message, row.owner) for row in found.findings]
    accepted = [(row.rule, row.subject, row.reason, row.until) for row in found.accepted]
    return found.target, found.passed, round(found.score, 6), found.modules, rows, accepted


def see_claims(root: Path) -> Any:
    """What the report says of claims."""
    return build_executive(investigate(root)).claims


def see_impact(root: Path) -> Any:
    """What the report says of the impact, and what unreliability costs."""
    report = build_executive(investigate(root))
    return report.impact, report.golden and report.golden.scenarios


def see_debt(root: Path) -> Any:
    """The estimated work."""
    return investigate(root).debt()


def see_weeks(root: Path) -> Any:
    """When each step of the plan is done."""
    return investigate(root).schedule().steps


def see_links(root: Path) -> Any:
    """The findings of the report as HTML, with their links."""
    return show_findings(investigate(root)).page


def see_modules(root: Path) -> Any:
    """The names of all modules, and what is left out."""
    inv = investigate(root)
    return inv.table("modules").to_pylist(), inv.manifest.left_out


def see_beside(root: Path) -> Any:
    """What is read beside the target, and what is external."""
    inv = investigate(root)
    return inv.table("siblings").to_pylist(), {row["package"] for row in inv.table("externals").to_pylist()}


def see_liveness(root: Path) -> Any:
    """Which statements can run."""
    graph = investigate(root)
    rows = [*graph.table("edges").to_pylist(), *graph.table("phantoms").to_pylist()]
    return [(row["path"], row["line"], row["liveness"]) for row in rows]


def see_simulation(root: Path) -> Any:
    """How each first import ends, by the simulation."""
    return [(row["module"], row["outcome"]) for row in investigate(root).table("simulated").to_pylist()]


def see_probe(root: Path) -> Any:
    """What the probe of a policy that the caller names says: no module, or each with its outcome, or an error."""
    try:
        inv = investigate(root, policy=root / "ssot.toml")
    except AnalysisError as error:
        return str(error)
    return [(row["module"], row["outcome"]) for row in inv.table("probed").to_pylist()]


def see_asked_probe(root: Path) -> Any:
    """What the probe says when the caller asks for it."""
    try:
        inv = investigate(root, probe=ProbeOptions())
    except AnalysisError as error:
        return str(error)
    return [(row["module"], row["outcome"]) for row in inv.table("probed").to_pylist()]


def see_own_rules(root: Path) -> Any:
    """What the gate says by a policy that the caller names."""
    return [row.message for row in check(root, CheckOptions(policy=root / "ssot.toml")).findings]


def see_golden(root: Path) -> Any:
    """What `ssot golden-path` measures and says."""
    try:
        found = run_request(GoldenRequest(str(root), early=False)).describe()
    except AnalysisError as error:
        return str(error)
    return found["passed"], found["runs"], found["verdict"], found["interval"]


class Effect(NamedTuple):
    """Two policies that differ in one key, and where that shows; ``files`` come on top of the tree."""

    before: str
    after: str
    observe: Observe = see_check
    files: Mapping[str, str] = {}


TREE: Mapping[str, str] = {
    "app/__init__.py": "",
    "app/orders.py": "class Order: ...\n",
    "app/other.py": "from app.orders import Order\nprint(Order)\n",
    "app/taker.py": "from app.other import Order\n",
    "app/gone.py": "import app.missing\n",
    "app/versions.py": (
        "import sys\nif sys.version_info < (3, 11):\n    import app.orders\n"
        "if sys.platform == 'win32':\n    import app.other\n"
    ),
    "app/jobs.py": "class JobRegistry: ...\nclass UserRegistry: ...\n",
    "app/factory.py": "from app.orders import Order\nclass JobFactory:\n    _instance = None\n"
    "    def __new__(cls):\n        if cls._instance is None:\n            cls._instance = super().__new__(cls)\n"
    "        return cls._instance\n    def get_order(self, user):\n        return Order()\n",
    "lib/__init__.py": "", "lib/far.py": "class FarRegistry: ...\nimport lib.missing\n",
    "lib/orders.py": "class Order: ...\n",
}  # fmt: skip
CONCEPT = '[[concept]]\nname = "registries"\nmatch = ["*Registry"]\n'
FACTORY = '[[factory]]\nmatch = ["*Factory"]\n'
PATHS = '[[redirect]]\npaths = ["app.orders.Order", "app.other.Order"]\n'
CLAIM = '[[claim]]\nmetric = "phantom-imports"\nvalue = 2\n'
IDS = '[[claim]]\nmetric = "class-ids:Order"\nvalue = 2\n'
OWNER = '[[owner]]\npattern = "app"\nowner = "shop"\n'
IGNORE = '[[ignore]]\nrule = "phantom-import"\nreason = "old"\n'
REVENUE = "[business]\nrevenue_at_risk = 1000\n"
#: Passes in most runs: a run with an odd seed fails.
COMMAND = f"{sys.executable} -c \"import os,sys; sys.exit(int(os.environ['SSOT_SEED']) % 20 == 7)\""
GOLDEN = f"[golden_path]\ncommand = {json.dumps(COMMAND)}\nruns = 2\n"
JUNIT = '<testsuite><testcase classname="a" name="b">{}</testcase></testsuite>'
RESULTS = {"one.xml": JUNIT.format(""), "two.xml": JUNIT.format('<failure message="x"/>')}
PROBED = {"only.py": "import os\nimport beside\nassert os.environ['SSOT_FLAG']\n", "vendor/beside.py": "X = 1\n"}
NOTEBOOK = {
    "nb/a.ipynb": json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": ["import app.not_there"]}]})
}
#: A repository around the tree, and in it a module that the tree imports.
BESIDE = {
    "user.py": "import beside.there\n", "../beside/__init__.py": "", "../beside/there.py": "",
    "../.git/HEAD": "ref: refs/heads/main\n", "../.git/objects/a": "", "../.git/refs/a": "",
}  # fmt: skip
PROBE = "[target]\nprobe = true\n"

#: A contract of each section that one importer breaks, and files with importers of each kind.
CONTRACTS = {
    "layer": '[[layer]]\nname = "n"\nlayers = ["app.orders", "app.{who}"]\n',
    "forbidden": '[[forbidden]]\nname = "n"\nsource_modules = ["app.{who}"]\nforbidden_modules = ["app.orders"]\n',
    "independent": '[[independent]]\nname = "n"\nmodules = ["app.orders", "app.{who}"]\n',
    "interface": '[[interface]]\nname = "n"\npackage = "app.orders"\n',
}
IMPORTERS: Mapping[str, str] = {
    "app/hints.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.orders import Order\n",
    "app/late.py": "def find():\n    from app.orders import Order\n    return Order\n",
    "app/tests/__init__.py": "", "app/tests/test_orders.py": "from app.orders import Order\n",
}  # fmt: skip
#: The keys that each contract has: which importer breaks it, what is added to it, and what of it is replaced.
COMMON = {
    "name": ("other", "", ('"n"', '"m"')),
    "severity": ("other", 'severity = "P0"\n', ()),
    "ignore_imports": ("other", 'ignore_imports = ["app.* -> app.orders"]\n', ()),
    "type_checking": ("hints", "type_checking = false\n", ()),
    "deferred": ("late", "deferred = false\n", ()),
    "tests": ("tests", "tests = true\n", ()),
}


def build_contract_effects() -> dict[str, Effect]:
    """Return the effects of the keys that all contracts have."""
    found = {}
    for section, text in CONTRACTS.items():
        for key, (who, added, replaced) in COMMON.items():
            before = text.format(who=who)
            after = before.replace(*replaced) if replaced else before + added
            found[f"{section}.{key}"] = Effect(before, after, files=IMPORTERS)
    return found


LAYERS, BAN, APART, OFFER = (text.format(who="other") for text in CONTRACTS.values())
INSIDE = '[[layer]]\nname = "n"\nlayers = ["orders", "other"]\ncontainers = ["app"]\n'
EXHAUSTIVE = f"{INSIDE}exhaustive = true\n"
OWN_RULE = {
    "own.py": (
        "def find(tables):\n    return [dict(rule='own', severity='P3', subject='app', message='seen', places=[])]\n"
    )
}
BAN_ROUND = BAN.replace("app.other", "app.round")
ROUND = {"app/round.py": "import app.taker\n"}


EFFECTS: Mapping[str, Effect] = {
    "target.name": Effect("", '[target]\nname = "store"\n'),
    "target.roots": Effect("", '[target]\nroots = ["app"]\n', see_modules),
    "target.packages": Effect("", '[target]\npackages = ["app"]\n'),
    "target.exclude": Effect("", '[target]\nexclude = ["lib/*"]\n', see_modules),
    "target.notebooks": Effect("[target]\nnotebooks = true\n", "[target]\nnotebooks = false\n", files=NOTEBOOK),
    "target.siblings": Effect("[target]\nsiblings = true\n", "[target]\nsiblings = false\n", see_beside, BESIDE),
    "target.requires_python": Effect("", '[target]\nrequires_python = ">=3.9"\n', see_liveness),
    "target.platforms": Effect("", '[target]\nplatforms = ["linux"]\n', see_liveness),
    "target.source_url": Effect("", '[target]\nsource_url = "https://example.org/{path}#L{line}"\n', see_links),
    "target.probe": Effect("[target]\nprobe = false\n", PROBE, see_probe, PROBED),
    "target.python": Effect("", '[target]\npython = "no/such/python"\n', see_asked_probe, PROBED),
    "target.pythonpath": Effect(
        "[target]\nenvironment = { SSOT_FLAG = '1' }\n",
        "[target]\nenvironment = { SSOT_FLAG = '1' }\npythonpath = ['vendor']\n", see_asked_probe, PROBED,
    ),
    "target.environment": Effect(
        "[target]\npythonpath = ['vendor']\n",
        "[target]\npythonpath = ['vendor']\nenvironment = { SSOT_FLAG = '1' }\n", see_asked_probe, PROBED,
    ),
    "concept.name": Effect(CONCEPT, CONCEPT.replace('"registries"', '"other"')),
    "concept.match": Effect(CONCEPT, CONCEPT.replace("*Registry", "F*Registry")),
    "concept.within": Effect(CONCEPT, f'{CONCEPT}within = "app"\n'),
    "concept.max_classes": Effect(CONCEPT, f"{CONCEPT}max_classes = 3\n"),
    "concept.canonical": Effect(CONCEPT, f'{CONCEPT}canonical = "app.gone:Registry"\n'),
    "concept.allow": Effect(CONCEPT, f'{CONCEPT}allow = ["FarRegistry"]\n'),
    "concept.severity": Effect(CONCEPT, f'{CONCEPT}severity = "P3"\n'),
    "factory.match": Effect(
        f'{FACTORY}forbid_singleton = true\n', '[[factory]]\nmatch = ["*Maker"]\nforbid_singleton = true\n'
    ),
    "factory.require_methods": Effect(FACTORY, f'{FACTORY}require_methods = ["create"]\n'),
    "factory.forbid_singleton": Effect(FACTORY, f"{FACTORY}forbid_singleton = true\n"),
    "factory.user_scope": Effect(f'{FACTORY}user_scope = ["user"]\n', f'{FACTORY}user_scope = ["tenant"]\n'),
    "redirect.paths": Effect(PATHS, PATHS.replace("app.other", "lib.orders")),
    "redirect.canonical": Effect(PATHS, f'{PATHS}canonical = "app.other.Order"\n'),
    "redirect.marker": Effect(PATHS, f'{PATHS}marker = "redirects to"\n'),
    **build_contract_effects(),
    "layer.layers": Effect(LAYERS, LAYERS.replace("other", "jobs")),
    "layer.containers": Effect(INSIDE, INSIDE.replace('["app"]', '["lib"]')),
    "layer.exhaustive": Effect(INSIDE, EXHAUSTIVE),
    "layer.exhaustive_ignores": Effect(EXHAUSTIVE, f'{EXHAUSTIVE}exhaustive_ignores = ["jobs"]\n'),
    "forbidden.source_modules": Effect(BAN, BAN.replace("app.other", "app.jobs")),
    "forbidden.forbidden_modules": Effect(BAN, BAN.replace("app.orders", "app.jobs")),
    "forbidden.allow_indirect_imports": Effect(
        BAN_ROUND, f"{BAN_ROUND}allow_indirect_imports = true\n", files=ROUND,
    ),
    "independent.modules": Effect(APART, APART.replace("app.other", "app.jobs")),
    "interface.package": Effect(OFFER, OFFER.replace("app.orders", "app.jobs")),
    "interface.names": Effect(OFFER, f'{OFFER}names = ["Order"]\n'),
    "interface.type_hints_only": Effect(
        f'{OFFER}names = ["Order"]\n', f'{OFFER}names = ["Order"]\ntype_hints_only = true\n'
    ),
    "target.rules": Effect("", '[target]\nrules = ["own.py"]\n', see_own_rules, OWN_RULE),
    "golden_path.command": Effect("", GOLDEN, see_golden),
    "golden_path.runs": Effect(GOLDEN, GOLDEN.replace("runs = 2", "runs = 3"), see_golden),
    "golden_path.junit": Effect(
        '[golden_path]\njunit = ["one.xml"]\n', '[golden_path]\njunit = ["*.xml"]\n', see_golden, RESULTS
    ),
    "golden_path.target": Effect(GOLDEN, f"{GOLDEN}target = 0.01\n", see_golden),
    "golden_path.confidence": Effect(GOLDEN, f"{GOLDEN}confidence = 0.5\n", see_golden),
    "business.currency": Effect(REVENUE, f'{REVENUE}currency = "EUR"\n', see_impact),
    "business.revenue_at_risk": Effect("", REVENUE, see_impact),
    "business.notes": Effect("", '[business]\nnotes = { P0 = "stops sales" }\n', see_impact),
    "compliance.threshold": Effect("", "[compliance]\nthreshold = 1\n"),
    "compliance.weights": Effect("", "[compliance]\nweights = { phantom-import = 50 }\n"),
    "debt.minutes": Effect("", "[debt]\nminutes = { phantom-import = 500 }\n", see_debt),
    "plan.hours_per_week": Effect("", "[plan]\nhours_per_week = 0.1\n", see_weeks),
    "plan.people": Effect("", "[plan]\npeople = 2\n", see_weeks),
    "simulation.budget_seconds": Effect("", "[simulation]\nbudget_seconds = 0\n", see_simulation),
    "claim.metric": Effect(CLAIM, CLAIM.replace("phantom-imports", "files"), see_claims),
    "claim.value": Effect(CLAIM, CLAIM.replace("2", "7"), see_claims),
    "claim.source": Effect(CLAIM, f'{CLAIM}source = "a mail"\n', see_claims),
    "claim.tolerance": Effect(
        CLAIM.replace("2", "3"), CLAIM.replace("2", "3") + "tolerance = 1\n", see_claims
    ),
    "claim.paths": Effect(IDS, f'{IDS}paths = ["app.orders.Order", "app.other.Order"]\n', see_claims),
    "owner.pattern": Effect(OWNER, OWNER.replace('"app"', '"app.gone"')),
    "owner.owner": Effect(OWNER, OWNER.replace("shop", "team")),
    "ignore.rule": Effect(IGNORE, IGNORE.replace("phantom-import", "class-defined-more-than-once")),
    "ignore.subject": Effect(IGNORE, f'{IGNORE}subject = "lib.*"\n'),
    "ignore.fingerprint": Effect(IGNORE, f'{IGNORE}fingerprint = "0123456789abcdef"\n'),
    "ignore.reason": Effect(IGNORE, IGNORE.replace("old", "goes soon")),
    "ignore.until": Effect(IGNORE, f"{IGNORE}until = 2020-01-31\n"),
}  # fmt: skip


Look = Callable[[str, str], Any]


@pytest.fixture
def look(make_tree: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Look:
    """Return a function that says what is seen with a policy in the tree of a key, of which nothing is known before."""
    number = 0

    def see(key: str, policy: str) -> Any:
        nonlocal number
        number += 1
        effect = EFFECTS[key]
        root = make_tree({**TREE, **effect.files, "ssot.toml": policy}, name=f"{number}/shop")
        monkeypatch.setenv("SSOT_DATA", str(root.parent / "data"))
        seen = effect.observe(root)
        return seen.replace(str(root.parent), "") if isinstance(seen, str) else seen

    return see


def test_every_key_of_the_models_has_an_effect_that_is_tested() -> None:
    assert set(find_keys(Policy)) == EFFECTS.keys(), "a key that is documented has an effect and a test: add it here"


@pytest.mark.parametrize("key", EFFECTS)
def test_a_key_changes_what_it_says(look: Look, key: str) -> None:
    assert look(key, EFFECTS[key].before) != look(key, EFFECTS[key].after)


@pytest.mark.parametrize("key", {effect.observe: key for key, effect in EFFECTS.items()}.values())
def test_what_is_looked_at_does_not_change_by_itself(look: Look, key: str) -> None:
    assert look(key, EFFECTS[key].after) == look(key, EFFECTS[key].after)
