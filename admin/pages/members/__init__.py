"""Members, invitations, passwords and sessions."""
