"""How well newsindex finds what was meant, beside simpler ways to treat words: `python -m benchmarks relevance`.

All ways run on the same engine (`benchmarks.relevance.variants`), so the figures differ by what a word is and by
nothing else. Two questions are asked of each:

**Joining forms** (`benchmarks.relevance.joining`). Every form of a list is an article of one word; the query for a form
joins it with the forms that it finds. A pair is right where both are forms of one lemma.

**Finding articles** (`benchmarks.relevance.retrieval`). An article by its title, where only bodies are indexed; and
what editors linked to an article, by its title. Each with the question as it was written and without its diacritics.

The measures are those of ir-measures (`benchmarks.relevance.measures`). Where links or duplicates are not known in
full, as in any archive, the figures serve to compare ways and say little by themselves. So do the pairs of a sampled
list: the more of a language is in a list, the more words there are to be taken for one another.
"""
