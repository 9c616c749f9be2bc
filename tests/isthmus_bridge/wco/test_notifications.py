"""What customs says in DMS notifications arrives as DECLARATION_STATUS, and what was assumed is said."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import cds
from isthmus_bridge.wco.notifications import FUNCTIONS, NotANotification, read_notifications
from isthmus_bridge.wco.schemas import Schemas
from isthmus_protocol.xml import MalformedXml
from xml_mutants import mutants

pytestmark = cds.needed

SCHEMAS = Schemas(cds.SCHEMAS)


def told(name: str) -> dict[str, Any] | None:
    path = cds.EXAMPLES / "Example_DMS_notifications" / f"{name}.xml"
    (notification,) = read_notifications(path.read_bytes(), SCHEMAS).notifications
    return notification.body()


@pytest.mark.parametrize("sample", cds.NOTIFICATIONS, ids=lambda path: f"{path.parents[1].name}-{path.name}")
def test_every_published_notification_is_read_under_its_own_name(sample: Path) -> None:
    reading = read_notifications(sample.read_bytes(), SCHEMAS)
    (notification,) = reading.notifications
    assert sample.stem.endswith(notification.name)
    assert notification.mrn is not None
    assert len(notification.mrn) == 18
    assert notification.reference is not None
    assert any("no namespace" in each for each in reading.assumed)
    assert any("ResponsibleCountryCode" in each for each in reading.assumed)


def test_the_bodies_say_what_the_notifications_say() -> None:
    assert told("01_DMSACC") == {
        "status": "ACCEPTED", "mrn": "19GBCKKCQSXV2FGVA8", "at": "2019-11-13T17:22:16Z",
    }  # fmt: skip
    assert told("03_DMSREJ") == {
        "status": "REJECTED", "mrn": "20GB1NA4Y2YSRFGVR6", "at": "2020-02-11T11:42:12Z",
        "errors": [{"code": "CDS12005", "field": "/42A/17C/R144"}],
    }  # fmt: skip
    assert told("05_DMSCTL") == {
        "status": "CHANNEL_ASSIGNED", "channel": "RED", "mrn": "20GB1Q3RTK463FGVR4",
        "at": "2020-02-13T11:07:23Z",
    }  # fmt: skip
    assert told("13_DMSTAX") == {
        "status": "DUTY_ASSESSED", "duty": {"amountMinor": 232_400, "currency": "GBP"},
        "mrn": "20GB1Q3RTK463FGVR4", "at": "2020-02-13T11:11:55Z",
    }  # fmt: skip
    for released in ("08_DMSROG", "09_DMSCLE"):
        body = told(released)
        assert body is not None
        assert body["status"] == "RELEASED"


def test_what_has_no_word_in_the_status_message_has_no_body() -> None:
    silent = {
        *("02_DMSRCV", "07_DMSRES", "10_DMSINV", "11_DMSREQ", "14_DMSCPI"),
        *("15_DMSCPR", "16_DMSEOG", "17_DMSGER"),
    }
    assert {
        path.stem
        for path in cds.NOTIFICATIONS
        if path.parent.name == "Example_DMS_notifications" and told(path.stem) is None
    } == silent


def test_a_valid_notification_is_read_with_nothing_assumed() -> None:
    for sample in cds.NOTIFICATIONS:
        mended = cds.mended(sample)
        if cds.judge("notification").validate(etree.fromstring(mended)):
            reading = read_notifications(mended, SCHEMAS)
            assert reading.assumed == ()
            assert reading.notifications == read_notifications(sample.read_bytes(), SCHEMAS).notifications


def test_what_remains_wrong_is_said() -> None:
    path = cds.EXAMPLES / "Example_DMS_notifications" / "16_DMSEOG.xml"
    assumed = read_notifications(path.read_bytes(), SCHEMAS).assumed
    assert any("formatCode" in each and "line 2" in each for each in assumed)


def test_an_unknown_function_is_refused() -> None:
    sample = cds.NOTIFICATIONS[0].read_bytes()
    assert b"<FunctionCode>01<" in sample
    with pytest.raises(NotANotification) as caught:
        read_notifications(sample.replace(b"<FunctionCode>01<", b"<FunctionCode>99<"), SCHEMAS)
    assert caught.value.path == "Response/FunctionCode"


def test_a_notification_without_its_time_is_refused() -> None:
    sample = cds.NOTIFICATIONS[0].read_bytes()
    for time in (b"20191313172216Z", b"2019", b"", b"20191113172216+99"):
        with pytest.raises(NotANotification, match="IssueDateTime"):
            read_notifications(sample.replace(b"20191113172216Z", time), SCHEMAS)


def test_a_declaration_is_no_notification() -> None:
    with pytest.raises(NotANotification):
        read_notifications(cds.declarations()[0].read_bytes(), SCHEMAS)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_changed_notification_is_read_or_refused(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(cds.NOTIFICATIONS))
    try:
        reading = read_notifications(data.draw(mutants(sample.read_bytes())), SCHEMAS)
    except (NotANotification, MalformedXml):
        return
    for notification in reading.notifications:
        notification.body()
        assert notification.function in FUNCTIONS
