"""The text of a page, one change after the other; `convert_body` has the order."""
