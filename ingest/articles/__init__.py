"""Articles: from a file of any format to a title, a byline, dates and text."""
