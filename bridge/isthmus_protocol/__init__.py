"""What both sides of the bridge agree on, pure and without I/O: all that an auditor needs."""
