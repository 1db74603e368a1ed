"""What runs, since when, and how it ended."""
