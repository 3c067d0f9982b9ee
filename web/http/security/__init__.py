"""Who may do what, and how much: sessions, the secret that signs them, headers, limits."""
