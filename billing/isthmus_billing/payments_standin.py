"""A stand-in for Stripe, where there is no key: it speaks Stripe's wire for what we call, and takes no money.

It answers the official client's requests in this process from an SQLite file, so that several processes agree
and a restart forgets nothing. Our adapter and Stripe's client run as they would against Stripe itself. As
there: an idempotency key with the same parameters gets the first answer again and with others an error, a
finalised invoice cannot be changed, and it goes from draft to open to paid.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

from isthmus_billing.stripe_payments import API_VERSION, StripePayments

Object = dict[str, Any]

TABLES = (
    "CREATE TABLE IF NOT EXISTS object (id TEXT PRIMARY KEY, kind TEXT, body TEXT)",
    "CREATE TABLE IF NOT EXISTS answer (key TEXT PRIMARY KEY, request TEXT, status INTEGER, body TEXT)",
)


class _Refusal(Exception):
    """An error of Stripe's; ``begun`` when it was met in carrying out, and so is kept under the key."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        kind: str = "invalid_request_error",
        begun: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.begun = begun
        self.body: Object = {"error": {"type": kind, "code": code, "message": message}}


class Standin:
    """The account that stands in, kept in the SQLite file at ``path``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as store:
            for table in TABLES:
                store.execute(table)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that holds the file's write lock from its start."""
        with closing(sqlite3.connect(self._path, timeout=10, isolation_level=None)) as store:
            store.execute("PRAGMA journal_mode = WAL")
            store.execute("BEGIN IMMEDIATE")
            try:
                yield store
            except BaseException:
                store.execute("ROLLBACK")
                raise
            store.execute("COMMIT")

    def answer(self, method: str, target: str, form: str, key: str | None) -> tuple[int, Object]:
        """Answer a request as Stripe would: its method, path with query, form body and idempotency key."""
        path, query = urlsplit(target).path, urlsplit(target).query
        request = json.dumps([method.upper(), path, sorted(parse_qsl(form, keep_blank_values=True))])
        with self._open() as store:
            try:
                if key is not None and (had := _had(store, key, request)) is not None:
                    return had
                status, body = (
                    200,
                    _carry_out(store, method.upper(), path, dict(parse_qsl(f"{form}&{query}"))),
                )
            except _Refusal as refusal:
                status, body = refusal.status, refusal.body
                if not refusal.begun:
                    return status, body
            if key is not None:
                store.execute(
                    "INSERT INTO answer VALUES (?, ?, ?, ?)", (key, request, status, json.dumps(body))
                )
            return status, body

    def pay(self, invoice: str) -> bytes:
        """Pay an open invoice as a customer would; return the event that Stripe would send, unsigned."""
        status, paid = self.answer("POST", f"/v1/invoices/{invoice}/pay", "paid_out_of_band=true", None)
        if status != 200:
            raise ValueError(paid["error"]["message"])
        event = {
            "id": _id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": int(time.time()),
            "type": "invoice.paid",
            "data": {"object": paid},
        }
        return json.dumps(event).encode()


class StandinTransport(stripe.HTTPClient):
    """Carries the official client's requests to the stand-in instead of the network."""

    name = "standin"

    def __init__(self, standin: Standin) -> None:
        super().__init__()
        self._standin = standin

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        """Answer as Stripe would."""
        target = url.removeprefix(f"{urlsplit(url).scheme}://{urlsplit(url).netloc}")
        key = (headers or {}).get("Idempotency-Key")
        status, body = self._standin.answer(method, target, post_data or "", key)
        return json.dumps(body), status, {}

    def close(self) -> None:
        """Nothing is held open."""


def connect(standin: Standin) -> StripePayments:
    """Return the provider that talks to the stand-in through Stripe's own client."""
    client = stripe.StripeClient(
        "sk_test_standin", stripe_version=API_VERSION, http_client=StandinTransport(standin)
    )
    return StripePayments(client, name="standin")


