"""What is fetched from the web: from where, and how much of it."""
