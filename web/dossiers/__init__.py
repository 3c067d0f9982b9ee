"""Dossiers: a need, the organisations picked for it, and what is done with them."""
