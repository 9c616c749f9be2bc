"""Settings: what is wrong is named, all at once; production starts on nothing that is for development."""

from collections.abc import Iterator

import pytest

from isthmus.errors import Misconfigured
from isthmus.settings import Process, check_production, load


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    import os

    for name in list(os.environ):
        if name.startswith(("ISTHMUS_", "DATABASE_", "BRIDGE_", "REDIS_", "STRIPE_")) and "TEST" not in name:
            monkeypatch.delenv(name)
    return iter([monkeypatch])


READY = {
    "ISTHMUS_ENV": "production",
    "ISTHMUS_SECRET_KEY": "0Xn1y2Qm7c9Lr4Vt8Kb3Wd6Zp5Hs0Gf_jUaE",
    "DATABASE_URL": "postgresql://isthmus_app:d8fj2Ksl0@db.example/isthmus",
    "BRIDGE_DATABASE_URL": "postgresql://isthmus_bridge_app:29fkD0sl@db.example/isthmus_bridge",
    "REDIS_URL": "redis://:8dk2Lsm4@broker.example/0",
    "STRIPE_API_KEY": "sk_live_of_somebody",
    "ISTHMUS_PUBLIC_URL": "https://trade.example",
    "ISTHMUS_BRIDGE_URL": "https://bridge.example",
    "ISTHMUS_WINDOW_URL": "https://window.example",
    "ISTHMUS_LOG_ORIGIN": "bridge.example/log",
    "ISTHMUS_WITNESS_URL": "https://witness.example",
    "ISTHMUS_WITNESS_NAME": "witness.example/w1",
}


def produce(monkeypatch: pytest.MonkeyPatch, **changed: str | None) -> None:
    for name, value in {**READY, **changed}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)


def problems_of(*processes: Process, demo: bool = False) -> str:
    with pytest.raises(Misconfigured) as refused:
        check_production(load(), *processes, demo=demo)
    return str(refused.value)


def test_without_any_setting_a_development_installation_is_described() -> None:
    settings = load()
    assert (settings.web_address, settings.bridge_address, settings.window_address) == (
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8081",
        "http://127.0.0.1:8082",
    )
    check_production(settings, *Process, demo=True)


def test_every_malformed_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_PORT", "eighty")
    monkeypatch.setenv("DATABASE_URL", "mysql://db")
    monkeypatch.setenv("ISTHMUS_ENV", "prod")
    with pytest.raises(Misconfigured) as refused:
        load()
    assert len(refused.value.problems) == 3
    for name in ("ISTHMUS_PORT", "DATABASE_URL", "ISTHMUS_ENV"):
        assert name in str(refused.value)


def test_a_complete_production_configuration_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    produce(monkeypatch)
    check_production(load(), *Process)


def test_production_lists_everything_that_is_missing_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_ENV", "production")
    said = problems_of(*Process, demo=True)
    for name in (*READY.keys() - {"ISTHMUS_ENV"}, "demo"):
        assert name in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISTHMUS_SECRET_KEY", "short"),
        ("ISTHMUS_SECRET_KEY", "a" * 64),
        ("DATABASE_URL", "postgresql://postgres:postgres@db.example/isthmus"),
        ("DATABASE_URL", "postgresql://isthmus_app@db.example/isthmus"),
        ("BRIDGE_DATABASE_URL", "postgresql://isthmus_bridge_app:changeme@db.example/isthmus_bridge"),
        ("REDIS_URL", "redis://broker.example/0"),
        ("ISTHMUS_PUBLIC_URL", "http://trade.example"),
        ("ISTHMUS_GRAPHIQL", "true"),
    ],
)
def test_production_refuses_what_is_fit_for_development_only(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    produce(monkeypatch, **{name: value})
    assert name in problems_of(*Process)


def test_a_machine_of_one_side_needs_only_that_sides_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    produce(monkeypatch, DATABASE_URL=None, ISTHMUS_SECRET_KEY=None, STRIPE_API_KEY=None)
    check_production(load(), Process.BRIDGE, Process.BRIDGE_WORKER)
    assert "DATABASE_URL" in problems_of(Process.WEB)


def test_no_secret_shows_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    produce(monkeypatch)
    settings = load()
    assert READY["ISTHMUS_SECRET_KEY"] not in repr(settings)
    assert READY["STRIPE_API_KEY"] not in repr(settings)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.7.0.9", "window.example"])
def test_the_reference_windows_pages_are_open_on_its_own_machine_alone(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    produce(monkeypatch)
    monkeypatch.setenv("ISTHMUS_HOST", host)
    assert "ISTHMUS_HOST" in problems_of(Process.WINDOW)
    check_production(load(), Process.WEB)
    for near in ("127.0.0.1", "::1", "localhost"):
        monkeypatch.setenv("ISTHMUS_HOST", near)
        check_production(load(), Process.WINDOW)


def test_a_proxy_whose_certificates_are_believed_is_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_CERTIFICATE_PROXIES", '["10.7.0.0/24", "::1"]')
    assert load().certificate_proxies == ("10.7.0.0/24", "::1")
    monkeypatch.setenv("ISTHMUS_CERTIFICATE_PROXIES", '["proxy.example"]')
    with pytest.raises(Misconfigured, match="ISTHMUS_CERTIFICATE_PROXIES"):
        load()
