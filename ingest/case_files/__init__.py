"""Cases whose facts are written down: Markdown with front matter."""
