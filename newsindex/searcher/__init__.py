"""Plan to hits: running a plan on each segment, ranking, pages, facets, timelines, snippets.

`newsindex.index` calls it.

The package is not named `search` because `newsindex.search` is a function.
"""
