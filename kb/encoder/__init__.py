"""Encoders of text as unit vectors: their interface, engines and default weights."""
