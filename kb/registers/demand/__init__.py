"""Demand: how often was searched, and which needs were asked and not found; never by whom."""
