"""The dashboard: sign-in and Flask-Admin pages, each scoped to one organization."""

from admin.build import build_admin

__all__ = ["build_admin"]
