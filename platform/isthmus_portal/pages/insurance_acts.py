"""What insurer and insured may do to covers, quotes and declarations: the forms of their pages."""

from datetime import datetime, timedelta
from typing import Any

from flask import url_for

from isthmus_portal import insurance_queries as queries
from isthmus_portal.formats import moment
from isthmus_portal.forms import Act, Field, coded, day_and_time, major

INSURER, INSURED = "insurer", "insured"
BASIC = ("ICC_A", "ICC_B", "ICC_C")
CLAUSES = (*BASIC, "WAR", "STRIKES")
MODES = ("VESSEL", "BARGE", "RAIL", "TRUCK", "AIR")
KINDS = ("LOSS", "DAMAGE", "SHORTAGE", "GENERAL_AVERAGE")
WORDS = {
    "ICC_A": "Institute Cargo Clauses (A)",
    "ICC_B": "Institute Cargo Clauses (B)",
    "ICC_C": "Institute Cargo Clauses (C)",
    "WAR": "Institute War Clauses (Cargo)",
    "STRIKES": "Institute Strikes Clauses (Cargo)",
    "MINIMUM": "Minimum premium",
    "DIFFERS": "Differs, does not count",
    "TOO_LATE": "Told after it was decided",
    "AWAITED": "Not told yet",
    "ADJUST_DECLARATION": "Declaration adjusted",
    "CANCEL_DECLARATION": "Declaration taken back",
}
TONES = {
    "ACTIVE": "good",
    "OFFERED": "warn",
    "ENDING": "warn",
    "DECLINED": "bad",
    "QUOTED": "good",
    "DECLARED": "good",
    "SETTLED": "good",
    "ACCEPTED": "good",
    "LAPSED": "bad",
    "COUNTS": "good",
    "DIFFERS": "warn",
}


def part(contract: dict[str, Any], me: str) -> str:
    """Return what the party ``me`` is to a contract: insurer or insured."""
    return INSURER if contract["insurer"]["name"] == me else INSURED


def reason(label: str = "Why", longest: int = 500) -> Field:
    """Return the field that asks for words of why."""
    return Field("reason", label, longest=longest)


def offer(now: datetime, currency: str) -> Act:
    """Return the form by which an insurer offers a cover in ``currency``."""
    year = now + timedelta(days=365)
    return Act(
        "offer",
        "Offer the cover",
        queries.OFFER_COVER,
        "The cover is offered and signed; it is in force once it is taken.",
        (
            Field("insured", "Insured party", hint="The name of a trader or forwarder.", longest=63),
            Field("number", "Your number of the cover", longest=30),
            Field("limitMinor", "Limit of the cover", "money", currency=currency),
            Field("perConveyanceMinor", "Limit on one conveyance", "money", currency=currency),
            Field("perLocationMinor", "Limit in one place", "money", currency=currency),
            Field(
                "perPeriodMinor",
                "Limit in one policy period",
                "money",
                required=False,
                hint="Left empty: none beside the limit of the cover.",
                currency=currency,
            ),
            Field("periodMonths", "Months of a policy period", "whole", value="12"),
            Field("clauses", "Clauses", "choices", options=coded(CLAUSES, WORDS)),
            Field("validFrom", "From", "moment", value=day_and_time(now)),
            Field("validUntil", "Until", "moment", value=day_and_time(year)),
            Field("noticeDays", "Days to give notice of a claim", "whole", value="7"),
            Field("documentsDays", "Days to document a claim", "whole", value="60"),
            Field("cancellationDays", "Days of notice to cancel", "whole", value="30"),
        ),
        fixed={"currency": currency},
        then=lambda payload: url_for("portal.insurance_cover", id=payload["cover"]["id"]),
    )


def of_cover(cover: dict[str, Any], shipments: tuple[tuple[str, str], ...]) -> list[Act]:
    """Return all that is ever done to a cover; :func:`may_cover` says what may be done now."""
    fixed = {"cover": cover["id"]}
    return [
        Act(
            "accept",
            "Take the cover",
            queries.ANSWER_COVER,
            "The cover is in force; certificates are signed in your name, as proxy of the insurer.",
            fixed={**fixed, "accept": True},
            note="You sign, and let certificates be signed in your name as the insurer's proxy.",
        ),
        Act(
            "decline",
            "Decline the cover",
            queries.ANSWER_COVER,
            "The cover is declined.",
            fixed={**fixed, "accept": False},
            danger=True,
        ),
        _quote(cover, shipments),
        _adjust(cover),
        Act(
            "cancel",
            "Cancel the cover",
            queries.CANCEL_COVER,
            "The cover ends after its notice; what was declared stays insured.",
            (reason(),),
            fixed=fixed,
            danger=True,
        ),
        Act(
            "withdraw",
            "Withdraw the offer",
            queries.CANCEL_COVER,
            "The offer is withdrawn.",
            (reason(),),
            fixed=fixed,
            danger=True,
        ),
    ]


