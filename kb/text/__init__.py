"""Text as words and passages: folding, stems, Markdown, where a text is cut."""
