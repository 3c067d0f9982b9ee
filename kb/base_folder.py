"""The names of files in the folder of a knowledge base."""

DATABASE_FILE = "kb.sqlite"
# Holds what signs cookies, forms and reports, unless QUISAIT_SECRET does; for its owner alone.
SECRET_FILE = "secret"  # noqa: S105 (its name)
MIN_SECRET_CHARS = 32
UPLOADS = "uploads"  # a folder for each upload, named by 32 hexadecimal digits, with one file
ASIDE = "replaced-"  # begins names of folders (schemas, in PostgreSQL) that a restore replaced
