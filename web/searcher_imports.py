"""What searchers share, since it is there before they are forked: all code, places, dictionaries.

No thread may run yet, and no model be loaded: neither would be whole in a fork.
"""

import gc

gc.disable()

from web.searcher import read_shared  # noqa: E402

read_shared()

# What lives now lives as long as the processes: looking through it would copy its pages.
gc.collect()
gc.freeze()
gc.enable()
