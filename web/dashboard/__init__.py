"""The dashboard of moderators: what is asked, found, missing, waiting and ageing, in figures."""
