"""The dashboard: sign-in and Flask-Admin pages, each scoped to one organization."""
