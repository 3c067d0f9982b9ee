"""Pictures: uploads made small and clean, kept in the base under the hash of their content."""
