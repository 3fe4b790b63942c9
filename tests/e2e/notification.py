"""Draws a notification as a phone shows it, from what Home Assistant really sent."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

STYLE = """
body { margin: 0; padding: 28px; min-height: 100vh; box-sizing: border-box; background: linear-gradient(150deg, #31435c, #17202e); display: flex; gap: 24px;
  align-items: flex-start; font: 15px/1.4 Roboto, "Noto Sans", sans-serif; color: #1c1b1f; }
figure { margin: 0; width: 350px; }
figcaption { color: #cfd8e6; font-size: 13px; margin: 0 0 8px 6px; }
.card { background: #f3f1f6; border-radius: 24px; padding: 14px 18px; box-shadow: 0 6px 20px #0006; }
.app { font-size: 12px; color: #5f5d66; } .app b { color: #03a9f4; font-weight: 600; }
h1 { font-size: 16px; margin: 4px 0 2px; } p { margin: 0 0 6px; white-space: pre-line; }
img { width: 100%; border-radius: 14px; display: block; margin: 6px 0; }
.actions { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 8px; color: #00658f; font-weight: 600; font-size: 14px; }
"""


def notifications_html(shown: Iterable[tuple[str, Mapping[str, Any], bytes | None]]) -> str:
    """Return a page with pushes side by side, each with a caption and the JPEG behind its picture's address."""
    cards = "".join(_card(caption, push, picture) for caption, push, picture in shown)
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><body>{cards}"


def _card(caption: str, push: Mapping[str, Any], picture: bytes | None) -> str:
    data = push.get("data", {})
    actions = "".join(f"<span>{escape(action['title'])}</span>" for action in data.get("actions", ()))
    image = "" if picture is None else f"<img src='data:image/jpeg;base64,{b64encode(picture).decode()}'>"
    return (
        f"<figure><figcaption>{escape(caption)}</figcaption><div class=card>"
        f"<div class=app><b>Home Assistant</b> · {escape(str(data.get('channel', 'now')))}</div>"
        f"<h1>{escape(push.get('title') or '')}</h1><p>{escape(push['message'])}</p>{image}"
        f"<div class=actions>{actions}</div></div></figure>"
    )
