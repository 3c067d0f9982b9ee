"""The sources of the widget's script, and what builds it."""