def _adjust(cover: dict[str, Any]) -> Act:
    currency = cover["limit"]["currency"]
    until = day_and_time(moment(cover["validUntil"]))

    held = cover["perPeriod"]
    period: tuple[Field, ...] = ()
    if held is not None:
        value = major(held)
        period = (
            Field("perPeriodMinor", "Limit in one policy period", "money", value=value, currency=currency),
        )

    def wider(given: dict[str, Any]) -> dict[str, Any]:
        """Leave away an end that stays as it is: the field holds no seconds."""
        same = given.get("validUntil", "")[:16] == until
        return {name: value for name, value in given.items() if not (same and name == "validUntil")}

    return Act(
        "adjust",
        "Widen the cover",
        queries.ADJUST_COVER,
        "The cover is wider; you signed its new terms.",
        (
            Field(
                "limitMinor", "Limit of the cover", "money", value=major(cover["limit"]), currency=currency
            ),
            Field(
                "perConveyanceMinor",
                "Limit on one conveyance",
                "money",
                value=major(cover["perConveyance"]),
                currency=currency,
            ),
            Field(
                "perLocationMinor",
                "Limit in one place",
                "money",
                value=major(cover["perLocation"]),
                currency=currency,
            ),
            *period,
            Field("validUntil", "Until", "moment", value=until),
        ),
        fixed={"cover": cover["id"]},
        shape=wider,
        note="A cover in force is only widened; to narrow it, cancel it and offer another.",
    )


def _quote(cover: dict[str, Any], shipments: tuple[tuple[str, str], ...]) -> Act:
    currency = cover["limit"]["currency"]
    basic = tuple(clause for clause in BASIC if clause in cover["clauses"])
    beside = tuple(clause for clause in CLAUSES if clause in cover["clauses"] and clause not in BASIC)

    def shape(given: dict[str, Any]) -> dict[str, Any]:
        clauses = [given.pop("basic"), *given.pop("beside", ())]
        return {**given, "clauses": clauses}

    delay = "Leave all fields of the delay empty for no delay cover."
    return Act(
        "quote",
        "Ask for a quote",
        queries.REQUEST_QUOTE,
        "The quote is asked for.",
        (
            Field("shipment", "Shipment", "choice", options=shipments),
            Field("basic", "Clauses", "choice", options=coded(basic, WORDS)),
            Field("beside", "And also", "choices", required=False, options=coded(beside, WORDS)),
            Field("mode", "Mode", "choice", options=coded(MODES, WORDS)),
            Field(
                "conveyance",
                "Vessel or vehicle",
                required=False,
                hint="Left empty: the shipment's vessel.",
                longest=200,
            ),
            Field(
                "cifMinor",
                "CIF value",
                "money",
                required=False,
                hint="Left empty: the values of the goods.",
                currency=currency,
            ),
            Field("sailsOn", "Sails on or about", "day", required=False),
            Field("delay.agreedArrival", "Delay: agreed arrival", "moment", required=False, hint=delay),
            Field("delay.afterDays", "Delay: days not paid", "whole", required=False),
            Field("delay.perDayMinor", "Delay: paid a day", "money", required=False, currency=currency),
            Field("delay.mostDays", "Delay: days paid at most", "whole", required=False),
            Field("delay.terminal", "Delay: terminal that tells the arrival", required=False, longest=63),
            Field("delay.customs", "Delay: customs that tells the arrival", required=False, longest=63),
        ),
        fixed={"cover": cover["id"]},
        shape=shape,
        whole=(tuple(f"delay.{name}" for name in DELAY),),
        then=lambda payload: url_for("portal.insurance_quote", id=payload["quote"]["id"]),
    )


DELAY = ("agreedArrival", "afterDays", "perDayMinor", "mostDays", "terminal", "customs")


def may_cover(cover: dict[str, Any], me: str, now: datetime) -> tuple[str, ...]:
    """Return what the party ``me`` may do to a cover now."""
    insurer, state = part(cover, me) == INSURER, cover["state"]
    if state == "OFFERED":
        return ("withdraw",) if insurer else ("accept", "decline")
    in_force = moment(cover["validFrom"]) <= now < moment(cover["validUntil"])
    quote = ("quote",) if not insurer and in_force else ()
    if state == "ACTIVE":
        return ("adjust", "cancel") if insurer else (*quote, "cancel")
    return quote if state == "ENDING" else ()


