"""Why a hit stands where it stands: shares of words, sums of scores, signed reports."""
