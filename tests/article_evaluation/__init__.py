"""Measures how well labelled articles are read: `python -m tests.article_evaluation DIR`."""
