"""The outbox's handler for crossings: builds what is asked, hands it to the bridge, keeps what it decides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update

from isthmus_platform import outbox, parties
from isthmus_platform.crossings.asked import QuestionRefused, permit
from isthmus_platform.crossings.bridge_client import BridgeClient, BridgeUnavailable
from isthmus_platform.crossings.records import BRIDGE, Crossing
from isthmus_platform.database import Actor, Platform, Work
from isthmus_platform.errors import InvalidInput, PlatformError
from isthmus_protocol.agreements import Agreement, Direction, Role
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.fields import Field
from isthmus_protocol.messages import Consent, ExchangeAnswer, ExchangeRequest
from isthmus_protocol.projection import MalformedField, copy_fields, leaf_paths
from isthmus_protocol.shapes import MalformedMessage


def _as_asked(work: Work, crossing: Crossing) -> None:
    """Leave the crossing as it was asked for."""


def _submit(bridge: BridgeClient, request: JsonObject, request_id: str) -> ExchangeAnswer:
    """Hand the request over as it is."""
    return bridge.submit(request, request_id=request_id)


@dataclass(frozen=True)
class Outgoing:
    """What the service behind a message says about it.

    ``assemble`` gives everything the platform could say, from data the requester may see; only fields of the
    agreement, and those asked for beyond it, are taken from it. ``settled`` hears of each new state, in the
    transaction that sets it. ``prepare`` brings the crossing's owner and consents up to date before it is
    sent. The latter two act under the duty ``bridge-inbox``. ``send`` hands the request over, each time the
    same, and returns what the bridge decided. Questions of yes or no are held to the agreement on the message
    ``answered_by``, since the bridge refuses their answer to the window, and the asker would not hear of it.
    """

    assemble: Callable[[Work, Crossing], JsonObject]
    settled: Callable[[Work, Crossing], None]
    prepare: Callable[[Work, Crossing], None] = _as_asked
    send: Callable[[BridgeClient, JsonObject, str], ExchangeAnswer] = _submit
    answered_by: str | None = None


@dataclass(frozen=True)
class Sender:
    """Handles the outbox's topic ``crossing``; a second call for one crossing changes nothing more."""

    platform: Platform
    bridge: BridgeClient
    outgoing: Mapping[str, Outgoing]

    def __call__(self, message: outbox.Message) -> None:
        """Send one crossing; raises :class:`outbox.TryLater` when the bridge cannot be reached."""
        crossing_id = UUID(message.payload["crossing"])
        with self.platform.begin(BRIDGE, request_id=message.request_id) as work:
            crossing = work.session.scalars(select(Crossing).where(Crossing.id == crossing_id)).one()
            requester = parties.actor_of(parties.get(work, crossing.requester_id), "task:crossing")
            if crossing.request is None:
                self.outgoing[crossing.message].prepare(work, crossing)
        if crossing.state != "REQUESTED":
            return
        try:
            body = crossing.request or self._fix(crossing, requester)
            answer = self.outgoing[crossing.message].send(self.bridge, body, message.request_id)
        except BridgeUnavailable as error:
            raise outbox.TryLater(error.message) from error
        except QuestionRefused as error:
            self._settle(message, crossing_id, _refusal(error))
        except PlatformError as error:
            self._settle(message, crossing_id, _failure(error))
        else:
            self._settle(message, crossing_id, _decision(answer))

    def _fix(self, crossing: Crossing, requester: Actor) -> JsonObject:
        """Decide what is sent, and keep it before the first attempt: each further attempt sends the same."""
        agreement = self.bridge.active_agreement(crossing.message, crossing.direction, crossing.purpose)
        answer = self._agreement_on_answer(crossing)
        with self.platform.begin(requester) as work:
            if crossing.asked and answer is not None:
                permit(work, crossing.subject, crossing.asked, answer, of=crossing.id)
            payload = self.outgoing[crossing.message].assemble(work, crossing)
            request = _request(work, crossing, agreement, payload)
        with self.platform.begin(BRIDGE) as work:
            work.session.execute(
                update(Crossing)
                .where(Crossing.id == crossing.id, Crossing.request.is_(None))
                .values(
                    request=request.to_json(),
                    fields=list(request.fields),
                    legal_basis=None if agreement is None else agreement.legal_basis.citation,
                )
            )
            fixed = work.session.scalars(select(Crossing.request).where(Crossing.id == crossing.id)).one()
        return fixed or request.to_json()

    def _agreement_on_answer(self, crossing: Crossing) -> Agreement | None:
        answered_by = self.outgoing[crossing.message].answered_by
        if not crossing.asked or answered_by is None:
            return None
        return self.bridge.active_agreement(answered_by, Direction.FROM_WINDOW.value, crossing.purpose)

    def _settle(self, message: outbox.Message, crossing_id: UUID, change: Callable[[Crossing], None]) -> None:
        with self.platform.begin(BRIDGE, request_id=message.request_id) as work:
            query = select(Crossing).where(Crossing.id == crossing_id, Crossing.state == "REQUESTED")
            crossing = work.session.scalar(query.with_for_update())
            if crossing is None:
                return
            change(crossing)
            crossing.request = None
            crossing.updated_at = work.now
            work.session.flush()
            self.outgoing[crossing.message].settled(work, crossing)


