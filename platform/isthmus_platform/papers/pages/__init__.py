"""Papers as pages: what stands in which box of the UN Layout Key, and drawing it as a PDF.

:mod:`faces` says, for each type, which member stands where; :mod:`sheet` makes texts of a paper's data;
:mod:`drawing` puts them on A4; :mod:`fonts` knows which characters can be drawn.
"""
