"""Plain create, read, update and delete over the tables, for owners."""
