"""Content into rows: the only writer of walkthroughs and their steps."""
