"""Processes that read what strangers sent, each within limits that the operating system keeps."""
