"""Files of strangers, read in processes of their own: what is asked of these, and what they do."""
