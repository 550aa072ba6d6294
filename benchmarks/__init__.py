"""How fast newsindex is beside its peers, and how well it finds what was meant.

`python -m benchmarks` in the repository's root measures indexing and queries and prints two tables; `--help` tells of
the options. Nothing here is part of the library. What follows is about speed, measured on the same articles in one run;
`python -m benchmarks relevance` is described in `benchmarks.relevance`.

**Articles.** Real ones from a file (`--corpus`), evenly spaced over it, or generated ones (`benchmarks.generator`). All
engines get the same ones, of which the last wins where ids repeat.

**Analysis.** All engines index the same terms: newsindex's tokens, stemmed, with positions, stop words included. What
each engine is given beyond that, and what it is spared, is written in its adapter (`benchmarks.engines`) and
in the JSON, field `given`.

**Indexing.** Each build runs in a child process of its own that first reads the articles into memory. The clock runs
from the empty directory to the end of the commit. Engines take turns, round by round, and the order is turned around
in every other round. Peak memory is that of the whole process; growth is what the peak rose above the memory that the
process held before, articles included.

**Queries.** Drawn from the articles themselves (`benchmarks.queries`). The clock runs from the query string to ten hits
whose id, title, date, source and score have been read. The index is warm, since each class is first run on queries of
its own; the query is not: within a class each round has queries that the engines have not seen, as far as the articles
have so many. In a round all engines answer the same queries, in turns as above. The number of hits is counted by all
engines outside the timing and compared; newsindex counts inside it too, as its results always know it.

**Figures.** Median and 99th percentile over all rounds. A ratio is formed within a round and shown as
the median of the rounds, with the lowest and the highest behind it: on a busy machine times mean little, ratios more,
and their spread says how much.
"""
