"""What one process may use."""

import os
import resource

#: More processes than this at once, in a process namespace of its own, are taken for a fork bomb.
MOST_PROCESSES = 512
#: What the kernel allows all modules together, where it counts: never for root.
MOST_TOGETHER = 8 * MOST_PROCESSES
#: By so much the server and the keepers come before a module.
PREFERENCE = 10


def limit_processes(nice):
    """Set the limits that only make sense below a server with a user namespace: run as nice, and not too many."""
    os.setpriority(os.PRIO_PROCESS, 0, nice)
    if os.geteuid():
        _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
        most = MOST_TOGETHER if hard == resource.RLIM_INFINITY else min(MOST_TOGETHER, hard)
        resource.setrlimit(resource.RLIMIT_NPROC, (most, most))


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
