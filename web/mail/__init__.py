"""Mail: what this site writes to people, and the way to a mail server."""
