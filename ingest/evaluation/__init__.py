"""Evaluation of article reading: labelled articles, comparison and scores."""
