"""``/openapi.json`` says what the web serves to machines, and no request makes the server fail."""

import re
from pathlib import Path
from typing import Any

from isthmus_platform.http import openapi, reach
from isthmus_platform.scopes import SCOPES
from whole_web import whole_web

NOT_FOR_CLIENTS = {"portal": "pages for people", "bridge_inbox": "the bridge alone, with its signature"}


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Return each declared operation by method and path."""
    paths: dict[str, dict[str, Any]] = openapi.document()["paths"]
    return {(method.upper(), path): each for path, found in paths.items() for method, each in found.items()}


def test_every_entry_for_machines_is_declared_and_nothing_else(
    platform_url: str, redis_url: str, tmp_path: Path
) -> None:
    with whole_web(platform_url, tmp_path, redis_url) as web:
        served = {
            (method, _declared(rule.rule)): rule.endpoint
            for rule in web.app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
            if rule.endpoint.partition(".")[0] not in NOT_FOR_CLIENTS
        }
        told = web.app.test_client().get("/openapi.json")
    declared = {place: each["operationId"].removesuffix(".persisted") for place, each in operations().items()}
    assert declared == served, "declare it in isthmus_platform.http.openapi"
    assert told.get_json() == openapi.document()


def _declared(rule: str) -> str:
    """Return a rule as OpenAPI writes it: its parameters without their types."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def test_every_entry_says_the_scope_that_opens_it() -> None:
    for each in operations().values():
        needed = {scope for way in each["security"] for scopes in way.values() for scope in scopes}
        opened = reach.NEEDS.get(each["operationId"])
        assert needed == ({opened} if opened else set()), each["operationId"]
        assert needed <= SCOPES.keys()
        assert ("401" in each["responses"]) or not each["security"]
    assert {each["operationId"] for each in operations().values()} >= reach.NEEDS.keys()
