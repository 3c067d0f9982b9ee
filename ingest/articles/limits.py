"""How much of an article is read: beyond these, a file is refused with a line that says so."""

MAX_FILE_BYTES = 50_000_000
"""A file of any format."""
MAX_TEXT_BYTES = 5_000_000
"""A text, a page or a feed: what is read whole."""
MAX_LINES = 20_000
"""The lines and paragraphs of a page, its menus too."""
MAX_TAGS = 60_000
"""The tags of a page."""
MAX_ATTRIBUTES = 2_000
"""The attributes of a tag."""
MAX_PDF_PAGES = 200
MAX_PDF_SECONDS = 60.0
"""How long the pages of a PDF may take to be read, all together."""
MAX_UNPACKED_BYTES = 100_000_000
"""What an office document may unpack to."""
MAX_UNPACKING_RATIO = 200
"""How many times its packed size a part of an office document may unpack to."""
MAX_FEED_ITEMS = 200
