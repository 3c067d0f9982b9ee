"""Search: hits for a query, with their evidence; `pipeline` reads from top to bottom."""
