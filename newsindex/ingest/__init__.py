"""Files in, articles out: `read_articles` streams `Article`s from text, JSON and table files.

One module per format (`seedtext`, `jsonfiles`, `tables`) turns a file into records; `records` turns a record into an
`Article`; `paths` finds the files, `compressed` and `encoding` turn their bytes into UTF-8, and `reader` ties them
together. Programs and the command line call `read_articles`; nothing else in here is meant for them.
"""

from newsindex.ingest.reader import ArticleReader, read_articles

__all__ = ["ArticleReader", "read_articles"]
