"""Signed documents over HTTP: to whom they are open, in which form; and each read is in the log."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from border import web_of
from ebl import DCSA, needs_dcsa, transport_document
from isthmus_platform.database import Platform
from isthmus_platform.errors import InvalidInput, NotFound
from isthmus_platform.http import papers as papers_http
from isthmus_platform.papers import dcsa_ebl, issuing, plain, signing, standing, ubl
from isthmus_platform.papers.kinds import Paper
from isthmus_platform.papers.signing import Desk
from isthmus_platform.papers.standing import Enquiries
from isthmus_portal import create_portal
from isthmus_portal.pages.verify import LARGEST, LARGEST_FORM
from isthmus_protocol import documents as files
from isthmus_protocol import pdf, status_list
from isthmus_protocol.canonical import canonical
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.verify import main as verify
from page import page
from papers_of_trade import AGREED, BILL, INSURANCE, INVOICE, SCHEMAS, SHIPPING, needs_ubl
from paperwork import Paperwork, open_paperwork
from trade import DRAFT

KEY = SigningKey.generate(Holder.PLATFORM)
TRUST = Keyring([KEY.public])


def code_of(answer: TestResponse) -> str:
    """Return the code of a problem."""
    return str((answer.json or {})["code"])


class Web:
    """The platform's web, and the desk its documents are issued at."""

    def __init__(self, papers: Paperwork) -> None:
        self.papers = papers
        self.desk = Desk(papers.vault, KEY, "https://isthmus.example", SCHEMAS, DCSA)
        app, authenticate = web_of(papers)
        app.secret_key = "k" * 32
        app.register_blueprint(papers_http.blueprint(papers.platform, self.desk, authenticate))
        nothing: Any = None
        app.register_blueprint(
            create_portal(
                nothing,
                nothing,
                nothing,
                nothing,
                papers=Enquiries(papers.platform, self.desk),
            )
        )
        self.client: FlaskClient = app.test_client()

    def issue(self, paper: Paper = INVOICE) -> UUID:
        with self.papers.platform.begin(self.papers["trader"]) as work:
            return issuing.issue(work, self.desk, DRAFT.reference, paper).document_id

    def get(self, document_id: UUID, form: str, by: str = "trader") -> TestResponse:
        return self.client.get(f"/documents/{document_id}/{form}", headers={"Authorization": f"Bearer {by}"})

    def address(self, document_id: UUID) -> str:
        with self.papers.platform.begin(self.papers["trader"]) as work:
            issued = issuing.newest(work, [document_id])[document_id]
        return standing.address(self.desk, "380", issued.version_id)

    def told(self) -> list[tuple[str, str, str | None]]:
        return [(entry.action, entry.outcome, entry.reason) for entry in self.papers.log()]


@pytest.fixture
def web(platform: Platform) -> Web:
    papers = open_paperwork(platform)
    papers.trade.ship()
    return Web(papers)


def test_the_signed_file_verifies_offline(web: Web) -> None:
    answer = web.get(web.issue(), "signed")
    assert (answer.status_code, answer.content_type) == (200, signing.MEDIA_TYPE)
    assert answer.headers["Cache-Control"] == "private, no-store"
    verdict, data = files.verify_document(answer.data, TRUST)
    assert verdict.passed
    assert data == plain.to_json(INVOICE)


def test_the_signed_file_shows_the_fields_that_are_asked_for(web: Web) -> None:
    document_id = web.issue()
    answer = web.get(document_id, "signed?fields=total,lines.amount,")
    data = files.verify_document(answer.data, TRUST)[1]
    assert data is not None
    assert sorted(data) == ["lines", "total"]
    assert files.verify_document(web.get(document_id, "signed?fields=").data, TRUST)[1] == {}


@needs_ubl
def test_the_data_is_given_out_as_ubl(web: Web) -> None:
    answer = web.get(web.issue(), "ubl")
    assert answer.content_type.startswith("application/xml")
    assert ubl.read(answer.data, SCHEMAS) == INVOICE


@needs_dcsa
def test_a_bill_of_lading_of_dcsa_is_given_out_as_it_came(web: Web) -> None:
    document = transport_document()
    answer = web.get(web.issue(dcsa_ebl.read(document, DCSA)), "dcsa")
    assert answer.content_type == "application/json"
    assert answer.json == document
    assert code_of(web.get(web.issue(), "dcsa")) == "no_dcsa"


@needs_dcsa
def test_a_bill_that_was_issued_with_its_members_is_given_out_as_dcsa(web: Web) -> None:
    document_id = web.issue(AGREED)
    answer = web.get(document_id, "dcsa")
    assert answer.content_type == "application/json"
    assert dcsa_ebl.read(answer.json, DCSA) == AGREED
    with web.papers.platform.begin(web.papers["trader"]) as work:
        issuing.revoke(work, document_id)
    assert (web.get(document_id, "dcsa").json or {})["transportDocumentStatus"] == "VOIDED"


