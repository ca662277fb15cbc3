"""What a daemon is asked and what it answers: paths, queries, documents, refusals. Pure.

`operations` is the one declaration of the interface: the server routes by it, `queries` reads by
it and `openapi` describes it. `shapes` does the same for documents: one table of fields makes both
a document and its schema.
"""
