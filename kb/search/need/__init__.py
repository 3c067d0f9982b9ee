"""Need or not: whether a text asks for what a firm could do, and which of its sentences ask."""
