"""Events to the browser."""
