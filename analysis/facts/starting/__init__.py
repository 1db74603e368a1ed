"""How the target is started, and with which search path, as files say that are no modules of it."""

from analysis.facts.starting.folders import StartFolder, StartFolders, find_start_folders
from analysis.facts.starting.reading import is_start_file, read_start_evidence

__all__ = ["StartFolder", "StartFolders", "find_start_folders", "is_start_file", "read_start_evidence"]
