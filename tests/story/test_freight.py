"""The story's freight and delivery, asserted from outside: what was booked, proven, and what it emits."""

from pathlib import Path

import pytest

from installation import Installation

pytestmark = pytest.mark.xdist_group("isthmus")


def test_the_booking_leads_to_its_shipment_and_its_typed_instruction(isthmus: Installation) -> None:
    asked = (
        "{ bookings { edges { node { status reference cutOffs { code status } shipment { reference }"
        " instruction { type data { __typename ... on ShippingInstruction { number } } }"
        " masses { massKg } } } } }"
    )
    (edge,) = isthmus.answered("trader", asked)["bookings"]["edges"]
    assert edge["node"] == {
        "status": "CONFIRMED",
        "reference": "MCL4418001",
        "cutOffs": [
            {"code": "DCO", "status": "MET"},
            {"code": "VCO", "status": "MET"},
            {"code": "FCO", "status": "OPEN"},
        ],
        "shipment": {"reference": "KHH-HAM-0418"},
        "instruction": {"type": "340", "data": {"__typename": "ShippingInstruction", "number": "SI-0418"}},
        "masses": [{"massKg": "15110.500"}],
    }


def test_the_lorry_came_and_its_delivery_was_proven_and_confirmed(isthmus: Installation) -> None:
    asked = (
        "{ truckAppointments { edges { node { state equipment haulier { name } arrivedAt } } }"
        " deliveryProofs { edges { node { state inOrder recordedBy { name } recipient { name } file } } } }"
    )
    seen = {name: isthmus.answered(name, asked) for name in ("forwarder", "consignee", "terminal", "carrier")}
    for told in seen.values():
        (lorry,) = told["truckAppointments"]["edges"]
        assert (lorry["node"]["state"], lorry["node"]["haulier"]) == ("COMPLETED", {"name": "forwarder"})
        (proof,) = told["deliveryProofs"]["edges"]
        assert (proof["node"]["state"], proof["node"]["inOrder"]) == ("CONFIRMED", False)
    for name in ("bank", "insurer", "operator"):
        nothing = isthmus.answered(name, asked)
        assert [nothing[each]["edges"] for each in ("truckAppointments", "deliveryProofs")] == [[], []]


def test_the_proof_that_the_story_leaves_behind_verifies_offline(
    isthmus: Installation, tmp_path: Path
) -> None:
    trust = ("--trust", str(isthmus.home / "keys" / "trust.json"))
    stored = isthmus.home / "demo" / "delivery.json"
    verified = isthmus.command("verify", str(stored), *trust)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "CONFIRMED by consignee" in verified.stdout
    flipped = bytearray(stored.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    changed = tmp_path / "delivery.json"
    changed.write_bytes(flipped)
    assert isthmus.command("verify", str(changed), *trust).returncode == 1


def test_each_leg_of_the_next_consignment_says_what_it_emits(isthmus: Installation) -> None:
    asked = (
        '{ shipment(reference: "KHH-HAM-0418") { emissions { totalCo2eGrams refusals { code }'
        " legs { mode co2eGrams distanceSource } } } }"
    )
    told = isthmus.answered("trader", asked)["shipment"]["emissions"]
    assert [leg["mode"] for leg in told["legs"]] == ["TRUCK", "VESSEL"]
    assert told["totalCo2eGrams"] == sum(leg["co2eGrams"] for leg in told["legs"])
    assert told["refusals"] == []
