"""One thread a search, since more would wait: by caller in OpenMP (FAISS), by process in BLAS."""

import faiss
from threadpoolctl import threadpool_limits

threadpool_limits(1, user_api="blas")


def take_one_thread() -> None:
    faiss.omp_set_num_threads(1)
