"""The need that was met, as a phrase of an article: a matter, and often its use."""
