"""The names of what lies in the folder of a knowledge base."""

DATABASE_FILE = "kb.sqlite"

SECRET_FILE = "secret"  # noqa: S105 (its name)
"""Holds what signs cookies, forms and reports, unless QUISAIT_SECRET does; for its owner alone."""

MIN_SECRET_CHARS = 32

UPLOADS = "uploads"
"""Holds a folder for each upload, with a name of 32 hexadecimal digits and one file in it."""

ASIDE = "replaced-"
"""Begins the names of folders with what a restored backup replaced; of schemas, in PostgreSQL."""