def _id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def _had(store: sqlite3.Connection, key: str, request: str) -> tuple[int, Object] | None:
    row = store.execute("SELECT request, status, body FROM answer WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    if row[0] != request:
        raise _Refusal(
            400,
            "idempotency_key_in_use",
            "Keys for idempotent requests can only be used with the parameters they were first used with.",
            kind="idempotency_error",
        )
    return int(row[1]), json.loads(row[2])


def _carry_out(store: sqlite3.Connection, method: str, path: str, form: Mapping[str, str]) -> Object:
    try:
        return _route(store, method, path, form)
    except KeyError as missing:
        raise _Refusal(400, "parameter_missing", f"Missing required param: {missing}.") from None


def _route(store: sqlite3.Connection, method: str, path: str, form: Mapping[str, str]) -> Object:
    words = path.strip("/").split("/")[1:]
    if method == "GET":
        if words == ["credit_notes"]:
            return _credit_notes(store, form["invoice"])
        if len(words) == 2:
            return _find(store, words[1])
    elif words == ["customers"]:
        return _create_customer(store, form)
    elif words == ["invoices"]:
        return _create_invoice(store, form)
    elif words == ["credit_notes"]:
        return _create_credit_note(store, form)
    elif len(words) == 3 and words[0] == "invoices" and words[2] in ACTIONS:
        invoice = _find(store, words[1])
        ACTIONS[words[2]](invoice, form)
        return _keep(store, invoice)
    raise _Refusal(404, "unknown_url", f"Unrecognized request URL ({method}: {path}).")


def _keep(store: sqlite3.Connection, thing: Object) -> Object:
    store.execute(
        "INSERT INTO object VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        (thing["id"], thing["object"], json.dumps(thing)),
    )
    return thing


def _find(store: sqlite3.Connection, identity: str) -> Object:
    row = store.execute("SELECT body FROM object WHERE id = ?", (identity,)).fetchone()
    if row is None:
        raise _Refusal(404, "resource_missing", f"No such object: '{identity}'")
    found: Object = json.loads(row[0])
    return found


def _metadata(form: Mapping[str, str]) -> dict[str, str]:
    """Read ``metadata[name]=value``."""
    return {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}


def _create_customer(store: sqlite3.Connection, form: Mapping[str, str]) -> Object:
    customer = {"id": _id("cus"), "object": "customer", "name": form.get("name"), "metadata": _metadata(form)}
    return _keep(store, customer)


def _create_invoice(store: sqlite3.Connection, form: Mapping[str, str]) -> Object:
    _find(store, form["customer"])
    sums = dict.fromkeys(("total", "amount_due", "amount_paid", "amount_remaining"), 0)
    invoice: Object = {
        "id": _id("in"),
        "object": "invoice",
        "customer": form["customer"],
        "currency": form["currency"],
        "number": form.get("number"),
        "status": "draft",
        "auto_advance": form.get("auto_advance") == "true",
        "metadata": _metadata(form),
        "lines": {"object": "list", "data": []},
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        **sums,
    }
    return _keep(store, invoice)


def _add_lines(invoice: Object, form: Mapping[str, str]) -> None:
    if invoice["status"] != "draft":
        raise _Refusal(
            400,
            "invoice_not_editable",
            "This invoice is no longer editable: it has been finalized.",
            begun=True,
        )
    lines: dict[str, Object] = {}
    for name, value in form.items():
        if name.startswith("lines["):
            position, field = name[6:-1].split("][")
            lines.setdefault(position, {"id": _id("il"), "object": "line_item"})[field] = value
    for line in lines.values():
        line["amount"] = int(line["amount"])
        line["currency"] = invoice["currency"]
        invoice["lines"]["data"].append(line)
    total = sum(line["amount"] for line in invoice["lines"]["data"])
    invoice.update(total=total, amount_due=total, amount_remaining=total)


def _finalise(invoice: Object, form: Mapping[str, str]) -> None:  # noqa: ARG001 (an action's signature)
    if invoice["status"] != "draft":
        raise _Refusal(400, "invoice_not_editable", "This invoice is already finalized.", begun=True)
    invoice["status"] = "open" if invoice["total"] > 0 else "paid"


def _pay(invoice: Object, form: Mapping[str, str]) -> None:  # noqa: ARG001 (an action's signature)
    if invoice["status"] != "open":
        raise _Refusal(400, "invoice_not_payable", f"Invoice is {invoice['status']}, not open.", begun=True)
    invoice.update(status="paid", amount_paid=invoice["amount_remaining"], amount_remaining=0)


ACTIONS: Mapping[str, Callable[[Object, Mapping[str, str]], None]] = {
    "add_lines": _add_lines,
    "finalize": _finalise,
    "pay": _pay,
}


def _create_credit_note(store: sqlite3.Connection, form: Mapping[str, str]) -> Object:
    invoice, amount = _find(store, form["invoice"]), int(form["amount"])
    credited = invoice["pre_payment_credit_notes_amount"] + invoice["post_payment_credit_notes_amount"]
    if invoice["status"] not in {"open", "paid"}:
        raise _Refusal(400, "invoice_not_open", "You can only credit a finalized invoice.", begun=True)
    if not 0 < amount <= invoice["total"] - credited:
        raise _Refusal(
            400, "amount_too_large", "The credit note exceeds what is left of the invoice.", begun=True
        )
    if invoice["status"] == "paid":
        if int(form.get("credit_amount", 0)) != amount:
            raise _Refusal(
                400, "parameter_missing", "A paid invoice's credit note says where its sum goes.", begun=True
            )
        invoice["post_payment_credit_notes_amount"] += amount
    else:
        invoice["pre_payment_credit_notes_amount"] += amount
        invoice["amount_remaining"] -= amount
        if invoice["amount_remaining"] == 0:
            invoice["status"] = "paid"
    _keep(store, invoice)
    note = {
        "id": _id("cn"),
        "object": "credit_note",
        "invoice": invoice["id"],
        "amount": amount,
        "status": "issued",
        "metadata": _metadata(form),
    }
    return _keep(store, note)


def _credit_notes(store: sqlite3.Connection, invoice: str) -> Object:
    rows = store.execute("SELECT body FROM object WHERE kind = 'credit_note'").fetchall()
    notes = [note for note in (json.loads(row[0]) for row in rows) if note["invoice"] == invoice]
    return {"object": "list", "url": "/v1/credit_notes", "has_more": False, "data": notes}
