"""Calls of the Linux kernel that Python 3.8 has no function for; elsewhere each of them fails."""

import ctypes
import os
import signal

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER = 0x00020000, 0x08000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER = 1, 4, 24, 36
#: What root may do with files and its own processes: CHOWN to SETUID, and NET_BIND_SERVICE.
FILE_POWERS = 0xFF | 1 << 10
_CAPABILITY_VERSION = 0x20080522
_LIBC = ctypes.CDLL(None, use_errno=True)


def control(option, value):
    """Call ``prctl``; return whether it worked."""
    try:
        return _LIBC.prctl(option, value, 0, 0, 0) == 0
    except (OSError, AttributeError):
        return False


def call(name, *arguments):
    """Call a function of the C library that returns 0 or sets ``errno``; raises OSError."""
    try:
        function = getattr(_LIBC, name)
    except AttributeError:
        raise OSError(0, "this system has no %s" % name) from None
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def mount(source, place, kind=None, flags=0, options=None):
    texts = [None if text is None else os.fsencode(text) for text in (source, place, kind, options)]
    call("mount", texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])


def get_powers():
    """Return the capabilities that this process may use."""
    header, data = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
    call("capget", header, data)
    return data[1] | data[4] << 32


def set_powers(effective, permitted):
    """Set the capabilities that are in force, and those that can be put into force again."""
    low = (1 << 32) - 1
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    data = (ctypes.c_uint32 * 6)(
        effective & low, permitted & low, 0, effective >> 32, permitted >> 32, 0
    )  # fmt: skip
    call("capset", header, data)


def find_children(parent):
    """Return the processes whose parent is this one; those of ended processes come to it."""
    try:
        with open("/proc/%d/task/%d/children" % (parent, parent)) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def kill(pid):
    """Kill a process and all of its group."""
    for stop in (os.killpg, os.kill):
        try:
            stop(pid, signal.SIGKILL)
        except OSError:
            pass


def kill_children(spared=()):
    """End what the processes left behind: without a parent it comes to this one."""
    own = os.getpid()
    for _ in range(1000):
        strays = [pid for pid in find_children(own) if pid not in spared]
        if not strays:
            return
        for pid in strays:
            kill(pid)
            try:
                os.waitpid(pid, 0)
            except OSError:
                pass


def find_open():
    """Return the open descriptors of this process."""
    try:
        listed = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        return set()
    return {each for each in listed if is_open(each)}  # that of the listing itself is closed by now


def is_open(descriptor):
    try:
        os.fstat(descriptor)
        return True
    except OSError:
        return False
