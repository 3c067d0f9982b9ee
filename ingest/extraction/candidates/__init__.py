"""Candidates: the organisations that an article refers to, by name or by what they are."""
