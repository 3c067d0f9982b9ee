"""The two families of type: subsets of installed fonts, made once and served from here."""
