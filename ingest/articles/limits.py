"""The limits of what is read of an article: a file beyond them is refused with a remark."""

MAX_FILE_BYTES = 50_000_000
"""A file of any format."""
MAX_TEXT_BYTES = 5_000_000
"""A text, a page, a feed or a text in RTF, which are read whole."""
MAX_LINES = 20_000
"""The lines and paragraphs of a page, menus included."""
MAX_PDF_PAGES = 200
MAX_SCANNED_PAGES = 30
"""The pages of a PDF whose pictures are read by text recognition."""
MAX_SCAN_SECONDS = 120
"""The time of text recognition for a file."""
MAX_SCAN_PIXELS = 60_000_000
MAX_FEED_ITEMS = 200
