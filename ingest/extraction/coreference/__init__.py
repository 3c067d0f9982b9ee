"""Who is who in one article: references that mean the same organisation, gathered."""
