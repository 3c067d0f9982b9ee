"""Which records tell of the same organisation, and what they say together."""
