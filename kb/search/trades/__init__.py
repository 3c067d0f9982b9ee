"""The trades of the economy, which a query and a passage are compared with."""
