"""What is installed on a server: examples of its configuration, the lock, the bill of materials."""
