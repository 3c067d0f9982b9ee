"""The knowledge base: what is known, and how it is found."""
