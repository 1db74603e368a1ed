"""Settings as they were before they became a package. Python never reads this file."""

TIMEOUT_SECONDS = 30
MAX_AGENTS = 10
