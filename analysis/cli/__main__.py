"""``python -m analysis.cli`` is ``ssot``."""

from analysis.cli.entry import main

main()
