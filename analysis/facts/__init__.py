"""Source bytes to facts: discovery, extraction from each file, parallel scan."""

from analysis.facts.discovery import DiscoveryOptions
from analysis.facts.scan import Facts, ScanOptions, build_empty_facts, check_target, scan
from analysis.facts.siblings import Siblings, read_siblings

__all__ = [
    "DiscoveryOptions",
    "Facts",
    "ScanOptions",
    "Siblings",
    "build_empty_facts",
    "check_target",
    "read_siblings",
    "scan",
]
