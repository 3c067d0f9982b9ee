"""Literal readings of a query: words that few texts have, quoted words, numbers and names."""
