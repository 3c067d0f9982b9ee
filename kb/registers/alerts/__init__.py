"""Alerts: what people asked to be told of, and the mails on their way to them."""