def _decision(answer: ExchangeAnswer) -> Callable[[Crossing], None]:
    def change(crossing: Crossing) -> None:
        crossing.exchange = UUID(answer.exchange)
        crossing.state = answer.state.value
        crossing.reason = None if answer.reason is None else answer.reason.value
        crossing.field = answer.field
        if answer.agreement is not None:
            crossing.agreement_id = answer.agreement.id
            crossing.agreement_version = answer.agreement.version
        crossing.log_index = answer.log_index
        crossing.promise = answer.promise

    return change


def _refusal(error: QuestionRefused) -> Callable[[Crossing], None]:
    def change(crossing: Crossing) -> None:
        crossing.state = "REFUSED"
        crossing.reason = error.reason
        crossing.field = error.field

    return change


def _failure(error: PlatformError) -> Callable[[Crossing], None]:
    def change(crossing: Crossing) -> None:
        crossing.state = "FAILED"
        crossing.reason = error.code
        crossing.field = error.field

    return change


def _request(
    work: Work,
    crossing: Crossing,
    agreement: Agreement | None,
    payload: JsonObject,
) -> ExchangeRequest:
    """Return the request with the permitted fields that have a value, and with what was asked for beyond."""
    permitted = set() if agreement is None else agreement.paths & set(leaf_paths(payload))
    fields = tuple(sorted(permitted | set(crossing.additional_fields)))
    names = parties.get_many(work, {crossing.party_id, crossing.requester_id})
    try:
        return ExchangeRequest(
            idempotency_key=str(crossing.id),
            message=crossing.message,
            direction=Direction(crossing.direction),
            purpose=crossing.purpose,
            party=names[crossing.requester_id].name,
            role=_role(work.actor, agreement),
            owner=names[crossing.party_id].name,
            subject=crossing.subject,
            in_reply_to=None,
            consents=tuple(Consent.from_json(each) for each in crossing.consents),
            fields=fields,
            payload=copy_fields((Field(path) for path in fields), payload),
        )
    except MalformedMessage as error:
        raise InvalidInput("The request breaks a rule.", field=error.field, code=error.rule) from error
    except MalformedField as error:
        raise InvalidInput("The field cannot cross.", field=error.field, code="field_malformed") from error


def _role(actor: Actor, agreement: Agreement | None) -> Role:
    """Return the role in which the actor asks: one the agreement addresses, where it has one."""
    held = sorted(Role(role.value) for role in actor.roles)
    addressed = [role for role in held if agreement is not None and role in agreement.audience]
    return (addressed or held)[0]
