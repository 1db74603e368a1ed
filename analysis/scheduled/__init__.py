"""Reports that nobody waits for: one run at a time, old runs removed, the outcome in one line, and who is notified."""
