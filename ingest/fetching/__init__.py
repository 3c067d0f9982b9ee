"""Fetching from the web: which addresses, and how much of each."""
