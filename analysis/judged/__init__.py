"""The verdict on a target at one commit: found in one place, kept once, read by history and gate."""
