"""Row-level security as the migrations write it: forced, and one policy for each kind of access."""


def protect(table: str, *, read: str, add: str | None = None, change: str | None = None) -> list[str]:
    """Return the SQL that forces row-level security on ``table``.

    ``read`` says which rows are visible, ``add`` which may be inserted (as ``read`` when not given) and
    ``change`` which may be updated (none when not given). Nothing may be deleted: what ends is marked so.
    """
    statements = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY visible ON {table} FOR SELECT USING ({read})",
        f"CREATE POLICY added ON {table} FOR INSERT WITH CHECK ({add or read})",
    ]
    if change is not None:
        statements.append(
            f"CREATE POLICY changed ON {table} FOR UPDATE USING ({change}) WITH CHECK ({change})"
        )
    return statements
