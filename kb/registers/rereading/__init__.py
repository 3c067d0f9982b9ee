"""Sources that are read again: where they are, how it went, and what they no longer list."""
