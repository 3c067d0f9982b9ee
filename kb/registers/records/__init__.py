"""Versions of records, claims of sources about them, and likely doubles."""
