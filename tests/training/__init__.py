"""Fits the bundled judge of participants to the labelled articles, and measures it."""
