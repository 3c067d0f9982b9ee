"""Hints: what a need may become, what was meant, what is near it, which notices fit."""
