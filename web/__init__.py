"""How people and sites reach the knowledge base: pages, the JSON API, the command line."""
