"""Where an answer may send a request on to: never off the web, to less safety or into this machine."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urljoin, urlsplit

import urllib3

from pixelated.core.places.protocol import UnavailableError

_OF_CLOUDS = ("metadata.google.internal", "metadata")  # link-local addresses by name


def next_address(at: str, target: str, where: str) -> str:
    """Return the address that a redirect of `at` to `target` means; `where` is shown in errors.

    Raises:
        UnavailableError: it is no address, no web address, one without the encryption that there was, or one
            of this machine or of a cloud's service for it, which hands out credentials.
    """
    try:
        there = urllib3.util.parse_url(urljoin(at, target)).url
        old, new = urlsplit(at), urlsplit(there)
        host = new.hostname or ""
        _ = new.port
    except ValueError as error:  # urllib3's are ValueErrors too
        raise _refused(where, "to what is no address") from error
    if new.scheme not in ("http", "https") or not host:
        raise _refused(where, "to what is no web address")
    if old.scheme == "https" and new.scheme == "http":
        raise _refused(where, "from https to http")
    inner, before = _inner(host), _inner(old.hostname or "")
    if inner == "link-local" or (inner and inner != before):
        raise _refused(where, f"to a {inner} address")
    return there


def _inner(host: str) -> str:
    """Return "loopback" or "link-local" for a host that is this machine or its cloud's service, else ""."""
    name = host.lower().rstrip(".")
    if name in _OF_CLOUDS:
        return "link-local"
    if name == "localhost" or name.endswith(".localhost"):
        return "loopback"
    address = _number(name)
    if address is None:
        return ""
    if address.is_link_local:
        return "link-local"
    return "loopback" if address.is_loopback or address.is_unspecified else ""


def _number(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(name))  # 127.1, 0x7f000001 and the like
        except OSError:
            return None
    return getattr(found, "ipv4_mapped", None) or found


def _refused(where: str, how: str) -> UnavailableError:
    return UnavailableError(
        "redirect_refused", f"{where} redirects {how}", "give the address that it leads to, if that is right"
    )
