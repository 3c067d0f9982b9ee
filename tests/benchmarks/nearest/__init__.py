"""How fast, and how surely, the nearest of very many passages are found."""
