"""The trade index: which trades a text is about, by the phrases of activity indexes near to it."""
