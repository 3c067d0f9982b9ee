"""Boosts: what raises an actor above its own words: cases, precedents in close trades, its name."""
