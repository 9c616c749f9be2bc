"""A status in words, as SQL of a row ``t`` of ``shipment_tracking``: for those who have only the database."""

from isthmus_platform.milestones import SENTENCES

_CASES = " ".join(
    f"WHEN '{code}' THEN '{words}'"
    f" || coalesce(' {preposition} ' || (SELECT name FROM place WHERE code = t.status_place), '')"
    for code, (words, preposition) in SENTENCES.items()
)
DESCRIPTION = f"CASE t.status {_CASES} ELSE initcap(t.status) END"
