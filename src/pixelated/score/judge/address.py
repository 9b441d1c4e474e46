"""Where an endpoint really is: on this machine, or elsewhere, where only redacted text may go.

On loopback is what is written as an address of 127.0.0.0/8 or ::1, or as `localhost` where that resolves to
such addresses alone. Any other name is elsewhere, wherever it points today: 127.0.0.1.example.com is a name.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from pixelated.core.errors import UsageError

PATH = "/chat/completions"


@dataclass(frozen=True)
class Address:
    """An endpoint: what to connect to, what to call it, and whether it is on loopback."""

    url: str  # as requested; on loopback the host is a number, so that nothing is looked up again
    host: str  # host and port as given, for the Host header
    name: str  # the host alone, for a certificate
    loopback: bool
    shown: str  # fit for messages


def read_address(base: str) -> Address:
    """Return the address of an endpoint.

    Raises:
        UsageError: it is no plain http or https address, or holds a user, a password or a query.
    """
    try:
        parts, other = parse_url(base.strip()), urlsplit(base.strip())
        port = parts.port
        # Two readers that do not agree on the host would connect to another one than was checked.
        agreed = (parts.host or "").strip("[]").lower() == (other.hostname or "").lower()
    except (LocationParseError, ValueError):
        raise _bad(base, "is no address") from None
    if parts.scheme not in ("http", "https") or not parts.host or not agreed or "\\" in base:
        raise _bad(base, "is no http or https address")
    if parts.auth or "@" in (other.netloc or "") or parts.query or parts.fragment:
        raise _bad(base, "holds a user, a password, a query or a fragment")
    bare = parts.host.strip("[]").lower()
    number = _loopback(bare, port or (443 if parts.scheme == "https" else 80))
    suffix = f":{port}" if port else ""
    netloc = (f"[{number}]" if ":" in number else number) if number else parts.host
    path = (parts.path or "").rstrip("/")
    path = path if path.endswith(PATH) else path + PATH
    shown = f"{parts.scheme}://{parts.host}{suffix}"
    return Address(f"{parts.scheme}://{netloc}{suffix}{path}", parts.host + suffix, bare, bool(number), shown)


def _loopback(host: str, port: int) -> str:
    """Return the number to connect to where the host is on loopback, else ""."""
    if host == "localhost":
        try:
            found = sorted(
                {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
            )
        except OSError:
            return ""
        return found[0] if found and all(map(_is_loopback, found)) else ""
    return host if _is_loopback(host) else ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bad(base: str, why: str) -> UsageError:
    shown = base.rpartition("@")[2][:80]  # a password stands before the @
    return UsageError(
        "bad_judge_url", f"the judge's URL ({shown!r}) {why}", "give a base such as http://127.0.0.1:8000/v1"
    )
