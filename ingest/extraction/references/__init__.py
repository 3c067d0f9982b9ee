"""Where sentences refer to organisations: by a known name, by a new one, or by what they are."""
