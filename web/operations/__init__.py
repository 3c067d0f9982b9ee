"""What keeps the site running and says how it does: connections, health, metrics, its requests."""