@needs_dcsa
def test_a_shipping_instruction_is_given_out_as_dcsa_and_its_pages_verify_until_it_is_revoked(
    web: Web,
) -> None:
    document_id = web.issue(SHIPPING)
    assert dcsa_ebl.read(web.get(document_id, "dcsa").json, DCSA, "340") == SHIPPING
    assert code_of(web.get(document_id, "ubl")) == "no_ubl"
    carried = pdf.signed_document(web.get(document_id, "pdf").data)
    verdict, data = files.verify_document(carried, TRUST)
    assert verdict.passed
    assert data == plain.to_json(SHIPPING)
    with web.papers.platform.begin(web.papers["trader"]) as work:
        issuing.revoke(work, document_id)
    assert code_of(web.get(document_id, "dcsa")) == "instruction_revoked"


def test_what_dcsa_wants_and_a_bill_does_not_say_is_named(web: Web) -> None:
    answer = web.get(web.issue(BILL), "dcsa")
    problem = answer.json or {}
    assert (answer.status_code, problem["code"]) == (422, "dcsa_lacks")
    assert {"carriage.carrierCode", "containers.1.seals"} <= set(problem["detail"].rstrip(".").split(", "))


@needs_dcsa
def test_what_leaves_as_dcsa_is_held_to_the_schema(web: Web) -> None:
    answer = web.get(web.issue(replace(AGREED, number="N" * 21)), "dcsa")
    assert (answer.status_code, code_of(answer)) == (422, "dcsa_schema")


def test_a_bill_with_its_carriage_verifies_whole_and_in_part(web: Web) -> None:
    document_id = web.issue(AGREED)
    for query in ("signed", "signed?fields=carriage,number"):
        verdict, data = files.verify_document(web.get(document_id, query).data, TRUST)
        assert verdict.passed
        assert (data or {})["carriage"] == plain.to_json(AGREED)["carriage"]


@needs_dcsa
def test_what_says_otherwise_than_it_came_is_not_issued(web: Web) -> None:
    paper = replace(dcsa_ebl.read(transport_document(), DCSA), number="ANOTHER")
    with pytest.raises(InvalidInput, match="says otherwise"):
        web.issue(paper)


def test_what_ubl_does_not_have_is_refused_with_its_code(web: Web) -> None:
    answer = web.get(web.issue(INSURANCE), "ubl")
    assert (answer.status_code, code_of(answer)) == (422, "no_ubl")


def test_a_document_that_is_no_ones_and_one_of_another_answer_alike(web: Web) -> None:
    document_id = web.issue()
    for form in ("signed", "ubl", "dcsa", "pdf"):
        other, none = web.get(document_id, form, "bank"), web.get(uuid4(), form, "bank")
        assert (other.status_code, other.data) == (404, none.data), form
    assert web.told() == [("CONTENT", "REFUSED", "no_grant")] * 4


def test_nobody_reads_without_a_token(web: Web) -> None:
    document_id = web.issue()
    for form in ("signed", "ubl", "dcsa", "pdf"):
        assert web.get(document_id, form, "nobody").status_code == 401, form
    assert web.told() == []


def test_a_document_that_is_a_file_has_no_data(web: Web) -> None:
    document_id = web.papers.store().document_id
    for form in ("signed", "ubl", "dcsa", "pdf"):
        assert code_of(web.get(document_id, form)) == "no_data", form


def test_the_carriage_is_opened_alone_and_not_as_dcsa(web: Web) -> None:
    document_id = web.issue(AGREED)
    web.papers.grant(document_id, fields=("carriage",))
    _, data = files.verify_document(web.get(document_id, "signed", "bank").data, TRUST)
    assert data == {"carriage": plain.to_json(AGREED)["carriage"]}
    answer = web.get(document_id, "dcsa", "bank")
    assert (answer.status_code, code_of(answer)) == (403, "fields_only")


def test_fields_alone_do_not_open_the_ubl(web: Web) -> None:
    document_id = web.issue()
    web.papers.grant(document_id, fields=("total",))
    answer = web.get(document_id, "ubl", "bank")
    assert (answer.status_code, code_of(answer)) == (403, "fields_only")


@pytest.mark.parametrize("form", ["signed", "pdf"])
def test_a_read_is_in_the_owners_log_and_ends_with_the_grant(web: Web, form: str) -> None:
    document_id = web.issue()
    grant = web.papers.grant(document_id)
    assert web.get(document_id, form, "bank").status_code == 200
    web.papers.revoke(grant)
    assert web.get(document_id, form, "bank").status_code == 404
    assert web.told() == [("CONTENT", "ALLOWED", None), ("CONTENT", "REFUSED", "revoked")]


