"""How knowledge gets in, and out again: one reader per format, one pipeline, one export."""
