"""How Twilio calls us: proven by its signature, a form, and answered in TwiML. Pure."""

import base64
import hmac
import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit
from xml.etree.ElementTree import Element, tostring

from pydantic import SecretStr

from companion.channels.base import Callback, CallbackReply
from companion.channels.signatures import same

FIELDS_LIMIT = 200
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML can hold: one of them, and Twilio says none of the text."""
STANDARD_PORTS = {"https": 443, "http": 80}


def called_by_twilio(callback: Callback, token: SecretStr) -> Mapping[str, str] | None:
    """Return the fields of a call that the account's auth token has signed; None: it was not Twilio."""
    try:
        fields = parse_qsl(
            callback.body.decode(), keep_blank_values=True, max_num_fields=FIELDS_LIMIT, strict_parsing=False
        )
    except ValueError:
        return None
    given = callback.headers.get("X-Twilio-Signature")
    proven = [
        same(signature(url, fields, token.get_secret_value()), given) for url in spellings(callback.url)
    ]
    return dict(fields) if any(proven) else None


def signature(url: str, fields: list[tuple[str, str]], token: str) -> str:
    """Return what Twilio signs with: https://www.twilio.com/docs/usage/security."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(errors="replace"), "sha1")).decode()


def spellings(url: str) -> Iterator[str]:
    """Yield the address as it was called, and with and without its port: Twilio's own validators try them too."""
    yield url
    parts = urlsplit(url)
    host = parts.netloc.rsplit("@", 1)[-1]
    bare = host if host.endswith("]") else re.sub(r":\d+$", "", host)
    port = parts.port or STANDARD_PORTS.get(parts.scheme, 443)
    for written in {bare, f"{bare}:{port}"} - {parts.netloc}:
        yield url.replace(parts.netloc, written, 1)


def twiml(*verbs: Element) -> str:
    """Return what Twilio is to do, one after the other."""
    response = Element("Response")
    response.extend(verbs)
    return tostring(response, encoding="unicode")


def verb(name: str, text: str = "", **attributes: str) -> Element:
    """Return one verb of TwiML."""
    found = Element(name, attributes)
    found.text = NO_XML.sub("", text)
    return found


def within(outer: Element, *inner: Element) -> Element:
    """Return a verb with others inside."""
    outer.extend(inner)
    return outer


def answered(*verbs: Element) -> CallbackReply:
    """Return the reply with these verbs, or with none."""
    return CallbackReply(body=twiml(*verbs), content_type="text/xml")
