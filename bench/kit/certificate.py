"""A certificate for 127.0.0.1 that lives as long as one run, and how the site is made to trust it."""

import datetime
import ipaddress
import os
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CERTIFICATE, KEY = "certificate.pem", "key.pem"
LIFETIME = datetime.timedelta(days=2)
SHADOW = '''"""Stands before certifi in a site of the benchmarks: trusts the run's own certificate alone."""


def where() -> str:
    return {path!r}


def contents() -> str:
    with open(where(), encoding="ascii") as file:
        return file.read()
'''


def make(folder: Path) -> None:
    """Write a new certificate and its key into the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "WeBox benchmark vendor")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / CERTIFICATE).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / KEY).write_bytes(secret)


def server_context(folder: Path) -> ssl.SSLContext:
    """What the vendor serves with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / CERTIFICATE, folder / KEY)
    return context


def client_context(folder: Path) -> ssl.SSLContext:
    """What the direct client trusts."""
    return ssl.create_default_context(cafile=str(folder / CERTIFICATE))


def trusting_environment(folder: Path) -> dict[str, str]:
    """Variables that make a site trust this certificate.

    WeBox takes its roots from the certifi package and not from the environment, so a package of that name
    stands before the real one.
    """
    shadow = folder / "before" / "certifi"
    shadow.mkdir(parents=True)
    certificate = str(folder / CERTIFICATE)
    (shadow / "__init__.py").write_text(SHADOW.format(path=certificate), encoding="utf-8")
    path = [str(shadow.parent), *filter(None, [os.environ.get("PYTHONPATH", "")])]
    return {"PYTHONPATH": os.pathsep.join(path), "SSL_CERT_FILE": certificate}
