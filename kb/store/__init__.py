"""The database: migrations, transactions, records, passages. The one room that speaks SQL."""
