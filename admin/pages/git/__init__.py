"""Content sources."""
