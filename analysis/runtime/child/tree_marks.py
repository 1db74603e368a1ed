"""Where nothing keeps a module from writing into the target: who changed it."""

import os
import time

#: So much of the time, at most, goes into looking.
MOST_SHARE = 0.2
MOST_NAMED = 5


class TreeMarks:
    """What stands in the target, and which modules ran since it was looked at."""

    def __init__(self, root):
        self.root, self.since = root, set()
        self.stamps = self.find_stamps()

    def find_stamps(self):
        """Return time and size of each file, by path."""
        started, found = time.monotonic(), {}
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    stat = os.lstat(path)
                except OSError:
                    continue
                found[path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        self.seconds, self.looked = time.monotonic() - started, time.monotonic()
        return found

    def note(self, name, others, say):
        """Look, unless it is too soon, after the turn of a module during which others ran."""
        self.since.update([name, *others])
        if (time.monotonic() - self.looked) * MOST_SHARE >= self.seconds:
            self.look(say)
            self.since = set(others)

    def look(self, say):
        """Say what has changed, with the modules of which one changed it."""
        before, self.stamps = self.stamps, self.find_stamps()
        changed = sorted(
            os.path.relpath(path, self.root)
            for path in before.keys() | self.stamps.keys()
            if before.get(path) != self.stamps.get(path)
        )
        if changed:
            say({"changed": changed[:MOST_NAMED], "files": len(changed), "by": sorted(self.since)})
