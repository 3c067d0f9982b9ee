"""Where a page names its title, authors, dates and themes, and what is none of its text."""
