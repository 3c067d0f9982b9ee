"""Proposals from an article: who took part, in which role, to meet which need."""
