"""The store in a PostgreSQL database: its schema, its connection, its search."""
