"""Signs of typography: what begins the items of lists, what ends and closes sentences."""

BULLETS = "•●▪◦‣"
"""Signs that are bullets and nothing else; formats add what their writers type instead."""

ENDING = ".!?…"
"""What ends a sentence."""

CLOSING = "»”\"')"
"""What may stand after the end of a sentence that it closes."""
