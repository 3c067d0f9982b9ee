"""One thread for each search: more would wait for each other, and for those of other searches.

OpenMP (FAISS) is limited for each thread that calls it, BLAS (NumPy) for the whole process.
"""

import faiss
from threadpoolctl import threadpool_limits

threadpool_limits(1, user_api="blas")


def take_one_thread() -> None:
    """Has FAISS compute in the thread that calls this, and in no other."""
    faiss.omp_set_num_threads(1)
