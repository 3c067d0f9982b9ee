"""Who is signed in, and who tried to be."""
