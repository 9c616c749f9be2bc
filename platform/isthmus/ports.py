"""Ports in use, told before anything starts, with the process that holds them where it may be known."""

import socket

import psutil

from isthmus.errors import CannotRun


def demand_free(host: str, ports: dict[str, int]) -> None:
    """Raise :class:`CannotRun` naming every port of ``ports`` (by what it is for) that is taken."""
    taken = [
        f"port {port} (for the {name}) is in use{_holder(port)}"
        for name, port in ports.items()
        if not _is_free(host, port)
    ]
    if taken:
        raise CannotRun(
            f"Isthmus cannot start: {'; '.join(taken)}. Stop that, or set ISTHMUS_PORT to another number."
        )


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            listening = connection.status == psutil.CONN_LISTEN
            if listening and connection.pid and connection.laddr and connection.laddr[1] == port:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return ""
    return ""
