"""The application: agents, services and the events they send."""
