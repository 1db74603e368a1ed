"""Child processes and scratch folders that end with this process, whatever ends it: one guard watches over them."""

from analysis.children.guard import end, reap, run, say_farewell, scratch_folder, start, watch_signals

__all__ = ["end", "reap", "run", "say_farewell", "scratch_folder", "start", "watch_signals"]
