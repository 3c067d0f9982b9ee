"""Pages in a real Chromium; one browser for all of them."""
