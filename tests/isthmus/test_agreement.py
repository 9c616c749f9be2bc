"""The commands by which agreements are drafted, proven, signed, put in force and stopped."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from counterparts import KEYRING, KEYS, agreement, serving
from isthmus import cli
from isthmus.errors import CannotRun
from isthmus_bridge import log
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import sign_agreement
from isthmus_protocol.canonical import parse
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.records import AgreementRecord, read_record
from pages import Page

DEMO = Path(__file__).parents[2] / "platform" / "isthmus" / "demo"
PAGE = Page("docs/reference/agreements.md")
LASTING = {"validUntil": "2999-01-01T00:00:00Z"}

Run = Callable[..., Result]


@pytest.fixture
def bridge(bridge_url: str) -> Iterator[Bridge]:
    engine = create_bridge_engine(bridge_url, pool_size=4)
    yield Bridge(
        engine=engine,
        keyring=KEYRING,
        signing_key=KEYS[Holder.BRIDGE],
        log_key=KEYS[Holder.LOG],
        subject_key=b"s" * 32,
        window_url="http://127.0.0.1:9",
        platform_url="http://127.0.0.1:9",
        origin="bridge.test/log",
    )
    engine.dispose()


@pytest.fixture
def run(bridge: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command on a home that holds the keys, next to a bridge that listens."""
    keys = tmp_path / "home" / "keys"
    keys.mkdir(parents=True)
    for holder, key in KEYS.items():
        (keys / f"{holder.value.lower()}.pem").write_bytes(key.to_pem())
    (keys / "trust.json").write_text(json.dumps(KEYRING.to_json()))
    with serving(create_app(bridge)) as address:
        monkeypatch.setenv("ISTHMUS_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("ISTHMUS_BRIDGE_URL", address)
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.chdir(tmp_path)
        yield lambda *arguments: CliRunner().invoke(cli.isthmus, ["agreement", *map(str, arguments)])


@pytest.fixture
def draft(tmp_path: Path) -> Callable[..., Path]:
    """Write a draft, with changes to the plain one."""

    def write(name: str = "draft.json", **changes: Any) -> Path:
        file = tmp_path / name
        file.write_text(json.dumps(agreement(**(LASTING | changes)).to_json()))
        return file

    return write


def pem(side: str) -> str:
    return f"home/keys/{side}.pem"


def sign(run: Run, file: Path, *sides: str) -> list[str]:
    for side in sides:
        done = run("sign", file, "--as", side, "--key", pem(side), "-o", f"{file.stem}.{side}.jws")
        assert done.exit_code == 0, done.output
    return [f"{file.stem}.{side}.jws" for side in sides]


def refused(result: Result) -> str:
    assert isinstance(result.exception, CannotRun), result.output
    return str(result.exception)


def test_an_agreement_goes_from_draft_to_active_to_superseded_and_suspended(
    run: Run, draft: Callable[..., Path], bridge: Bridge
) -> None:
    file = draft()
    assert "DRAFT" in run("show", file).output
    assert "PROPOSED" in run("activate", file, *sign(run, file, "operator")).output
    assert "ACTIVE" in run("activate", file, *sign(run, file, "operator", "authority")).output
    second = draft("second.json", version=2)
    assert "ACTIVE" in run("activate", second, *sign(run, second, "authority", "operator")).output
    stopped = run("suspend", "export-declaration", "--version", 2, "--reason", "an audit",
                  "--as", "authority", "--key", pem("authority"))  # fmt: skip
    assert stopped.exit_code == 0, stopped.output
    shown = run("show", "export-declaration").output
    for word in ("SUPERSEDED", "SUSPENDED", "signed", "OPERATOR", "AUTHORITY", "an audit", "/goods/hsCode"):
        assert word in shown
    with bridge.begin() as session:
        records = [read_record(parse(text.encode())) for _, text in log.entries(session, 0, 100)]
    told = [(r.change.value, r.version) for r in records if isinstance(r, AgreementRecord)]
    assert told == [("PROPOSED", 1), ("ACTIVATED", 1), ("ACTIVATED", 2), ("SUSPENDED", 2)]


def test_a_signature_is_printed_where_no_file_is_named(run: Run, draft: Callable[..., Path]) -> None:
    done = run("sign", draft(), "--as", "operator", "--key", pem("operator"))
    assert len(done.output.strip().split(".")) == 3


def test_who_signs_for_one_side_may_not_sign_for_the_other(run: Run, draft: Callable[..., Path]) -> None:
    file = draft()
    said = refused(run("sign", file, "--as", "authority", "--key", pem("operator")))
    assert "OPERATOR" in said
    (token,) = sign(run, file, "operator")
    assert "same key" in refused(run("activate", file, token, token))
    assert "no agreement of this id" in refused(run("show", "export-declaration"))


def test_a_strangers_signature_is_refused_by_the_bridge(
    run: Run, draft: Callable[..., Path], tmp_path: Path
) -> None:
    file = draft()
    (tmp_path / "stranger.pem").write_bytes(SigningKey.generate(Holder.AUTHORITY).to_pem())
    run("sign", file, "--as", "authority", "--key", "stranger.pem", "-o", "stranger.jws")
    assert "signature" in refused(run("activate", file, *sign(run, file, "operator"), "stranger.jws"))
    assert "no agreement of this id" in refused(run("show", "export-declaration"))


def test_a_signature_for_another_text_is_refused(run: Run, draft: Callable[..., Path]) -> None:
    tokens = sign(run, draft(), "operator", "authority")
    widened = draft("widened.json", audience=["BANK"])
    assert "signature" in refused(run("activate", widened, *tokens))


def test_lint_names_the_place_and_the_rule(run: Run, draft: Callable[..., Path], tmp_path: Path) -> None:
    fine = draft()
    assert run("lint", fine).exit_code == 0
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(agreement().to_json() | {"audience": ["BANKER"]}))
    twice = tmp_path / "twice.json"
    twice.write_text('{"id": "a", "id": "b"}')
    rival = draft("rival.json", id="rival")
    other = draft("other.json", title="Another text")
    done = run("lint", fine, bad, twice, rival, other)
    assert done.exit_code == 1
    for said in ("/audience/0: unknown_code", "duplicate_member", "spoken for", "taken by another text"):
        assert said in done.output


