"""The reader: an encoder adapted to articles says who takes part, as what, and what was needed."""
