"""Who may come in: a farm runs what it is sent, so it talks to holders of its certificate alone."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from undersong.batch.farm_depot import HINT
from undersong.batch.model import Farm
from undersong.errors import FarmError, UsageError
from undersong.files import write_bytes

if TYPE_CHECKING:
    from distributed.security import Security

CA: Final = "ca.pem"
CERTIFICATE: Final = "certificate.pem"
KEY: Final = "key.pem"

_LASTS: Final = timedelta(days=365)
_PRIVATE: Final = 0o600


def security(farm: Farm) -> "Security":
    """Return how to speak to a farm: with TLS, both sides showing a certificate.

    Raises:
        UsageError: the address is not one of TLS; plain speech is for this machine alone.
        FarmError: a certificate is missing.
    """
    from distributed.security import Security  # noqa: PLC0415 - only who has a farm has its extra

    found = urlsplit(farm.address)
    if farm.plain and found.scheme == "tcp" and _is_here(found.hostname or ""):
        return Security(require_encryption=False)
    if found.scheme != "tls" or not found.hostname:
        raise UsageError(
            f"a farm is spoken to with TLS, and {farm.address} is no address for that",
            hint="write tls://HOST:PORT; --farm-plain allows tcp:// on this machine",
        )
    return Security(require_encryption=True, **tls(farm.certificates))


def tls(folder: Path) -> dict[str, str]:
    """Return the settings of dask for the certificates of a folder.

    Raises:
        FarmError: one is missing.
    """
    for name in (CA, CERTIFICATE, KEY):
        if not (folder / name).is_file():
            raise FarmError(
                f"there is no {name} in {folder}",
                hint="`undersong farm up` makes one; --farm-certificates names another folder",
            )
    found: dict[str, str] = {"tls_ca_file": str(folder / CA)}
    for role in ("client", "scheduler", "worker"):
        found[f"tls_{role}_cert"] = str(folder / CERTIFICATE)
        found[f"tls_{role}_key"] = str(folder / KEY)
    return found


def make_certificates(folder: Path) -> None:
    """Write a key and a certificate that signs itself into `folder`; whoever has them may come in.

    Raises:
        FarmError: the extra is not installed.
        OutputError: they cannot be written.
    """
    try:
        from cryptography import x509  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    except ImportError as error:
        raise FarmError("a farm needs more than is installed here", hint=HINT) from error
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "undersong farm")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks of a farm differ
        .not_valid_after(now + _LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    write_bytes(folder / KEY, private)
    (folder / KEY).chmod(_PRIVATE)
    write_bytes(folder / CERTIFICATE, public)
    write_bytes(folder / CA, public)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
