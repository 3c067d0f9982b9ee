"""Scripts that make the tables of kb/reference, from open data."""
