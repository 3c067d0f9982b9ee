"""Reads sources again: when each is due, and what a reading finds."""
