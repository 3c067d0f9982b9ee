"""Holders: organisations that hold their page, and what people say is wrong on a page."""
