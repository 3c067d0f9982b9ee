"""Personal data: found and erased for an administrator, and forgotten when it is old."""
