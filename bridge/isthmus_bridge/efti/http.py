"""The platform's API for gates (``/v0``), and where the platform deposits and announces (``/v1/efti``)."""

from pathlib import Path

from flask import Blueprint, Response, abort, g, request

from isthmus_bridge.authentication import authenticate
from isthmus_bridge.efti import announcing, datasets
from isthmus_bridge.efti.crossing import Asked, CrossingRefused, Depositor, NotNow
from isthmus_bridge.efti.datasets import NoSuchDataset
from isthmus_bridge.efti.subsets import NotAConsignment, SchemasMissing, SubsetRefused
from isthmus_bridge.problems import problem
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Role
from isthmus_protocol.canonical import JsonObject, canonical, parse_object
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import Reason
from isthmus_protocol.shapes import NAME, Members
from isthmus_protocol.xml import MalformedXml

XML_TYPES = ("application/xml", "text/xml")
LONGEST_MESSAGE = 10_000
SHORTEST_MESSAGE = 2
"""Characters of a follow-up (edelivery.xsd, PostFollowUpRequest)."""


def blueprint(bridge: Bridge, schemas: Path | None) -> Blueprint:
    """Return the blueprint; ``schemas`` is the folder of the published XSDs, without which it answers 503."""
    web = Blueprint("efti", __name__)
    _refusals(web)
    _for_gates(web, bridge, schemas)
    _for_the_platform(web, bridge, schemas)
    return web


def _for_gates(web: Blueprint, bridge: Bridge, schemas: Path | None) -> None:
    @web.get("/v0/consignments/<dataset_id>")
    def consignment(dataset_id: str) -> Response:
        """Give the consignment as far as the subsets may see it."""
        asked = _asked(bridge)
        given, crossed = datasets.give(bridge, _known(schemas), asked, _checked(dataset_id), _subsets())
        answer = Response(given, content_type="application/xml; charset=utf-8")
        answer.headers[announcing.EXCHANGE] = str(crossed.exchange)
        return answer

    @web.post("/v0/consignments/<dataset_id>/follow-up")
    def follow_up(dataset_id: str) -> Response:
        """Take a message about the consignment."""
        asked = _asked(bridge)
        if request.mimetype != "text/plain":
            abort(415, "Send text/plain.")
        try:
            message = request.get_data().decode()
        except UnicodeDecodeError:
            abort(400, "The message is not UTF-8.")
        if not SHORTEST_MESSAGE <= len(message) <= LONGEST_MESSAGE:
            abort(400, f"A message has {SHORTEST_MESSAGE} to {LONGEST_MESSAGE} characters.")
        agreed = datasets.follow_up(bridge, asked, _checked(dataset_id), message)
        answer = Response(status=200)
        answer.headers[announcing.EXCHANGE] = agreed.exchange
        return answer


def _for_the_platform(web: Blueprint, bridge: Bridge, schemas: Path | None) -> None:
    @web.put("/v1/efti/consignments/<dataset_id>")
    def deposit(dataset_id: str) -> Response:
        """Keep the consignment of ``?party=``, in its ``?role=``, whose information is ``?owner=``'s."""
        authenticate(bridge, request, Holder.PLATFORM)
        if request.mimetype not in XML_TYPES:
            abort(415, "Send application/xml.")
        members = Members(dict(request.args.items()))
        depositor = Depositor(members.name("party"), members.one_of("role", Role), members.name("owner"))
        members.end()
        datasets.deposit(bridge, _known(schemas), _checked(dataset_id), depositor, request.get_data())
        return Response(status=204)

    @web.post("/v1/efti/consignments/<dataset_id>/announcement")
    def announce(dataset_id: str) -> Response:
        """Announce the consignment's identifiers to the gate; answer what was decided on it.

        The same ``idempotencyKey`` again gives the first answer, and announces only what is still under way.
        """
        caller = authenticate(bridge, request, Holder.PLATFORM)
        members = Members(parse_object(request.get_data()))
        asked = Asked(caller.holder, f"efti:{members.name('idempotencyKey')}", g.request_id)
        members.end()
        try:
            crossed = datasets.identifiers(bridge, _known(schemas), asked, _checked(dataset_id))
        except (CrossingRefused, NotNow) as ended:
            return _json({"answer": ended.answer.to_json(), "announced": False}, 200)
        announced = announcing.announce(bridge, crossed, asked.request_id)
        return _json({"answer": crossed.answer.to_json(), "announced": announced}, 200 if announced else 202)


def _asked(bridge: Bridge) -> Asked:
    """Return the gate; a signature is good for one use, so its nonce is a key of that request alone."""
    caller = authenticate(bridge, request, Holder.WINDOW)
    return Asked(caller.holder, f"efti:{caller.kid}:{caller.nonce}", g.request_id)


def _checked(dataset_id: str) -> str:
    if NAME.fullmatch(dataset_id) is None:
        abort(404, "There is no such consignment.")
    return dataset_id


def _subsets() -> frozenset[str]:
    beyond = sorted(set(request.args) - {"subsetId"})
    if beyond:
        abort(400, f"Only subsetId is asked here, not {', '.join(beyond)}.")
    named = request.args.getlist("subsetId")
    if len(set(named)) != len(named):
        abort(400, "A subset is named once.")
    return frozenset(named)


def _known(schemas: Path | None) -> Path:
    if schemas is None:
        raise SchemasMissing("ISTHMUS_STANDARDS is not set at the bridge, so the eFTI schemas are not here.")
    return schemas


def _refusals(web: Blueprint) -> None:
    @web.errorhandler(NoSuchDataset)
    def unknown(error: NoSuchDataset) -> Response:
        return problem(404, "not_found", str(error))

    @web.errorhandler(SubsetRefused)
    def subset(error: SubsetRefused) -> Response:
        return problem(400, error.code, str(error), field="?subsetId")

    @web.errorhandler(CrossingRefused)
    def refused(error: CrossingRefused) -> Response:
        status = 429 if error.reason is Reason.RATE_EXCEEDED else 403
        return problem(status, error.reason.value, str(error), field=error.field)

    @web.errorhandler(MalformedXml)
    def malformed(error: MalformedXml) -> Response:
        return problem(400, f"xml_{error.rule}", str(error))

    @web.errorhandler(NotAConsignment)
    def invalid(error: NotAConsignment) -> Response:
        first = "".join(f" Line {fault.line}: {fault.message}" for fault in error.faults[:1])
        return problem(422, "not_a_consignment", f"{error}{first}")

    @web.errorhandler(SchemasMissing)
    def missing(error: SchemasMissing) -> Response:
        return problem(503, "schemas_missing", str(error))

    @web.errorhandler(NotNow)
    def again(error: NotNow) -> Response:
        return problem(503, "try_again", str(error))


def _json(value: JsonObject, status: int) -> Response:
    return Response(canonical(value), status, content_type="application/json")
