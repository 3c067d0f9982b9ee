"""Records as forms: what is typed, cleaned as files are, and what is wrong with it."""
