"""What a target was at its commits: figures, findings that came and went, and who brought them in."""
