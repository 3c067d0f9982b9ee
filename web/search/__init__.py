"""The pages of a search: results, whom to call, why, and the report."""
