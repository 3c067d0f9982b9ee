"""Who took part in a case, in which role, for which need: proposals read out of a text."""
