"""The inverted index proper: building, posting lists, dictionaries, columns, merging. No I/O happens here.

A segment is built by `build`, merged by `merge` and read by `segment`; each hands its arrays to, or takes them from, a
few methods that `newsindex.store` implements on files.
"""
