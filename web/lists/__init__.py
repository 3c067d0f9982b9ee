"""My list: picked organisations, their page and its files."""
