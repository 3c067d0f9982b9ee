"""Maps of where organisations are: drawn by the server, and larger ones by a script."""
