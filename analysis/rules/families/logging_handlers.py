"""Handlers of loggers that each call of a function adds anew."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analysis.facts.added_handlers import ADDED_HANDLER
from analysis.facts.source_tree import read_if_any
from analysis.rules.context import RuleContext, find_importing_files
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import STATE, PlanStep
from analysis.rules.root_causes import SHARED_STATE
from analysis.rules.rule import Rule
from analysis.rules.shared_state import State, find_states

#: A logger of one name, which is the same in every call.
_CONSTANT = re.compile(r"\((?:__name__|[\"'][^\"'{}]*[\"'])?\)$")


def _check_handlers(case: RuleContext) -> Iterator[Finding]:
    for state in find_states(case, ADDED_HANDLER):
        is_init = state.name == "__init__"
        is_same = _CONSTANT.search(state.value) is not None
        call = "object that is made" if is_init else "call"
        is_certain = not is_init and (is_same or _is_called_again(case, state))
        message = (
            f"{state.owner} adds a handler to {state.value} ({state.path}:{state.line}) without asking whether it has "
            f"one. Loggers are one for the process: each {call} adds another, and every record is written once for each"
        )
        yield build_finding(
            "handler-added-again", "P2" if is_certain else "P3", state.definition, message, [(state.path, state.line)]
        )


def _is_called_again(case: RuleContext, state: State) -> bool:
    """Return whether a function calls it, in its own file or in one that imports it: not only modules, once each."""
    paths = find_importing_files(case, state.module) & case.homes.keys()
    called = re.compile(rb"(?m)^[ \t]+[^\n#]*\b(?<!def )%s\(" % re.escape(state.name.encode()))
    return any(called.search(read_if_any(case.facts.tree, path)) for path in sorted({state.path, *paths}))


_LOGGER = (
    "import logging\ndef get_logger():\n    logger = logging.getLogger('shop')\n{}"
    "        logger.addHandler(logging.StreamHandler())\n    return logger\n"
)

RULES = (
    Rule(
        "handler-added-again", "P2",
        "A function that gives back a logger adds a handler at each call. The logger is one for the process: after a "
        "hundred calls each record is written a hundred times.",
        "Add handlers once, where the program starts, or only `if not logger.handlers`.",
        _check_handlers,
        bad={"a.py": _LOGGER.format("").replace("        logger.add", "    logger.add")},
        good={"a.py": _LOGGER.format("    if not logger.handlers:\n")},
        grades={
            "P2": "the name of the logger is the same in every call, or functions call it",
            "P3": "the name is given and only modules call it, or each object adds one when it is made",
        },
        step=PlanStep(STATE, 82, "Add handlers once, where the program starts", minutes=10), cause=SHARED_STATE,
    ),
)  # fmt: skip
