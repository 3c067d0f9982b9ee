"""The identity of the operator: name, logo, colour, contact and legal texts of the site."""
