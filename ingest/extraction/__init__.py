"""Proposals read from a text: who took part in a case, in which role, for which need."""
