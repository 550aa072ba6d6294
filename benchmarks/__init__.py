"""How fast newsindex is beside its peers, and how well it finds what was meant.

`python -m benchmarks` in the repository's root measures indexing, queries and startup and prints tables; `--help` tells
of the other commands and the options. Nothing here is part of the library. What follows is about speed, measured on the
same articles in one run; `python -m benchmarks relevance` is described in `benchmarks.relevance`.

**Articles.** Real ones from a file (`--corpus`), evenly spaced over it, or generated ones (`benchmarks.generator`). All
engines get the same ones, of which the last wins where ids repeat. A million fit: none of the commands but `relevance`
holds them all in one process, an engine's own adapter excepted.

**Analysis.** All engines index the same terms: newsindex's tokens, stemmed, with positions, stop words included. What
each engine is given beyond that, and what it is spared, is written in its adapter (`benchmarks.engines`) and
in the JSON, field `given`.

**Indexing.** Each build runs in a child process of its own. The clock runs from the empty directory to the end of the
commit. Up to 100,000 articles are read into memory first; more are read while the engine builds, and the time that it
waits for them is taken off (`benchmarks.build` says how, and how exact that is). Engines take turns, round by round,
and the order is turned around in every other round. Peak memory is that of the whole process; growth is what the peak
rose above the memory that the process held before, articles included.

**Queries.** Drawn from the articles themselves (`benchmarks.queries`). The clock runs from the query string to ten hits
whose id, title, date, source and score have been read. The index is warm, since each class is first run on queries of
its own; the query is not: within a class each round has queries that the engines have not seen, as far as the articles
have so many. In a round all engines answer the same queries, in turns as above. The number of hits is counted by all
engines outside the timing and compared; newsindex counts inside it too, as its results always know it.

**Threads.** The same classes once more, by one thread and by two, on the open indexes that threads may share: what the
second thread adds to the first one's throughput (`benchmarks.threads`).

**Scale.** Indexing and queries at growing sizes, the same queries at all of them (`benchmarks.scale`).

**Startup.** From `import` to the first answer, in fresh processes (`benchmarks.startup`).

**Figures.** Median and 99th percentile over all rounds. A ratio is formed within a round and shown as
the median of the rounds, with the lowest and the highest behind it: on a busy machine times mean little, ratios more,
and their spread says how much. That is why neither pytest-benchmark nor pyperf takes the times here: they run all of
one engine before any of the next, so that a machine that changes its speed meanwhile changes the ratio. `compare` tells
whether a run is worse than an earlier one by more than that spread (`benchmarks.compare`).

**History.** `benchmarks/history` has a run of each release, called by its version, and one of `scale`. `plot` draws
`speed.svg` and `scale.svg` there. For a release 1.2.0, on a machine that does nothing else:

    python -m benchmarks all --corpus news.jsonl.gz --articles 0 --json benchmarks/history/1.2.0.json
    python -m benchmarks scale --articles 1000000 --json benchmarks/history/1.2.0-scale.json
    python -m benchmarks compare benchmarks/history/1.1.0.json benchmarks/history/1.2.0.json
    python -m benchmarks plot

Take the articles of the releases before, or nothing can be compared.
"""
