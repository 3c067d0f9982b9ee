"""Directories of actors: one reader per format, and from a row to an actor."""
