"""The dashboard: sign-in and Flask-Admin pages, each scoped to one organization.

build      joins the parts and registers the pages
commands   makes an organization and its owner
demo       an organization to try things with
pages      one class for each kind of page
access     who may sign in, what they see, what they may change
forms      the fields of the forms
formats    how values are shown, and kept harmless in a spreadsheet
git_lock   why a Git-managed row is read-only, and where its file is
saving     one transaction for a change
"""

from admin.build import build_admin

__all__ = ["build_admin"]
