"""What every page and route needs: addresses, sessions, languages, limits, templates, errors."""
