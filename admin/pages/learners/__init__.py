"""Learners and their places."""
