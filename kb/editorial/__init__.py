"""What people do to the knowledge base: ingest, reconcile, publish, withdraw, merge, erase."""
