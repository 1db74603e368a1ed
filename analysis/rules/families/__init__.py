"""The rule families: every module here that has ``RULES`` is found by the catalogue. A new rule is one file."""
