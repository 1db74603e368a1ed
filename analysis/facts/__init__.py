"""From a source tree to facts: discovery, extraction from one file's bytes, cache, parallel scan."""

from analysis.facts.discovery import DiscoveryOptions
from analysis.facts.scan import Facts, ScanOptions, build_empty_facts, check_target, scan

__all__ = ["DiscoveryOptions", "Facts", "ScanOptions", "build_empty_facts", "check_target", "scan"]
