"""Origins of web apps: kept as a browser writes them, or refused."""

import pytest

from accounts import origins
from accounts.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://app.example", "https://app.example"),
        ("HTTPS://App.Example/", "https://app.example"),
        ("https://app.example:443", "https://app.example"),
        ("http://app.example:80", "http://app.example"),
        ("https://app.example:80", "https://app.example:80"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://192.168.1.20:3000", "http://192.168.1.20:3000"),
        ("http://[2001:DB8::1]:3000", "http://[2001:db8::1]:3000"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_kept_as_a_browser_sends_it(typed: str, kept: str) -> None:
    assert origins.clean([typed]) == [kept]


@pytest.mark.parametrize(
    "typed",
    [
        "*",
        "null",
        "",
        "app.example",
        "https://",
        "https://*.example",
        "https://app.example/path",
        "https://app.example?",
        "https://app.example#",
        "https://user@app.example",
        "https://app.example:port",
        "https://app.example:70000",
        "https://[::1",
        "https://bücher.example",
        "https://app .example",
        "https://app.example\nhttps://evil.example",
        "file:///home",
        "javascript:alert(1)",
        "https://" + "a" * 64 + ".example",
    ],
)
def test_what_no_browser_sends_is_refused_in_a_sentence(typed: str) -> None:
    with pytest.raises(Invalid, match="is not an origin") as refused:
        origins.clean([typed])
    assert (refused.value.code, refused.value.field) == ("invalid_tenant", "cors_origins")


def test_each_is_kept_once_in_its_order_and_only_so_many() -> None:
    two = ["https://b.example", "https://a.example", "https://B.example/"]
    assert origins.clean(two) == ["https://b.example", "https://a.example"]
    many = [f"https://app{number}.example" for number in range(origins.MANY + 1)]
    assert origins.clean(many[:-1]) == many[:-1]
    with pytest.raises(Invalid, match="At most 20"):
        origins.clean(many)
