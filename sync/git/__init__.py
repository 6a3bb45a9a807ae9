"""A repository at a host, and what hosts do differently."""