def test_the_pdf_carries_the_document_and_isthmus_verify_takes_it_out(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document_id = web.issue()
    answer = web.get(document_id, "pdf")
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert files.verify_document(pdf.signed_document(answer.data), TRUST)[1] == plain.to_json(INVOICE)
    file, trust = tmp_path / "invoice.pdf", tmp_path / "trust.json"
    file.write_bytes(answer.data)
    trust.write_bytes(canonical({"keys": [KEY.public.to_json()]}))
    assert verify([str(file), "--trust", str(trust)]) == 0
    said = capsys.readouterr().out
    assert "VERIFIED against the trusted keys" in said
    assert "FPM-2026-0417" in said
    file.write_bytes(answer.data.replace(b"/EmbeddedFile", b"/EmbeddedLife"))
    assert verify([str(file), "--trust", str(trust)]) == 1
    assert "no_document" in capsys.readouterr().err


def test_the_pdf_shows_and_carries_what_is_open_to_its_reader(web: Web) -> None:
    document_id = web.issue()
    web.papers.grant(document_id, fields=("total",))
    answer = web.get(document_id, "pdf", "bank")
    assert files.verify_document(pdf.signed_document(answer.data), TRUST)[1] == {
        "total": {"value": "50000000.00", "currency": "USD"}
    }
    text = PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
    assert "USD 50,000,000.00" in text
    assert INVOICE.buyer.name not in text
    assert "In part" in text


def test_its_code_leads_anybody_to_how_it_stands_and_not_to_what_it_says(web: Web) -> None:
    document_id = web.issue()
    address = web.address(document_id)
    text = PdfReader(io.BytesIO(web.get(document_id, "pdf").data)).pages[0].extract_text()
    assert address in text
    path = address.removeprefix("https://isthmus.example")
    shown = page(web.client.get(path).text).text
    assert "Commercial invoice" in shown
    assert "Valid" in shown
    assert INVOICE.number not in shown
    with web.papers.platform.begin(web.papers["trader"]) as work:
        issuing.revoke(work, document_id)
    assert "Revoked" in page(web.client.get(path).text).text


@pytest.mark.parametrize("change", ["document", "code", "short", "padded", "odd"])
def test_a_code_that_is_not_ours_leads_nowhere(web: Web, change: str) -> None:
    enquiries = Enquiries(web.papers.platform, web.desk)
    word = web.address(web.issue()).rpartition("/")[2]
    other = {
        "document": ("B" if word[3] == "A" else "A").join((word[:3], word[4:])),
        "code": word[:-2] + ("AA" if word[-2:] != "AA" else "BA"),
        "short": word[:-4],
        "padded": word + "=",
        "odd": "é" * 44,
    }[change]
    assert enquiries.standing(word).version == 1
    with pytest.raises(NotFound):
        enquiries.standing(other)
    assert web.client.get(f"/verify/{other}").status_code == 404


def uploaded(web: Web, file: bytes) -> TestResponse:
    address, values = page(web.client.get("/verify").text).form("Verify the file")
    boundary, body = encode_multipart({**values, "file": FileStorage(io.BytesIO(file), "file.pdf")})
    return web.client.post(address, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def test_anybody_has_a_file_verified_as_it_stands_today(web: Web) -> None:
    document_id = web.issue()
    file = web.get(document_id, "pdf").data
    answer = uploaded(web, file)
    assert answer.status_code == 200
    assert "FPM-2026-0417" in page(answer.text).text
    with web.papers.platform.begin(web.papers["trader"]) as work:
        issuing.revoke(work, document_id)
    answer = uploaded(web, file)
    assert answer.status_code == 422
    assert "REVOKED" in page(answer.text).text
    assert "FPM-2026-0417" not in page(answer.text).text


def test_another_file_is_not_verified(web: Web) -> None:
    for file in (b"%PDF-1.7", b"{}", b"\xff"):
        assert uploaded(web, file).status_code == 422, file


def test_a_file_may_be_larger_than_other_requests_and_has_a_limit_of_its_own(web: Web) -> None:
    web.client.application.config["MAX_CONTENT_LENGTH"] = 1_048_576
    largest = b"%PDF-1.7".ljust(LARGEST)
    assert "does not hold" in page(uploaded(web, largest).text).text
    refused = uploaded(web, largest + b" ")
    assert refused.status_code == 422
    assert "at most 16 MiB" in page(refused.text).text
    assert uploaded(web, largest.ljust(LARGEST_FORM)).status_code == 413


def test_the_status_list_is_public_and_signed(web: Web) -> None:
    document_id = web.issue()
    with web.papers.platform.begin(web.papers["trader"]) as work:
        issuing.revoke(work, document_id)
    answer = web.client.get("/documents/status")
    assert (answer.status_code, answer.content_type) == (200, "application/statuslist+jwt")
    assert status_list.open_list(answer.text, TRUST).revoked(0)
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
