"""Servers, what each offers, and how to connect."""
