"""Refuses workbooks that would fill the memory, before a library reads them."""
