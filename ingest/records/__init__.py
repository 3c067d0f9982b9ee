"""From the values of a row or a case file to a record: names of fields, parsers, refusals."""
