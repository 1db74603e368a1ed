"""Cuts processes off: namespaces of their own, and layers over the files that take what is written.

``Isolation`` is for a server that forks many: each process that enters gets its own processes, network, shared memory,
temporary folders and layer over the target, whatever the process did that it was forked from. ``isolate`` is for a
process that stays alone.
"""

import os
import shutil
import tempfile

from .system import (
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    FILE_POWERS,
    MS_BIND,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    PR_CAPBSET_DROP,
    PR_SET_DUMPABLE,
    call,
    control,
    get_powers,
    mount,
    set_powers,
)

#: What all files together that one process writes may hold, in its layers, HOME and temporary folders.
LAYER_SIZE = "size=256m"
#: Folders in which programs leave things for others; each process writes into a layer over them.
TEMPORARY = ("/tmp", "/var/tmp")
NO_NETWORK = "none: a namespace of its own"
UNTOUCHED = "untouched: what a module writes goes into a layer of its own, which is thrown away after it"
APART = "apart: each module in process, network and IPC namespaces of its own"
#: Process namespaces nest 32 deep at most.
MOST_NESTED = 20


class Isolation:
    """What cuts each process off, as far as the system allows; ``told`` describes the result in words."""

    def __init__(self, plan):
        self.root, self.scratch, self.wanted = plan["root"], plan["scratch"], plan["isolate"]
        self.has_powers, self.depth, self.layer, self.seed, self.base, self.own = False, 0, None, None, None, None
        self.home, self.shared_home = "", os.path.join(plan["scratch"], "home")
        self.temporary, self.stamps = [], set()
        self.told = {"network": "open: as asked", "target": "writable: as asked", "processes": "shared: as asked"}

    def begin(self):
        """Leave the system's namespaces; the processes forked from now on are in new ones."""
        os.makedirs(self.shared_home, exist_ok=True)
        if not self.wanted:
            return
        try:
            leave(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWPID)
            mount("none", "/", flags=MS_REC | MS_PRIVATE)
            self.base = os.open("/proc/self/ns/mnt", os.O_RDONLY)
            self.temporary = find_temporary()
        except OSError as error:
            self.told = {
                "network": "open: %s" % error.strerror, "target": "writable: no mount namespaces",
                "processes": "shared: %s" % error.strerror,
            }  # fmt: skip
            return
        # Nothing with the rights of the same user may look into the memory of the server.
        control(PR_SET_DUMPABLE, 0)
        self.has_powers = True

    def fork(self):
        """Fork a process; it is the first of a new process namespace where the system can."""
        is_new = self.has_powers and self.own is not None
        if is_new:
            call("unshare", CLONE_NEWPID)
        try:
            pid = os.fork()
        except OSError:
            pid = -1
        if is_new and pid != 0:
            call("setns", self.own, CLONE_NEWPID)
        if pid < 0:
            raise OSError(0, "no more processes")
        return pid

    def enter(self):
        """Isolate this process from all others and go to the target; ``told`` describes the result afterwards.

        It is the same for every process, also below one that has run code of the target: all begin with the mounts
        that the system had.
        """
        where = find_folder()
        if not self.has_powers:
            self.home = tempfile.mkdtemp(prefix="home-", dir=self.scratch)
            os.chdir(where or self.root)
            self.stamps = self.find_stamps()
            return
        call("setns", self.base, CLONE_NEWNS)
        call("unshare", CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET)
        told = {"network": NO_NETWORK, "processes": APART}
        self.lay(told)
        try:
            mount("proc", "/proc", "proc")
        except OSError as error:
            told["processes"] = "%s, but /proc shows the others: %s" % (APART, error.strerror)
        self.own, self.told = os.open("/proc/self/ns/pid", os.O_RDONLY), told
        self.depth += 1
        try:
            os.chdir(where or self.root)
        except OSError:
            os.chdir(self.root)

    def lay(self, told):
        """Mount a small file system of this process's own, and layers in it over what it might change."""
        # Opened before anything is mounted: a layer over a layer over a layer is refused.
        lowers = {place: os.open(place, os.O_RDONLY | os.O_DIRECTORY) for place in (*self.temporary, self.root)}
        try:
            mount("tmpfs", self.scratch, "tmpfs", 0, LAYER_SIZE)
        except OSError as error:
            told["target"] = "writable: %s" % error.strerror
            self.home = tempfile.mkdtemp(prefix="home-", dir=self.scratch)
            self.stamps = self.find_stamps()
            return
        self.layer = os.open(self.scratch, os.O_RDONLY)
        inside = "/proc/self/fd/%d" % self.layer
        for name in ("top", "top/home"):
            os.mkdir(os.path.join(inside, name))
        if self.seed is not None:
            copy_home("/proc/self/fd/%d/top/home" % self.seed, inside + "/top/home")
        for number, place in enumerate(self.temporary):
            try:
                lay_over(place, lowers[place], inside, "t%d" % number)
            except OSError:
                pass  # HOME and TMPDIR are its own all the same
        told["target"] = protect(self.root, lowers[self.root], inside)
        os.makedirs(self.scratch, exist_ok=True)
        mount(inside + "/top", self.scratch, flags=MS_BIND)
        self.home = self.shared_home
        try:
            mount("tmpfs", "/dev/shm", "tmpfs", 0, LAYER_SIZE)
        except OSError:
            pass
        for lower in lowers.values():
            os.close(lower)
        self.stamps = self.find_stamps()

    def find_stamps(self):
        """Return what stands in the layers of this process: a file that is written changes it."""
        tops = [self.home] if self.layer is None else ["/proc/self/fd/%d" % self.layer, "/dev/shm"]
        return {
            (folder, name, os.lstat(os.path.join(folder, name)).st_mtime_ns)
            for top in tops
            for folder, folders, names in os.walk(top)
            for name in [*folders, *names]
        }

    def has_left_marks(self):
        """Return whether this process has written a file or started a process since it entered."""
        try:
            os.waitpid(-1, os.WNOHANG)
            return True
        except ChildProcessError:
            return self.find_stamps() != self.stamps

    def rest_powers(self):
        """Put the powers that mounting needs out of force, until they are taken up again."""
        if self.has_powers:
            everything = get_powers()
            set_powers(everything & FILE_POWERS if os.geteuid() == 0 else 0, everything)

    def take_powers(self):
        if self.has_powers:
            everything = get_powers()
            set_powers(everything, everything)

    def give_up_powers(self):
        """Keep for good only what the user of the probe has anyway."""
        if self.has_powers:
            kept = FILE_POWERS if os.geteuid() == 0 else 0
            for number in range(64):
                if not kept >> number & 1:
                    control(PR_CAPBSET_DROP, number)
            kept &= get_powers()
            set_powers(kept, kept)
        self.has_powers = False
        control(PR_SET_DUMPABLE, 1)


