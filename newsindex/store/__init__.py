"""Bytes on disk: files, checksums, commits, the writer's lock. Knows nothing about words; `newsindex.index` calls it.

=============== =====================================================================================
`directory`     the one door to the file system, so that a test can stand in for a failing disk
`sections`      one immutable, checksummed file of named arrays: what a segment or its tombstones are;
                `section_writer` and `section_reader` write and read it, `salvage` reads what is left of one
`manifest`      which files make up the index: `manifest.json`, its commit protocol, and the sweep
`lock`          one writer at a time
`articles`      the stored articles: one zstd frame each, with a dictionary trained per segment
=============== =====================================================================================
"""
