"""The language model that the settings may name: the service, and how it words a need."""
