"""Child processes and temporary folders that always end with this process."""

from analysis.children.guard import end, reap, run, say_farewell, scratch_folder, start, watch_signals

__all__ = ["end", "reap", "run", "say_farewell", "scratch_folder", "start", "watch_signals"]
