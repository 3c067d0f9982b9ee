"""Reads knowledge in, and exports it: a reader for each format, a pipeline, an export."""
