"""How we reach PostgreSQL."""
