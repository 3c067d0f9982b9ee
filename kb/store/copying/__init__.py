"""All tables of a base, copied to a new base in the same engine or another, and compared there."""
