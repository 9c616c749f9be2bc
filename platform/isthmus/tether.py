"""Run a command that ends with its parent, as another user if asked.

    python tether.py PARENT SIGNAL UID GID COMMAND [ARGUMENT ...]

The kernel forgets the wish to die with the parent when credentials change, so the order matters: first the
user, then the wish, then a look whether the parent is still there. It runs with the standard library only.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with(parent: int, signal_number: int) -> None:
    """Ask the kernel for ``signal_number`` when ``parent`` ends; end now if it already has. Linux only."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def main(arguments: list[str]) -> None:
    """Become the user, tie to the parent, become the command."""
    parent, signal_number, uid, gid = (int(each) for each in arguments[:4])
    command = arguments[4:]
    if os.geteuid() == 0 and uid != 0:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    die_with(parent, signal_number)
    os.execv(command[0], command)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
