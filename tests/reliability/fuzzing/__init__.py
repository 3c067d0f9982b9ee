"""What is fuzzed, from which files it starts, how they are changed, and what must hold."""
