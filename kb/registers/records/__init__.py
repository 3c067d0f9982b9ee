"""What is known of records: their versions, what sources say of them, and likely doubles."""
