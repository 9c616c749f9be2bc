"""The test vectors that RFC 8785 (appendix I) points to: cyberphone/json-canonicalization, ``testdata``."""

import pytest

from isthmus_protocol.canonical import MalformedJson, canonical, parse

VECTORS = {
    "arrays": (
        rb'[56, {"d": true, "10": null, "1": [ ]}]',
        b'[56,{"1":[],"10":null,"d":true}]',
    ),
    "french": (
        '{"peach": "This sorting order", "p\u00e9ch\u00e9": "is wrong according to French",'
        ' "p\u00eache": "but canonicalization MUST", "sin": "ingnore locale"}'.encode(),
        '{"peach":"This sorting order","p\u00e9ch\u00e9":"is wrong according to French",'
        '"p\u00eache":"but canonicalization MUST","sin":"ingnore locale"}'.encode(),
    ),
    "structures, its one number without a point": (
        (
            rb'{"1": {"f": {"f": "hi","F": 5} ,"\n": 56}, "10": { }, "": "empty", "a": { },'
            rb' "111": [ { } ], "A": { }}'
        ),
        rb'{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}',
    ),
    "unicode": (
        rb'{"Unnormalized Unicode":"d\u0323\u0307"}',
        '{"Unnormalized Unicode":"d\u0323\u0307"}'.encode(),
    ),
    "values, without its numbers": (
        (
            rb'{"literals": [null, true, false], "escaping": "\u20ac$\u000F\u000aA'
            rb"'"
            rb'\u0042\u0022\u005c\\\"\/"}'
        ),
        '{"escaping":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/","literals":[null,true,false]}'.encode(),
    ),
    "weird": (
        (
            rb'{"\u20ac": "Euro Sign", "1": "One", "\u0080": "Control\u007f", "\ud83d\ude02": "Smiley",'
            rb' "\u00f6": "Latin Small Letter O With Diaeresis", "\ufb33": "Hebrew Letter Dalet With Dagesh",'
            rb' "</script>": "Browser Challenge"}'
        ),
        '{"1":"One","</script>":"Browser Challenge","\u0080":"Control\u007f",'
        '"\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign","\U0001f602":"Smiley",'
        '"\ufb33":"Hebrew Letter Dalet With Dagesh"}'.encode(),
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_published_vector_is_written_as_published(name: str) -> None:
    given, expected = VECTORS[name]
    assert canonical(parse(given)) == expected


@pytest.mark.parametrize("number", [b"56.0", b"1E30", b"4.50", b"333333333.33333329", b"2e-3", b"1e-27"])
def test_the_published_numbers_that_are_no_plain_integers_are_refused(number: bytes) -> None:
    with pytest.raises(MalformedJson):
        parse(b'{"number":' + number + b"}")
