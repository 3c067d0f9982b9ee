"""Alerts: what is new, as feeds and as mails to those who asked for it."""
