"""Many visitors at once, for minutes and for long: what a server then answers, takes and keeps."""
