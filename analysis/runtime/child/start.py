"""The child's first steps: read the plan, cut off from the system, then serve in a process below."""

import json
import os
import signal
import sys

from .isolation import Isolation
from .limits import PREFERENCE
from .server import Server
from .system import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, control


def main(plan_descriptor, answers):
    with os.fdopen(plan_descriptor, "rb") as file:
        plan = json.loads(file.read().decode("utf-8"))
    control(PR_SET_PDEATHSIG, signal.SIGKILL)
    control(PR_SET_CHILD_SUBREAPER, 1)
    sys.dont_write_bytecode = True
    sys.setrecursionlimit(1000)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    plan["nice"] = os.getpriority(os.PRIO_PROCESS, 0)
    isolation = Isolation(plan)
    if plan["isolate"]:
        prefer()
    isolation.begin()
    pid = isolation.fork()
    if pid == 0:
        serve(plan, answers, isolation)
    os.close(answers)
    _, status = os.waitpid(pid, 0)
    os._exit(1 if status else 0)


def prefer():
    """Let the server and the keepers run before the modules, where that is allowed: a fork bomb must not delay them."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, max(-20, os.getpriority(os.PRIO_PROCESS, 0) - PREFERENCE))
    except OSError:
        pass  # for users without powers the number of processes is limited instead


def serve(plan, answers, isolation):
    """Run the server in the process that nothing of the target can see. Never returns."""
    code = 1
    try:
        control(PR_SET_PDEATHSIG, signal.SIGKILL)
        control(PR_SET_CHILD_SUBREAPER, 1)
        Server(plan, answers, isolation).begin()
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)
