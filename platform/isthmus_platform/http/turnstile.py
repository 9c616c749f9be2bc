"""Quotas over HTTP: ``RateLimit`` and ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers), 429."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, after_this_request, g

from isthmus_platform.database import Actor
from isthmus_platform.quotas import QuotaExceeded, Quotas, Standing

UNITS = {"cost": ';qu="fields"'}


@dataclass(frozen=True)
class Turnstile:
    """Counts the present request; every answer tells where its client stands."""

    quotas: Quotas

    def admit(self, actor: Actor, name: str = "requests", amount: int = 1) -> None:
        """Take ``amount`` from a quota of the client, or raise :class:`QuotaExceeded`."""
        try:
            _tell(self.quotas.take(actor.subject, name, amount))
        except QuotaExceeded as exceeded:
            _tell(exceeded.standing)
            after_this_request(_later)
            raise


def _tell(standing: Standing) -> None:
    if "standings" not in g:
        g.standings = []
        after_this_request(_told)
    g.standings.append(standing)


def _told(answer: Response) -> Response:
    answer.headers.update(headers(g.standings))
    return answer


def headers(standings: Sequence[Standing]) -> dict[str, str]:
    """Return what tells a client where it stands."""
    return {
        "RateLimit-Policy": ", ".join(
            f'"{each.name}";q={each.quota};w={each.window}{UNITS.get(each.name, "")}' for each in standings
        ),
        "RateLimit": ", ".join(f'"{each.name}";r={each.left};t={each.resets_in}' for each in standings),
    }


def _later(answer: Response) -> Response:
    answer.headers["Retry-After"] = str(g.standings[-1].resets_in)
    return answer
