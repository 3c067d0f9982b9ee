"""Upkeep: a base copied, brought back and checked, and what is wrong with an installation."""
