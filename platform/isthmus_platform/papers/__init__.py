"""Papers: what a trade's documents say, as data: typed, compared, signed, shown in part.

The pure modules: :mod:`parts` and :mod:`kinds` are the data, :mod:`plain` its JSON, :mod:`ubl` its UBL 2.4
XML, :mod:`comparing` what differs between papers.
"""
