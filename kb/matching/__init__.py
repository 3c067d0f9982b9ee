"""Notices of the board that belong together: how close they are, and which are proposed."""
