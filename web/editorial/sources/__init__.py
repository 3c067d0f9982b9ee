"""The page of sources: who sees their contacts, which are read again, and what readings found."""
