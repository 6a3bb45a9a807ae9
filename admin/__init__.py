"""The dashboard: sign-in and Flask-Admin pages, each scoped to one organization.

serve_command  `flask serve`
command_list   every other command, and where it is
build          joins the parts and registers the pages
commands       makes an organization and its owner
demo           makes the demo organization
pages          one class for each kind of page
access         sign-in, sessions, roles, and the limit to one organization
forms          the fields of the forms
formats        values as text, safe for spreadsheets
git_lock       why a Git-managed row is read-only, and where its file is
saving         one transaction for a change
"""
