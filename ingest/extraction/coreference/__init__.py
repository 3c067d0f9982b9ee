"""Coreference: groups the references of an article that mean the same organisation."""
