"""Screening of parties, vessels and goods against lists that the operator loads.

What is on a list is compared with what members name; what comes close enough is a hit with its explanation,
which blocks nothing and waits for two people of the member whose data it is. Nothing of it crosses the
bridge.
"""
