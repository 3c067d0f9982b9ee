"""Hints for who types a need, as the search field asks for them."""
