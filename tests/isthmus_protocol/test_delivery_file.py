"""A proof of delivery verifies itself with the protocol alone; nothing of it can be changed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from isthmus_protocol import delivery_file, statements
from isthmus_protocol.canonical import canonical
from isthmus_protocol.deliveries import Answer, Evidence, Irregular, Lacking, Proof, Standing
from isthmus_protocol.delivery_file import make_file, sign_answer, sign_proof, verify_delivery
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.verify import main

AT = datetime(2026, 6, 2, 9, tzinfo=UTC)
PLATFORM, DRIVER, CONSIGNEE, STRANGER = (
    SigningKey.generate(holder) for holder in (Holder.PLATFORM, *[Holder.PARTY] * 3)
)
TRUST = Keyring([PLATFORM.public])
PROOF = Proof(
    id="01a205ac",
    ucr="6TW24536806-1",
    equipment=("MCLU4200170",),
    recorder="driver",
    recipient="consignee",
    received_by="A. Petersen",
    place="DEHAM",
    delivered_at=AT,
    recorded_at=AT + timedelta(minutes=5),
    exceptions=(Irregular(Lacking.DAMAGE, "Crate dented", 1), Irregular(Lacking.OTHER, "Seal missing", None)),
    evidence=(Evidence("photo.jpg", "ab" * 32),),
)
OWNERS = [(DRIVER.public.x, "driver"), (CONSIGNEE.public.x, "consignee")]


def answered(to: str, by: SigningKey = CONSIGNEE, **changes: Any) -> str:
    given: dict[str, Any] = {
        "proof": delivery_file.digest_of(to),
        "recipient": "consignee",
        "standing": Standing.DISPUTED,
        "remark": "Two dented",
        "at": AT + timedelta(hours=1),
    } | changes
    return sign_answer(by, Answer(**given))


def file(
    proof: Proof = PROOF,
    answer: str | None = "",
    standing: Standing = Standing.DISPUTED,
    owners: list[tuple[str, str]] | None = None,
    key: SigningKey = DRIVER,
) -> bytes:
    token = sign_proof(key, proof)
    said = answered(token) if answer == "" else answer
    given = OWNERS if owners is None else owners
    return make_file(PLATFORM, token, said, standing, given, AT + timedelta(days=1))


def failed(data: bytes, trust: Keyring | None = TRUST) -> str:
    verdict, said = verify_delivery(data, trust)
    assert not verdict.passed
    assert said == []
    return verdict.checks[-1].name


def test_the_file_says_who_delivered_what_how_it_was_and_what_the_recipient_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = tmp_path / "delivery.json"
    stored.write_bytes(file())
    assert main([str(stored)]) == 0
    told = capsys.readouterr().out
    for words in (
        "2026-06-02 09:00 DEHAM 6TW24536806-1 to consignee, received by A. Petersen: MCLU4200170",
        "DAMAGE: Crate dented (1 packages)",
        "OTHER: Seal missing",
        f"evidence photo.jpg: sha-256 {'ab' * 32}",
        "DISPUTED by consignee: Two dented",
        "VERIFIED",
    ):
        assert words in told
    stored.write_bytes(file().replace(b"isthmus-delivery/1", b"isthmus-delivery/2"))
    assert main([str(stored)]) == 1


def test_an_unanswered_proof_holds_and_a_withdrawn_one_does_not() -> None:
    verdict, _ = verify_delivery(file(answer=None, standing=Standing.RECORDED, owners=OWNERS[:1]), TRUST)
    assert verdict.passed
    assert "not answered yet" in [check.detail for check in verdict.checks]
    assert failed(file(answer=None, standing=Standing.WITHDRAWN, owners=OWNERS[:1])) == "head"


def test_what_a_party_said_is_by_its_own_key() -> None:
    forged = [(STRANGER.public.x, "driver"), OWNERS[1]]
    assert failed(file(key=STRANGER)) == "signature"  # not vouched for
    assert verify_delivery(file(key=STRANGER, owners=forged), TRUST)[0].passed, (
        "whom the platform vouches for"
    )
    other = [(DRIVER.public.x, "stranger"), OWNERS[1]]
    assert failed(file(owners=other)) == "signature"
    token = sign_proof(DRIVER, PROOF)
    assert failed(file(answer=answered(token, by=DRIVER))) == "answer"


@pytest.mark.parametrize(
    "changes",
    [
        {"proof": "sha-256:" + "0" * 64},
        {"standing": Standing.RECORDED},
        {"at": AT},
        {"recipient": "driver"},
    ],
    ids=["another proof", "no answer", "before the proof", "another's"],
)
def test_an_answer_is_the_recipients_and_to_this_proof(changes: dict[str, Any]) -> None:
    assert failed(file(answer=answered(sign_proof(DRIVER, PROOF), **changes))) == "answer"


def test_an_answer_that_there_was_cannot_be_left_out_nor_another_put_in() -> None:
    whole = json.loads(file())
    assert (
        failed(
            canonical(
                {
                    **whole,
                    "answer": None,
                    "parties": [
                        each for each in whole["parties"] if statements.unverified(each)["party"] == "driver"
                    ],
                }
            )
        )
        == "head"
    )
    agreed = answered(whole["proof"], standing=Standing.CONFIRMED, remark=None)
    assert failed(canonical({**whole, "answer": agreed})) == "head"


def test_no_byte_of_the_file_can_be_changed() -> None:
    data = file()
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 1
        verdict, _ = verify_delivery(bytes(changed), TRUST)
        assert not verdict.passed, place


def test_another_platforms_word_is_not_taken() -> None:
    other = Keyring([SigningKey.generate(Holder.PLATFORM).public])
    assert failed(file(), other) == "parties"


def test_a_delivery_is_not_later_than_its_recording_nor_is_a_key_without_a_word_in_the_file() -> None:
    late = Proof(**{**PROOF.__dict__, "delivered_at": AT + timedelta(hours=2)})
    assert failed(file(late)) == "signature"
    assert failed(file(answer=None, standing=Standing.RECORDED)) == "parties"
