"""What an article says of who took part, in which role, to meet which need, as proposals."""
