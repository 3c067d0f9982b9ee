"""References of sentences to organisations: by a known name, a new name or a noun phrase."""
