"""Whatever a valid document says, applying it twice is applying it once."""

from typing import Any

import sqlalchemy as sa
from hypothesis import given, settings, strategies as st

from companion.directory import store as query
from companion.directory.apply import apply_document
from companion.store.migrate import upgrade
from companion.store.scope import ALL_SITES
from tests.companion.directory.documents import KEY, changes_nothing, read

# Without what YAML itself does not allow, or folds.
_text = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Cn", "Zl", "Zp"]), min_size=1, max_size=20
).filter(lambda text: text.strip() != "")
_plain = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8)


_numbers = st.integers(10**7, 10**9 - 1).map(lambda number: f"+4930{number}")


def _ids(prefix: str, *, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(_plain.map(lambda text: f"{prefix}{text}"), max_size=most, unique=True)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Return a valid document, whole or with sections left out that nothing in it needs."""
    channels = draw(_ids("c", most=3))
    people = draw(_ids("p", most=3)) if channels else []
    policies = draw(_ids("y", most=2)) if people else []
    last_resort = draw(st.sampled_from(policies)) if policies else None
    sites = draw(_ids("s", most=2)) if policies else []
    rooms = {site: draw(_ids(f"r{index}", most=2)) for index, site in enumerate(sites)}
    contacts = {
        person: draw(
            st.lists(
                st.fixed_dictionaries({"channel": st.sampled_from(channels), "address": _numbers}),
                min_size=1,
                max_size=3,
                unique_by=lambda contact: (contact["channel"], contact["address"]),
            )
        )
        for person in people
    }
    target = st.sampled_from(people or ["unused"]).map(lambda person: {"person": person})
    maybe_policy = st.sampled_from([None, *policies])
    devices = []
    for device in draw(_ids("d", most=3)) if policies else []:
        site = draw(st.sampled_from([None, *sites]))
        devices.append(
            {
                "id": device,
                "kind": "yealink",
                "name": draw(_text),
                "token": f"token-of-{device}-0123456789",
                "site": site,
                "room": draw(st.sampled_from([None, *(rooms[site] if site else [])])),
                "person": draw(st.sampled_from([None, *people])),
                "policy": draw(maybe_policy),
                "test": draw(st.booleans()),
            }
        )
    return {
        "policies": [
            {
                "id": policy,
                "name": draw(_text),
                "repeat": draw(st.integers(0, 20)),
                "steps": draw(
                    st.lists(
                        st.fixed_dictionaries(
                            {
                                "after": st.floats(0, 86_400),
                                "targets": st.lists(target, min_size=1, max_size=3),
                            }
                        ),
                        min_size=1,
                        max_size=3,
                    )
                ),
            }
            for policy in policies
        ],
        "sites": [
            {
                "id": site,
                "name": draw(_text),
                "timezone": draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])),
                "policy": draw(maybe_policy),
                "vacation_policy": draw(maybe_policy),
                "rooms": [{"id": room, "name": draw(_text)} for room in rooms[site]],
            }
            for site in sites
        ],
        "channels": [
            {
                "id": channel,
                "kind": "sms",
                "name": draw(_text),
                "timeout_s": draw(st.floats(1, 120)),
                "config": {"url": "http://127.0.0.1:1/", "headers": {"X-Key": draw(_plain)}},
            }
            for channel in channels
        ],
        "people": [
            {
                "id": person,
                "name": draw(_text),
                "site": draw(st.sampled_from([None, *sites])),
                "contacts": contacts[person],
            }
            for person in people
        ],
        "devices": devices,
        "installation": {"last_resort": last_resort, "operators": people[:1]},
    }


@settings(max_examples=60)
@given(first=documents(), second=documents())
def test_any_document_applied_twice_has_nothing_left_to_do(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as conn:
        conn.exec_driver_sql("PRAGMA foreign_keys=ON")
        upgrade(conn)

        for content in (first, second):
            apply_document(conn, read(content), KEY)
            assert changes_nothing(apply_document(conn, read(content), KEY))

        # Whatever was there before, what is there now is the document.
        assert {site.id for site in query.sites(ALL_SITES, conn)} == {site["id"] for site in second["sites"]}
        assert {device.id for device in query.devices(ALL_SITES, conn)} == {
            device["id"] for device in second["devices"]
        }
    engine.dispose()
