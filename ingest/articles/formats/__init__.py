"""One reader per format of document; each gives blocks of text in order."""
