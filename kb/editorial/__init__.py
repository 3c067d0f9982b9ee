"""Changes of the knowledge base by people: ingest, reconcile, publish, withdraw, merge, erase."""
