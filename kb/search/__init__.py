"""From a query to hits with their evidence: `pipeline` reads from top to bottom."""
