"""What searchers share, since it is there before they are forked: all code, and the dictionaries.

No thread may run yet, and no model be loaded: neither would be whole in a fork.
"""

import gc

gc.disable()

import web.searcher  # noqa: E402, F401 (imported for those that are forked)
from kb.hints.spelling import read_dictionaries  # noqa: E402

read_dictionaries()

# What lives now lives as long as the processes: looking through it would copy its pages.
gc.collect()
gc.freeze()
gc.enable()
