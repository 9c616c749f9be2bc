"""The key behind the marks of financed invoices (:mod:`isthmus_protocol.financing`), and what it answers."""
