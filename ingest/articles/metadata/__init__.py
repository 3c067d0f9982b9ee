"""Title, authors, dates and themes of a page, and the parts outside its text."""
