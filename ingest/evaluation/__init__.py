"""How much of what an article says is read out of it: labelled articles, and scores."""
