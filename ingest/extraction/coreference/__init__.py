"""Who is who in an article: the references that mean the same organisation."""