def test_lint_notes_what_to_think_about(run: Run, draft: Callable[..., Path]) -> None:
    done = run("lint", draft(audience=["BANK"], fields=[]))
    assert done.exit_code == 0
    for said in ("BANK learns", "permits nothing", "five years"):
        assert said in done.output


def test_diff_says_what_a_new_version_permits_and_what_it_no_longer_does(
    run: Run, draft: Callable[..., Path]
) -> None:
    fields = [{"path": "/ucr", "transform": "keep"}, {"path": "/goods/weight", "transform": "keep"}]
    done = run("diff", draft(), draft("second.json", version=2, fields=fields, ratePerHour=5))
    more, less = done.output.split("No longer permitted:")
    assert "/goods/weight as it is" in more
    assert "/goods/hsCode as it is" in less
    assert "/ucr" not in done.output
    assert "rate per hour: 1000 → 5" in less


def test_the_claims_beside_the_agreements_are_found_and_hold(run: Run) -> None:
    done = run("prove", *sorted((DEMO / "agreements").glob("*.json")))
    assert done.exit_code == 0, done.output
    claims = len(json.loads((DEMO / "claims.json").read_bytes())["claims"])
    assert f"{claims} hold, 0 fail" in done.output


def test_a_claim_that_fails_is_shown_with_what_the_gate_lets_cross(
    run: Run, draft: Callable[..., Path], tmp_path: Path
) -> None:
    claims = tmp_path / "mine.json"
    never = {"role": "FORWARDER", "field": "/goods/statisticalValueMinor", "unless": "consent"}
    claims.write_text(
        json.dumps(
            {"format": "isthmus-claims/1", "claims": [{"says": "Values need consent", "never": never}]}
        )
    )
    done = run("prove", "--claims", claims, draft())
    assert done.exit_code == 1
    assert "FAILS  Values need consent" in done.output
    assert 'released {"goods":{"statisticalValueMinor":12300}}' in done.output
    assert run("prove", "--claims", claims, draft(consentRequired=True)).exit_code == 0
    assert "no claims.json" in refused(run("prove", draft()))


def test_the_claims_are_proven_of_what_is_in_force_on_the_bridge(
    run: Run, draft: Callable[..., Path], tmp_path: Path
) -> None:
    claims = DEMO / "claims.json"
    assert "No agreement is in force" in refused(run("prove", "--live", "--claims", claims))
    assert "or --live" in refused(run("prove"))
    assert "or --live" in refused(run("prove", "--live", draft()))
    agreements = sorted((DEMO / "agreements").glob("*.json"))
    for file in agreements:
        run("activate", file, *sign(run, file, "operator", "authority"))
    done = run("prove", "--live", "--claims", claims)
    assert done.exit_code == 0, done.output
    assert f"{len(agreements)} agreements in force on the bridge" in done.output
    assert f"{len(json.loads(claims.read_bytes())['claims'])} hold, 0 fail" in done.output
    leak = json.loads((DEMO / "agreements" / "declaration-answer.json").read_bytes())
    leak |= {"version": 2, "consentRequired": False}
    leaky = tmp_path / "leaky.json"
    leaky.write_text(json.dumps(leak))
    run("activate", leaky, *sign(run, leaky, "operator"))
    assert run("prove", "--live", "--claims", claims).exit_code == 0, "one signature lets nothing cross"
    run("activate", leaky, *sign(run, leaky, "operator", "authority"))
    done = run("prove", "--live", "--claims", claims)
    assert done.exit_code == 1
    assert "FAILS" in done.output


