from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np
import pytest
from threadpoolctl import threadpool_info

from kb.indexing.faiss_index import Index
from kb.trade_index.trade_index import BUNDLED, TradeIndex

ROWS = np.eye(1, 384, dtype=np.float32)


def _votes() -> object:
    return TradeIndex.read(BUNDLED).votes(ROWS, 5, 0.1)


@pytest.mark.parametrize(
    "search",
    [
        lambda: Index("e", 384).neighbours(ROWS[0], 5),
        lambda: Index("e", 384).neighbours_of_each(ROWS, 5),
        _votes,
    ],
    ids=["neighbours", "neighbours of each", "votes"],
)
def test_whichever_thread_searches_faiss_computes_in_it_alone(search: Callable[[], object]) -> None:
    """OpenMP gives each new thread as many as there are cores, whatever another one chose."""

    def threads_of_a_search() -> int:
        faiss.omp_set_num_threads(3)
        search()
        return faiss.omp_get_max_threads()

    with ThreadPoolExecutor(1) as another:
        assert another.submit(threads_of_a_search).result() == 1


def test_numpy_multiplies_with_one_thread() -> None:
    """With as many as there are cores, a search waits for whatever else runs on these."""
    counts = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert set(counts) == {1}
