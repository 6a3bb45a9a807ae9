"""The list of walkthroughs, and new ones."""
