"""Columns of directories: what a header means, in five languages, and what a person chose."""
