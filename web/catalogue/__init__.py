"""The pages of what is known: organisations, cases, themes, and what helps machines find them."""
