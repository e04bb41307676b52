"""The authority of a laptop: whom phones believe, for which names, and for how long."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from neobank.laptop import addresses, authority

NOW = dt.datetime(2026, 11, 21, 18, 0, tzinfo=dt.UTC)
NAMES = ["192.168.1.5", "camp.local", "camp", "localhost", "127.0.0.1"]
DAY = dt.timedelta(days=1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The file of an authority that was made now."""
    path = tmp_path / "authority.pem"
    authority.authority(path, laptop="camp", names=NAMES, now=NOW)
    return path


@pytest.fixture
def leaf(root: Path, tmp_path: Path) -> Path:
    """The file of its certificate for NAMES."""
    path = tmp_path / "bank.pem"
    assert authority.certify(path, authority=root, names=NAMES, now=NOW)
    return path


def handshake(leaf: Path, root: Path, name: str) -> None:
    """What a phone does that trusts ``root`` and nobody else. Raises ``ssl.SSLError``."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(leaf)
    trusted = authority.certificate_in(root).public_bytes(Encoding.PEM).decode()
    phone = ssl.create_default_context(cadata=trusted)
    here, there = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(here, server_side=True) as accepted:
                accepted.recv(1)
        except OSError:
            here.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with phone.wrap_socket(there, server_hostname=name):
            pass
    finally:
        there.close()
        thread.join()


def made_for_real(tmp_path: Path, names: list[str], allowed: list[str]) -> tuple[Path, Path]:
    """A pair of files that is good today, since a handshake looks at the real clock."""
    now = dt.datetime.now(dt.UTC)
    root, leaf = tmp_path / "real-authority.pem", tmp_path / "real-bank.pem"
    authority.authority(root, laptop="camp", names=allowed, now=now)
    authority.certify(leaf, authority=root, names=names, now=now)
    return leaf, root


@pytest.mark.parametrize("name", NAMES)
def test_who_trusts_the_authority_believes_the_bank_under_each_of_its_names(
    tmp_path: Path, name: str
) -> None:
    leaf, root = made_for_real(tmp_path, NAMES, NAMES)
    handshake(leaf, root, name)


def test_under_any_other_name_nobody_believes_it(tmp_path: Path) -> None:
    leaf, root = made_for_real(tmp_path, NAMES, NAMES)
    for name in ("192.168.1.6", "bank.example", "camp.local.bank.example"):
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake(leaf, root, name)


def test_a_stolen_authority_vouches_for_no_name_of_the_internet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authority, "may_sign", lambda *_: True)
    leaf, root = made_for_real(tmp_path, ["bank.example", "203.0.113.9"], NAMES)
    for name in ("bank.example", "203.0.113.9"):
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
            handshake(leaf, root, name)


def test_a_name_it_may_not_sign_is_refused_with_what_to_do(root: Path, tmp_path: Path) -> None:
    for name in ("bank.example", "203.0.113.9"):
        with pytest.raises(authority.CannotCertify, match="TLS_CERT"):
            authority.certify(tmp_path / "x.pem", authority=root, names=[*NAMES, name], now=NOW)
    assert not (tmp_path / "x.pem").exists()


def test_an_odd_address_is_signed_by_an_authority_that_was_made_for_it(tmp_path: Path) -> None:
    leaf, root = made_for_real(tmp_path, ["203.0.113.9"], ["203.0.113.9"])
    handshake(leaf, root, "203.0.113.9")


def test_both_files_are_for_their_owner_alone(root: Path, leaf: Path) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in (root, leaf)} == {0o600}


def test_the_certificate_is_one_that_phones_accept(leaf: Path) -> None:
    certificate = authority.certificate_in(leaf)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= 397 * DAY
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert set(authority.names_in(certificate)) == set(NAMES)


def test_both_stay_as_they_are_until_something_changes(root: Path, leaf: Path) -> None:
    before = root.read_bytes(), leaf.read_bytes()
    soon = NOW + 300 * DAY
    assert authority.authority(root, laptop="other", names=[], now=soon)[1] is False
    assert not authority.certify(leaf, authority=root, names=reversed(NAMES), now=soon)
    assert (root.read_bytes(), leaf.read_bytes()) == before


@pytest.mark.parametrize(
    ("names", "now"),
    [
        (["192.168.1.6", *NAMES[1:]], NOW),
        (NAMES[1:], NOW),
        (NAMES, NOW + 365 * DAY),
        (NAMES, NOW - 9 * DAY),
    ],
    ids=["the address changed", "a name is gone", "it ends soon", "the clock went back"],
)
def test_a_new_certificate_is_made_when_the_old_one_does_not_serve(
    root: Path, leaf: Path, names: list[str], now: dt.datetime
) -> None:
    authority_before = root.read_bytes()
    assert authority.certify(leaf, authority=root, names=names, now=now)
    assert set(authority.names_in(authority.certificate_in(leaf))) == set(names)
    assert root.read_bytes() == authority_before, "phones need not trust anything anew"


def test_an_authority_near_its_end_is_replaced_and_so_is_what_it_signed(root: Path, leaf: Path) -> None:
    late = NOW + 1080 * DAY
    certificate, is_new = authority.authority(root, laptop="camp", names=NAMES, now=late)
    assert is_new
    assert authority.certify(leaf, authority=root, names=NAMES, now=late)
    authority.certificate_in(leaf).verify_directly_issued_by(certificate)


def test_a_certificate_never_outlives_its_authority_and_is_not_made_again_at_every_start(
    root: Path, leaf: Path
) -> None:
    late = NOW + 1000 * DAY
    assert authority.certify(leaf, authority=root, names=NAMES, now=late)
    ends = authority.certificate_in(leaf).not_valid_after_utc
    assert ends == authority.certificate_in(root).not_valid_after_utc
    assert not authority.certify(leaf, authority=root, names=NAMES, now=ends - 10 * DAY)


def test_a_damaged_file_is_named_and_left_alone(root: Path) -> None:
    root.write_text("coffee")
    with pytest.raises(authority.CannotCertify, match="damaged"):
        authority.authority(root, laptop="camp", names=NAMES, now=NOW)
    assert root.read_text() == "coffee"


def test_the_addresses_of_this_machine_are_addresses_and_none_of_them_leads_back_to_it() -> None:
    found = addresses.of_this_machine()
    assert all(addresses.is_address(address) for address in found)
    assert not any(address.startswith("127.") for address in found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("called", "names"),
    [
        ("Camp", ["camp.local", "camp"]),
        ("camp.fritz.box", ["camp.local", "camp"]),
        ("localhost", []),
        ("käse", []),
        ("", []),
    ],
)
def test_the_names_of_this_machine_are_host_names(
    monkeypatch: pytest.MonkeyPatch, called: str, names: list[str]
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: called)
    assert addresses.names_of_this_machine() == names
