"""Files of a content repository to content, and back; no database, no Git, no web."""
