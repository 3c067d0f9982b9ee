"""What searchers import before they are forked (`web.operations.forking`): all that is code.

No thread may run yet, and no model be loaded: neither would be whole in a fork.
"""

import gc

import web.searcher  # noqa: F401 (imported for those that are forked)

# What lives now lives as long as the processes: looking through it would copy its pages.
gc.collect()
gc.freeze()
