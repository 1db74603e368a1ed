"""What an import yields, whether it can run, and what a name is bound to: decided here for all others."""

from __future__ import annotations

from analysis.facts.absolute import absolute_name
from analysis.resolve.answers import ImportAnswers
from analysis.resolve.environments import Supported, SupportedInterpreter
from analysis.resolve.imports import BEYOND_TOP, ImportAnswer, ImportResolver
from analysis.resolve.modules import Module, ModuleIndex
from analysis.resolve.target import TargetFacts, TargetResolver

__all__ = [
    "BEYOND_TOP",
    "ImportAnswer",
    "ImportAnswers",
    "ImportResolver",
    "Module",
    "ModuleIndex",
    "Supported",
    "SupportedInterpreter",
    "TargetFacts",
    "TargetResolver",
    "absolute_name",
]
