"""The identity of the site on its pages: settings, colours, logo, legal texts."""
