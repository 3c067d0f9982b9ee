"""Faults and long work: what a knowledge base survives. pytest collects none of it."""