def test_an_agreement_that_the_keys_of_this_machine_do_not_verify_is_not_proven(
    run: Run, draft: Callable[..., Path], tmp_path: Path
) -> None:
    file = draft()
    run("activate", file, *sign(run, file, "operator", "authority"))
    trust = [key for key in KEYRING if key.holder is not Holder.AUTHORITY]
    others = Keyring([*trust, SigningKey.generate(Holder.AUTHORITY).public])
    (tmp_path / "home" / "keys" / "trust.json").write_text(json.dumps(others.to_json()))
    assert "unknown key" in refused(run("prove", "--live", "--claims", DEMO / "claims.json"))


def test_who_drafts_may_sign_for_one_party_but_not_for_both(run: Run, draft: Callable[..., Path]) -> None:
    file = draft(draftedBy="j.lin")
    assert "j.lin" in run("show", file).output
    assert "--by" in refused(run("sign", file, "--as", "operator", "--key", pem("operator")))
    for side, person in (("operator", "j.lin"), ("authority", "j.lin"), ("authority", "m.chen")):
        done = run("sign", file, "--as", side, "--key", pem(side), "--by", person, "-o", f"{side}.{person}")
        assert done.exit_code == 0, done.output
    assert "one person" in refused(run("activate", file, "operator.j.lin", "authority.j.lin"))
    assert "PROPOSED" in run("activate", file, "operator.j.lin").output
    assert "one person" in refused(run("activate", file, "authority.j.lin")), "nor one after the other"
    assert "ACTIVE" not in run("show", "export-declaration").output
    assert "ACTIVE" in run("activate", file, "authority.m.chen").output


def test_a_signer_without_a_name_does_not_count_where_the_drafter_is_named(
    run: Run, draft: Callable[..., Path], tmp_path: Path
) -> None:
    file = draft(draftedBy="j.lin")
    nameless = sign_agreement(KEYS[Holder.OPERATOR], agreement(**(LASTING | {"draftedBy": "j.lin"})))
    (tmp_path / "nameless.jws").write_text(nameless)
    assert "named" in refused(run("activate", file, "nameless.jws"))


def test_the_commands_of_the_page_take_an_agreement_from_draft_to_suspended(
    run: Run, draft: Callable[..., Path]
) -> None:
    lint, show, diff, prove, live, sign_it, activate, suspend = (
        command.words[1:] for command in PAGE.commands("agreement")
    )
    draft()
    draft("second.json", version=2, fields=[])
    Path("claims.json").write_text(PAGE.block("json", 1))
    meant = {
        **dict.fromkeys(("FILE...", "FILE", "FILE|ID", "OLD", "AGREEMENT..."), "draft.json"),
        "NEW": "second.json",
        "[--claims": "--claims",
        "FILE]": "claims.json",
        "ID": "export-declaration",
    }

    def told(words: list[str], **other: str) -> str:
        done = run(*((meant | other).get(word, word) for word in words))
        assert done.exit_code == 0, done.output
        return done.output

    assert "in order" in told(lint)
    assert "DRAFT" in told(show)
    assert "No longer permitted:\n" in told(diff)
    assert "2 hold, 0 fail" in told(prove)
    told(sign_it, **{"KEY.pem": pem("operator")})
    told(sign_it, **{"operator": "authority", "KEY.pem": pem("authority"), "A.jws": "B.jws"})
    assert "ACTIVE" in told(activate)
    assert "1 agreements in force on the bridge" in told(live)
    assert "suspended by the authority" in told(suspend, **{"KEY.pem": pem("authority")})
    assert "SUSPENDED" in told(show, **{"FILE|ID": "export-declaration"})


def test_the_fields_of_the_page_are_those_of_an_agreement_on_answers(run: Run, tmp_path: Path) -> None:
    answering = json.loads((DEMO / "agreements" / "declaration-answer.json").read_bytes())
    shown = json.loads(f"{{{PAGE.block('json')}}}")
    assert shown.keys() == {"fields", "leakageBudget"}
    (tmp_path / "draft.json").write_text(json.dumps(answering | shown))
    done = run("lint", "draft.json")
    assert done.exit_code == 0, done.output
    told = run("show", "draft.json").output
    for said in ("/declaredValueMinor", "atLeast", "inBand", "1000000", "5000000"):
        assert said in told
