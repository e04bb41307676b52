"""A certificate authority of this laptop alone, and the certificate it gives the bank.

The authority is made once. Its key signs names of a local network and nothing else (RFC 5280 section 4.2.1.10), so a phone
that trusts it does not trust it with any site of the internet. Both files hold key and certificate together, are readable for
their owner only, and appear whole or not at all.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.utils.translation import gettext as _

from neobank.laptop.addresses import is_address

_AUTHORITY_DAYS: Final = 3 * 365
# Browsers refuse more than 398 days; with the day for wrong clocks this stays below 397.
_CERTIFICATE_DAYS: Final = 390
_RENEW_BEFORE: Final = dt.timedelta(days=30)
# Clocks of phones and of a laptop without network are wrong.
_SLACK: Final = dt.timedelta(days=1)
_PRIVATE: Final = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
    *("fc00::/7", "fe80::/10", "::1/128"),
)
# Names that no registry hands out: multicast DNS (RFC 6762), homes (RFC 8375), private use, this machine (RFC 6761).
_LOCAL_NAMES: Final = ("local", "home.arpa", "internal", "lan", "localhost")


class CannotCertify(Exception):
    """No certificate was made; the text says in a plain sentence what to do instead."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and the key it is for."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """Both, as they stand in a file."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return key + self.certificate.public_bytes(serialization.Encoding.PEM)


def authority(
    path: Path, *, laptop: str, names: Iterable[str], now: dt.datetime
) -> tuple[x509.Certificate, bool]:
    """The authority's certificate in the file at ``path``, and whether it had to be made: there was none, or it ends soon.

    ``laptop`` stands in its name, for whoever wants to remove it from a phone. A new one may sign names of local networks, and
    ``names`` if they are none. Raises ``CannotCertify``, ``OSError``.
    """
    kept = _read(path)
    if kept is not None and now + _RENEW_BEFORE < kept.certificate.not_valid_after_utc:
        return kept.certificate, False
    made = _make_authority(laptop, names, now)
    write(path, made.pem)
    return made.certificate, True


def certify(path: Path, *, authority: Path, names: Iterable[str], now: dt.datetime) -> bool:
    """See to it that the file at ``path`` holds a good certificate of ``authority`` for exactly ``names``.

    Returns whether a new one was made. Raises ``CannotCertify`` for a name that is not one of a local network; ``OSError``.
    """
    wanted = list(dict.fromkeys(names))
    signer = _read(authority)
    if signer is None:
        raise CannotCertify(_("There is no authority at %s.") % authority)
    if refused := [name for name in wanted if not may_sign(signer.certificate, name)]:
        raise CannotCertify(
            _(
                "%(names)s is no name of a local network, and this laptop's authority was not made for it. Leave it out of "
                "EVENT_ADDRESSES, or get a certificate from a public authority and name its files in TLS_CERT and TLS_KEY."
            )
            % {"names": ", ".join(refused)}
        )
    kept = _read(path)
    if kept is not None and _still_serves(kept.certificate, signer.certificate, wanted, now):
        return False
    write(path, _make_certificate(signer, wanted, now).pem)
    return True


def certificate_in(path: Path) -> x509.Certificate:
    """The first certificate of a PEM file. Raises ``CannotCertify``, ``OSError``."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())[0]
    except ValueError as error:
        raise CannotCertify(_("There is no certificate in %s that can be read.") % path) from error


def names_in(certificate: x509.Certificate) -> list[str]:
    """The host names and addresses a certificate is for, without wildcards."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    hosts = [name for name in names.get_values_for_type(x509.DNSName) if not name.startswith("*")]
    return [*hosts, *(str(address) for address in names.get_values_for_type(x509.IPAddress))]


def common_name(certificate: x509.Certificate) -> str:
    """What phones call it."""
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of the certificate as phones show it: ``AB:CD:…``."""
    return certificate.fingerprint(SHA256()).hex(":").upper()


def may_sign(certificate: x509.Certificate, name: str) -> bool:
    """Whether an authority's ``certificate`` permits ``name``, as browsers read it."""
    permitted = (
        certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    )
    if is_address(name):
        networks = [allowed.value for allowed in permitted if isinstance(allowed, x509.IPAddress)]
        return any(ipaddress.ip_address(name) in ipaddress.ip_network(network) for network in networks)
    return any(
        name == allowed.value or name.endswith(f".{allowed.value}")
        for allowed in permitted
        if isinstance(allowed, x509.DNSName)
    )


def _is_local(name: str) -> bool:
    if is_address(name):
        return any(ipaddress.ip_address(name) in ipaddress.ip_network(network) for network in _PRIVATE)
    return any(name == domain or name.endswith(f".{domain}") for domain in _LOCAL_NAMES)


def _make_authority(laptop: str, names: Iterable[str], now: dt.datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "NeoBank"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"NeoBank at {laptop}, {now:%Y-%m-%d}"[:64]),
        ]
    )
    others = [name for name in names if not _is_local(name)]
    networks = (*_PRIVATE, *filter(is_address, others))
    domains = (*_LOCAL_NAMES, *(name for name in others if not is_address(name)))
    permitted: list[x509.GeneralName] = [
        *(x509.IPAddress(ipaddress.ip_network(network)) for network in networks),
        *(x509.DNSName(domain) for domain in domains),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(now + dt.timedelta(days=_AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(
            x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    return Pair(certificate, key)


def _make_certificate(signer: Pair, names: list[str], now: dt.datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    ends = min(now + dt.timedelta(days=_CERTIFICATE_DAYS), signer.certificate.not_valid_after_utc)
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "NeoBank")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False
        )
        .sign(signer.key, SHA256())
    )
    return Pair(certificate, key)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name)


def _still_serves(
    certificate: x509.Certificate, signer: x509.Certificate, names: list[str], now: dt.datetime
) -> bool:
    try:
        certificate.verify_directly_issued_by(signer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    ends = certificate.not_valid_after_utc
    # Near the authority's own end no later one can be made.
    is_long_enough = now + _RENEW_BEFORE < ends or (ends == signer.not_valid_after_utc and now < ends)
    return (
        set(names_in(certificate)) == set(names)
        and certificate.not_valid_before_utc <= now
        and is_long_enough
    )


def _read(path: Path) -> Pair | None:
    """The pair in a file that was written here; None when there is none. Raises ``CannotCertify``, ``OSError``."""
    if not path.exists():
        return None
    pem = path.read_bytes()
    try:
        key = serialization.load_pem_private_key(pem, password=None)
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CannotCertify(
            _("%s is damaged. Put it away: a new one is made, and phones have to trust that one anew.") % path
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CannotCertify(_("%s was not made by this bank. Put it away.") % path)
    return Pair(certificate, key)


def write(path: Path, content: bytes) -> None:
    """Whole or not at all, on the disk, and never readable for others. Raises ``OSError``."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
