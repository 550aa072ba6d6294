"""Threads beside the caller's, for all that begin some: the words, sorting and zstd of a new segment, and merges.

Python waits for a new thread to say that it runs. One that gets a stack but no memory to say so is waited for forever,
so there must be room for more than a stack before it begins.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_ROOM: Final = 32 << 20  # bytes of address space: a stack is 8 MB unless somebody has said otherwise


def new_thread(name: str) -> ThreadPoolExecutor:
    """A thread that runs, as a pool of one.

    Args:
        name: what it does, for debuggers.

    Raises:
        MemoryError: there is no room for it, or the system allows no more threads.

    >>> with new_thread("sums") as thread:
    ...     thread.submit(sum, [2, 3]).result()
    5
    """
    from concurrent.futures import ThreadPoolExecutor  # which takes a while, and readers do without

    pool = ThreadPoolExecutor(1, thread_name_prefix=f"newsindex-{name}")
    try:
        mmap.mmap(-1, _ROOM, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
        pool.submit(int)  # anything: it is the first that begins the thread
    except (OSError, RuntimeError) as error:
        pool.shutdown(wait=False)
        raise MemoryError(
            f"no room for one more thread: {error}; free some memory, or raise the limits on address space and on "
            "threads (ulimit -v, ulimit -u)"
        ) from error
    return pool
