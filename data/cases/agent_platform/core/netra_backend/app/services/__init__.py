"""What the outside calls."""
