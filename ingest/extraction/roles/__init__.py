"""Deeds of participants, by the verbs and nouns around their mentions."""
