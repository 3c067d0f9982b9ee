"""What people do to the knowledge base: contributions, their history, and who makes them."""
