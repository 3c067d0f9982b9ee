"""Personal data: where it lies, what names a person, how it is erased, and how long it is kept."""