def of_quote(quote: dict[str, Any], now: datetime) -> list[Act]:
    """Return all that is ever done to a quote."""
    currency, fixed = quote["sumInsured"]["currency"], {"quote": quote["id"]}
    fortnight = day_and_time(now + timedelta(days=14))
    return [
        Act(
            "declare",
            "Declare the cargo",
            queries.DECLARE_CARGO,
            "The cargo is declared, and its certificate issued.",
            fixed=fixed,
            note="The premium is as above; the certificate is issued at once, and verifies offline.",
            then=lambda payload: url_for("portal.insurance_declaration", id=payload["declaration"]["id"]),
        ),
        Act(
            "answer",
            "Quote this premium",
            queries.ANSWER_QUOTE,
            "The quote is answered.",
            (
                Field("premiumMinor", "Premium", "money", currency=currency),
                Field("deductibleMinor", "Deductible of each claim", "money", value="0", currency=currency),
                Field("validUntil", "Holds until", "moment", value=fortnight),
            ),
            fixed=fixed,
        ),
        Act("refuse", "Decline to quote", queries.ANSWER_QUOTE, "You quote none.", fixed=fixed, danger=True),
    ]


def may_quote(quote: dict[str, Any], me: str, now: datetime) -> tuple[str, ...]:
    """Return what the party ``me`` may do to a quote now."""
    insurer, state = part(quote, me) == INSURER, quote["state"]
    if insurer:
        return ("answer", "refuse") if state == "REQUESTED" else ()
    return ("declare",) if state == "QUOTED" and moment(quote["validUntil"]) > now else ()


def of_declaration(declaration: dict[str, Any], now: datetime) -> list[Act]:
    """Return all that is ever done to a declaration."""
    fixed = {"declaration": declaration["id"]}
    currency = declaration["sumInsured"]["currency"]
    return [
        Act(
            "notify",
            "Notify a claim",
            queries.NOTIFY_CLAIM,
            "The claim is notified; the shipment's events are its first evidence.",
            (
                Field("kind", "What happened", "choice", options=coded(KINDS, WORDS)),
                Field("occurredAt", "When", "moment", value=day_and_time(now)),
                Field("claimedMinor", "Claimed", "money", currency=currency),
                Field("description", "In words", "area"),
            ),
            fixed=fixed,
            then=lambda payload: url_for("portal.insurance_claim", id=payload["claim"]["id"]),
        ),
        _adjust_declaration(declaration),
        Act(
            "cancel",
            "Take the declaration back",
            queries.CANCEL_DECLARATION,
            "The declaration is taken back, and its certificate revoked.",
            (reason(),),
            fixed=fixed,
            danger=True,
        ),
    ]


def _adjust_declaration(declaration: dict[str, Any]) -> Act:
    adjusted, delay = declaration["adjustments"], declaration["delay"]
    terms = adjusted[-1]["terms"] if adjusted else declaration["quote"]["terms"]
    currency = declaration["sumInsured"]["currency"]
    as_it_is = {
        "cifMinor": major({"amountMinor": terms["cif"], "currency": currency}),
        "conveyance": terms["conveyance"],
        "mode": terms["mode"],
        "agreedArrival": day_and_time(moment(delay["agreedArrival"])) if delay else "",
    }

    def changed(given: dict[str, Any]) -> dict[str, Any]:
        """Leave away an arrival that stays as it is: the field holds no seconds."""
        same = given.get("agreedArrival", "")[:16] == as_it_is["agreedArrival"]
        return {name: value for name, value in given.items() if not (same and name == "agreedArrival")}

    arrival = Field(
        "agreedArrival", "Delay: a later agreed arrival", "moment", value=as_it_is["agreedArrival"]
    )
    return Act(
        "adjust",
        "Adjust the declaration",
        queries.ADJUST_DECLARATION,
        "The declaration is adjusted, and its certificate exchanged for a new one.",
        (
            Field("cifMinor", "CIF value", "money", value=as_it_is["cifMinor"], currency=currency),
            Field("conveyance", "Vessel or vehicle", value=as_it_is["conveyance"], longest=200),
            Field("mode", "Mode", "choice", value=as_it_is["mode"], options=coded(MODES, WORDS)),
            Field("sailsOn", "Sails on or about", "day", required=False, value=terms.get("sailsOn") or ""),
            *((arrival,) if delay else ()),
            reason(),
        ),
        fixed={"declaration": declaration["id"]},
        shape=changed,
        note="Rated anew by the table that rated it; the certificate before is revoked.",
    )


def may_declaration(declaration: dict[str, Any], me: str) -> tuple[str, ...]:
    """Return what the party ``me`` may do to a declaration now."""
    if part(declaration, me) == INSURER or declaration["state"] != "DECLARED":
        return ()
    decided = (declaration["delay"] or {}).get("decidedAt")
    return ("notify",) if declaration["claims"] or decided else ("notify", "adjust", "cancel")
