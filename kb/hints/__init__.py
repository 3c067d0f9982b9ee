"""Hints for who types a need: what it may become, what was meant, and what is near it."""
