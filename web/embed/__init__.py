"""The search on pages of other sites: the widget, the frame, and the page that shows how."""
