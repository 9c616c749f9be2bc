"""Proof of what agreements permit: they are compiled to SMT, and claims kept beside them are checked by Z3.

``cases`` are requests as the gate sees them, ``compiler`` says in formulas what the gate does with any of
them, ``claims`` are what must never happen, ``proof`` looks for a case in which it would and puts it to the
gate itself, and ``flows`` says what one version of an agreement lets cross that another does not.
"""
