"""What the window answered to a party's questions about a consignment, with the log's entry of each."""

from sqlalchemy import select

from isthmus_platform.crossings.records import Crossing
from isthmus_platform.database import Work


def latest(work: Work, subject: str, message: str, purpose: str) -> Crossing | None:
    """Return the newest crossing of ``message`` about ``subject`` that was for the acting party."""
    query = select(Crossing).where(
        Crossing.subject == subject,
        Crossing.message == message,
        Crossing.purpose == purpose,
        Crossing.requester_id == work.actor.party_id,
    )
    return work.session.scalar(query.order_by(Crossing.id.desc()).limit(1))
