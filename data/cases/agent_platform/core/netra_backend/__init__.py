"""The backend of a small agent platform."""
