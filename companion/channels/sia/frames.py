r"""Frames of SIA DC-09 (2021), as bytes and back. Pure.

    LF crc len "ID"seq Rr Ll #acct [data] [extended]… _HH:MM:SS,MM-DD-YYYY CR

crc is CRC-16/ARC over what stands from the first `"` up to before CR, len its length. Encrypted (`"*ID"`), everything after the
first `[` is the hexadecimal of AES-CBC over `pad|data]extended timestamp`: there is no `]` then, which stands inside.
"""

import re
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16
IV = bytes(BLOCK)
"""DC-09, 5.4.4.4: all zero."""
PADDING = string.ascii_letters + string.digits
TIME = "_%H:%M:%S,%m-%d-%Y"

HEAD = re.compile(
    rb'"(?P<secret>\*?)(?P<id>[A-Z0-9-]{1,16})"(?P<seq>\d{4})'
    rb"(?P<receiver>R[0-9A-Fa-f]{1,6})?(?P<line>L[0-9A-Fa-f]{1,6})?(?P<account>#?[0-9A-Fa-f]{1,16})?\[(?P<rest>.*)",
    re.DOTALL,
)
BODY = re.compile(
    r"(?P<data>[^\[\]]*)\](?P<extended>(?:\[[^\[\]]*\])*)(?P<time>_\d\d:\d\d:\d\d,\d\d-\d\d-\d{4})?", re.ASCII
)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One frame, ours or a receiver's."""

    id: str
    """`SIA-DCS`, `ADM-CID`, `NULL`; of a receiver `ACK`, `NAK`, `DUH`."""
    sequence: int
    receiver: str = "0"
    line: str = "0"
    account: str = ""
    data: str = ""
    """What stands between the brackets, such as `#1234|Nri1/BA003`; ASCII without brackets."""
    extended: tuple[str, ...] = ()
    at: datetime | None = None
    """Seconds, in UTC."""
    encrypted: bool = False


def crc(content: bytes) -> int:
    """Return CRC-16/ARC: polynomial 0x8005, reflected, from 0."""
    found = 0
    for byte in content:
        found ^= byte
        for _ in range(8):
            found = found >> 1 ^ (0xA001 if found & 1 else 0)
    return found


def random_pad(length: int) -> str:
    """Return so many letters and digits: DC-09 wants none of `| [ ]` in a pad."""
    return "".join(secrets.choice(PADDING) for _ in range(length))


def build(frame: Frame, key: bytes | None = None, pad: Callable[[int], str] = random_pad) -> bytes:
    """Return the frame's bytes; `key` (16, 24 or 32 bytes) encrypts one that is to be."""
    body = frame.data + "]" + "".join(f"[{one}]" for one in frame.extended)
    if frame.at is not None:
        body += frame.at.strftime(TIME)
    account = f"#{frame.account}" if frame.account else ""
    mark = "*" if frame.encrypted else ""
    if frame.encrypted:
        if key is None:
            raise ValueError("an encrypted frame needs a key")
        # The whole with its `|` fills blocks; what does already gets another one.
        length = BLOCK - (len(body) + 1) % BLOCK
        body = encrypted(f"{pad(length)}|{body}".encode("ascii"), key).hex().upper()
    content = f'"{mark}{frame.id}"{frame.sequence:04}R{frame.receiver}L{frame.line}{account}[{body}'.encode(
        "ascii"
    )
    return b"\n%04X%04X%b\r" % (crc(content), len(content), content)


def parse(raw: bytes, key: bytes | None = None) -> Frame | None:
    """Return the frame in some bytes, or None if it is none, damaged, or for another key. Raises nothing.

    Receivers take liberties: an encrypted answer may be padded with zeros and have no `|`, a `NAK` no account, no number
    and no checksum.
    """
    stripped = raw.strip(b"\r\n\0 ")
    if bare := re.fullmatch(rb'"(NAK|DUH)"', stripped):
        return Frame(id=bare[1].decode(), sequence=0)
    sums = re.fullmatch(rb"([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})(\".*)", stripped, re.DOTALL)
    if sums is None or int(sums[1], 16) != crc(sums[3]) or int(sums[2], 16) != len(sums[3]):
        return None
    head = HEAD.fullmatch(sums[3])
    if head is None:
        return None
    is_secret = bool(head["secret"])
    body = _decrypted(head["rest"], key) if is_secret else head["rest"].decode("ascii", "replace")
    found = None if body is None else BODY.fullmatch(body)
    if found is None:
        return None
    return Frame(
        id=head["id"].decode(),
        sequence=int(head["seq"]),
        receiver=(head["receiver"] or b"R0")[1:].decode(),
        line=(head["line"] or b"L0")[1:].decode(),
        account=(head["account"] or b"").decode().removeprefix("#"),
        data=found["data"],
        extended=tuple(re.findall(r"\[([^\[\]]*)\]", found["extended"])),
        at=_moment(found["time"]),
        encrypted=is_secret,
    )


def encrypted(content: bytes, key: bytes) -> bytes:
    """Return whole blocks, encrypted."""
    cipher = Cipher(algorithms.AES(key), modes.CBC(IV)).encryptor()
    return cipher.update(content) + cipher.finalize()


def _decrypted(content: bytes, key: bytes | None) -> str | None:
    if key is None or not re.fullmatch(rb"(?:[0-9A-Fa-f]{32})+", content):
        return None
    cipher = Cipher(algorithms.AES(key), modes.CBC(IV)).decryptor()
    plain = (cipher.update(bytes.fromhex(content.decode())) + cipher.finalize()).decode("ascii", "replace")
    pad, bar, body = plain.partition("|")
    # A pad has no bracket: a `|` behind one is the data's own.
    return body if bar and "]" not in pad else plain.lstrip("0")


def _moment(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.strptime(text, TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
