"""Entity resolution: which records are of one organisation, and how their claims are merged."""
