"""Changes of what Git owns, proposed at the host as a branch."""
