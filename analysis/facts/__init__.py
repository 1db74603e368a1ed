"""Source bytes to facts: discovery, extraction from each file, parallel scan."""

from analysis.facts.discovery import DiscoveryOptions
from analysis.facts.scan import Facts, ScanOptions, build_empty_facts, check_target, scan

__all__ = ["DiscoveryOptions", "Facts", "ScanOptions", "build_empty_facts", "check_target", "scan"]
