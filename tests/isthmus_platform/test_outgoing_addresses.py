"""What a party names is called only where it leads to the public internet, and only where it was judged."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_platform.outgoing_addresses import AddressRefused, Outgoing, is_public

PRODUCTION = Outgoing()
HERE = Outgoing(loopback=True)
PUBLIC = "93.184.216.34"
NOT_PUBLIC = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)


def of_network(network: object) -> st.SearchStrategy[IPv4Address]:
    return st.ip_addresses(v=4, network=str(network)).map(lambda each: IPv4Address(int(each)))


inner = st.sampled_from(NOT_PUBLIC).flatmap(of_network)


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0",
        "0.0.0.0",
        "[::ffff:a9fe:a9fe]",
        "[::ffff:7f00:1]",
        "100.64.0.1",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::a00:1]",
        "192.0.0.8",
        "169.254.169.254",
        "10.1.2.3",
        "255.255.255.255",
        "224.0.0.1",
        "[::]",
        "[::1]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[2002:7f00:1::]",
        "[2001:0:53aa:64c::7f00:1]",
        "[2001:db8::1]",
        "[2606:4700::5efe:10.0.0.1]",
    ],
)
def test_addresses_that_are_not_of_the_public_internet(host: str) -> None:
    with pytest.raises(AddressRefused):
        PRODUCTION.check(f"https://{host}/hook")
    with pytest.raises(AddressRefused):
        PRODUCTION.resolve(f"https://{host}/hook")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://",
        "https://user@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/a b",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com/\r\nHost: other",
        "https://[fe80::1%25eth0]/",
        "https://localhost/",
        "https://intranet/",
        "https://" + "a" * 2_000 + ".example.com/",
    ],
)
def test_what_is_no_address_to_call(url: str) -> None:
    with pytest.raises(AddressRefused):
        PRODUCTION.check(url)


@given(inner)
def test_no_address_of_a_special_range_is_public_however_it_is_wrapped(address: IPv4Address) -> None:
    number = int(address)
    assert not is_public(address)
    assert not is_public(IPv6Address(0xFFFF << 32 | number))
    assert not is_public(IPv6Address((0x64_FF9B << 96) | number))
    assert not is_public(IPv6Address((0x2002 << 112) | number << 80))
    assert not is_public(IPv6Address((0x2001_0000 << 96) | (number ^ 0xFFFF_FFFF)))
    assert not is_public(IPv6Address((0x2606_4700 << 96) | (0x5EFE << 32) | number))
    assert not is_public(IPv6Address(number))


@given(st.ip_addresses(v=6))
def test_ipv6_is_public_only_within_global_unicast(address: IPv6Address) -> None:
    if int(address) >> 125 != 0b001:
        assert not is_public(address)


@given(st.ip_addresses())
def test_what_is_public_here_is_global_to_the_library_too(address: IPv4Address | IPv6Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast


@given(inner, st.sampled_from(["{0}", "{0:#x}", "{0:#o}"]))
def test_numbers_in_any_spelling_are_seen_through(address: IPv4Address, spelling: str) -> None:
    spelled = spelling.format(int(address)).replace("0o", "0")
    try:
        means = socket.inet_ntoa(socket.inet_aton(spelled))
    except OSError:
        return
    assert ip_address(means) == address
    with pytest.raises(AddressRefused):
        PRODUCTION.check(f"https://{spelled}/")


@given(st.lists(st.ip_addresses().map(str), min_size=1, max_size=3))
def test_one_bad_address_among_those_of_a_name_is_enough(found: list[str]) -> None:
    def resolve(outgoing: Outgoing) -> tuple[str, ...]:
        return outgoing.resolve("https://hooks.example.com/", lambda _host, _port: found).addresses

    if all(is_public(ip_address(each)) for each in found):
        assert resolve(PRODUCTION) == tuple(found)
    else:
        with pytest.raises(AddressRefused):
            resolve(PRODUCTION)


def test_where_to_connect_is_what_was_judged() -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    look_up = lambda _host, _port: next(answers)  # noqa: E731
    destination = PRODUCTION.resolve("https://hooks.example.com:8443/in?a=1", look_up)
    assert destination.addresses == (PUBLIC,)
    assert (destination.host, destination.port, destination.target) == ("hooks.example.com", 8443, "/in?a=1")
    with pytest.raises(AddressRefused):
        PRODUCTION.resolve("https://hooks.example.com:8443/in?a=1", look_up)


def test_loopback_is_opened_by_its_setting_and_nothing_else_is() -> None:
    HERE.check("http://127.0.0.1:8080/hook")
    assert HERE.resolve("http://localhost:8080/hook").encrypted is False
    for url in ("http://10.0.0.1/", "http://93.184.216.34/", "https://169.254.169.254/"):
        with pytest.raises(AddressRefused):
            HERE.resolve(url)
