"""What the running interpreter says: the probe, and its comparison with the static view."""
