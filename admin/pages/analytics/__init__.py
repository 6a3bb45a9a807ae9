"""Numbers of what learners did, as tables, pictures and files."""
