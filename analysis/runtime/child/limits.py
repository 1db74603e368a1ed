"""What one process may use."""

import resource

#: More processes than this at once, in a process namespace of its own, are taken for a fork bomb.
MOST_PROCESSES = 512


def limit(plan):
    """Set the limits of a plan on this process and those that it starts."""
    for kind, amount in (
        (resource.RLIMIT_CPU, plan["cpu_seconds"]), (resource.RLIMIT_AS, plan["memory_bytes"]),
        (resource.RLIMIT_NOFILE, plan["open_files"]), (resource.RLIMIT_FSIZE, plan["file_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        try:
            _, hard = resource.getrlimit(kind)
            wanted = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
            resource.setrlimit(kind, (wanted, hard if kind == resource.RLIMIT_CPU else wanted))
        except (ValueError, OSError):
            pass
