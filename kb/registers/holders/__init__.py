"""Whose pages are: the organisations that hold theirs, and what people say is wrong on a page."""
