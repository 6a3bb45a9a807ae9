"""Which courses a folder holds: a file for each format, `detect` asks them in turn."""
