"""The JSON API: reading for everyone, writing for who has a token."""
