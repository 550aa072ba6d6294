# cython: language_level=3
"""When a kernel lets other threads run meanwhile.

To give the GIL away and to take it back costs nothing as long as one thread searches. But where another waits for it,
that one gets it and keeps it for as much Python as it has to run, some 30 us, while the first waits: two threads that
give it away every few microseconds are slower together than one alone. So a kernel keeps it unless its work is long.
"""

cdef enum:
    LONG = 16_384  # postings to be looked at, which take 50 to 100 us
    SCORED = 32    # what scoring a word in an article counts as, or looking for a phrase in one