def leave(flags):
    """Unshare namespaces, in a user namespace in which every user keeps his number; root alone can do without."""
    user, group, own = os.geteuid(), os.getegid(), os.getpid()
    whole = "0 0 4294967295"
    lines = (whole, whole) if user == 0 else ("%d %d 1" % (user, user), "%d %d 1" % (group, group))
    reading, writing = os.pipe()
    helper = os.fork()
    if helper == 0:  # it stays outside, where it may say who is who inside
        code = 1
        try:
            os.close(writing)
            if os.read(reading, 1):
                if user:
                    write("/proc/%d/setgroups" % own, "deny")
                write("/proc/%d/uid_map" % own, lines[0])
                write("/proc/%d/gid_map" % own, lines[1])
                code = 0
        finally:
            os._exit(code)
    os.close(reading)
    failure = None
    try:
        call("unshare", CLONE_NEWUSER | flags)
        os.write(writing, b"x")
    except OSError as error:
        failure = error
    os.close(writing)
    _, status = os.waitpid(helper, 0)
    if failure is not None:
        if user:
            raise failure
        call("unshare", flags)
    elif status:
        raise OSError(0, "no user namespaces")


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def find_folder():
    """Return the working folder; empty when it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def copy_home(source, place):
    """Give a process the HOME of the one that loaded what all share."""
    for name in os.listdir(source):
        path = os.path.join(source, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.copytree(path, os.path.join(place, name), symlinks=True)
        else:
            shutil.copy2(path, os.path.join(place, name), follow_symlinks=False)


def find_temporary():
    """Return the temporary folders that a layer can be laid over: what is mounted below one would be hidden."""
    with open("/proc/self/mountinfo") as file:
        mounted = [line.split()[4] for line in file]
    return [
        place for place in TEMPORARY
        if os.path.realpath(place) == place and os.path.isdir(place)
        and not any(each.startswith(place + "/") for each in mounted)
    ]  # fmt: skip


def lay_over(place, lower, inside, name):
    """Mount a layer over a folder of which a descriptor is open; raises OSError."""
    parts = ["%s/%s-%s" % (inside, name, part) for part in ("upper", "work")]
    for part in parts:
        os.mkdir(part)
    os.chmod(parts[0], os.stat(lower).st_mode & 0o7777)
    # A path with a comma or colon would end the option: the folder is named by its descriptor.
    options = "lowerdir=/proc/self/fd/%d,upperdir=%s,workdir=%s" % (lower, *parts)
    try:
        mount("overlay", place, "overlay", 0, options + ",userxattr")
    except OSError:  # older kernels do not know the option
        mount("overlay", place, "overlay", 0, options)


def protect(root, lower, inside):
    """Lay a layer over the target that takes what is written; else make it read-only. Return in words what worked."""
    try:
        lay_over(root, lower, inside, "root")
        return UNTOUCHED
    except OSError as error:
        reason = error.strerror
    try:
        mount("/proc/self/fd/%d" % lower, root, flags=MS_BIND | MS_REC)
        mount(None, root, flags=MS_REMOUNT | MS_BIND | MS_RDONLY)
        return "read-only"
    except OSError:
        return "writable: %s" % reason


def isolate(plan):
    """Leave the network, and lay a layer over the target, for this process; return what worked, in words."""
    try:
        leave(CLONE_NEWNET | CLONE_NEWNS)
    except OSError as error:
        return {"network": "open: %s" % error.strerror, "target": "writable: no mount namespaces"}
    told = {"network": NO_NETWORK, "target": "writable: no mounts"}
    layer = os.path.join(plan["scratch"], "layer")
    os.makedirs(layer, exist_ok=True)
    try:
        mount("none", "/", flags=MS_REC | MS_PRIVATE)
        mount("tmpfs", layer, "tmpfs", 0, LAYER_SIZE)
        inside = os.open(layer, os.O_RDONLY)
        lower = os.open(plan["root"], os.O_RDONLY | os.O_DIRECTORY)
        told["target"] = protect(plan["root"], lower, "/proc/self/fd/%d" % inside)
        os.close(lower)
        os.close(inside)
    except OSError as error:
        told["target"] = "writable: %s" % error.strerror
    return told
