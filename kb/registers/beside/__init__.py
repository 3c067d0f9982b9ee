"""What a folder has beside its database, kept in the database of a base that is in no folder."""
