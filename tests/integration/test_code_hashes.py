import threading

import pytest
from homeassistant.core import HomeAssistant

from custom_components.alarm_broker import code_hashes
from custom_components.alarm_broker.code_hashes import CodeUser, async_hash_code, async_matching_user


async def test_a_code_matches_its_own_user(hass: HomeAssistant) -> None:
    users = [
        CodeUser("Anna", await async_hash_code(hass, "4711")),
        CodeUser("Bert", await async_hash_code(hass, "grüße")),
    ]

    assert await async_matching_user(hass, "4711", users) == "Anna"
    assert await async_matching_user(hass, "grüße", users) == "Bert"
    assert await async_matching_user(hass, "4712", users) is None


async def test_the_same_code_is_never_stored_the_same_way_and_never_in_clear(hass: HomeAssistant) -> None:
    first, second = await async_hash_code(hass, "4711"), await async_hash_code(hass, "4711")

    assert first != second
    assert "4711" not in first
    assert first.startswith("scrypt$14$8$1$")


@pytest.mark.parametrize(
    "code_hash",
    [
        "",
        "4711",
        "md5$1$1$1$AA==$AA==",
        "scrypt$14$8$1$AA==",
        "scrypt$40$8$1$AA==$AA==",
        "scrypt$x$8$1$AA==$AA==",
    ],
    ids=["empty", "clear text", "other scheme", "cut off", "too costly", "no number"],
)
async def test_a_damaged_hash_matches_nobody(hass: HomeAssistant, code_hash: str) -> None:
    good = CodeUser("Anna", await async_hash_code(hass, "4711"))

    assert await async_matching_user(hass, "4711", [CodeUser("Bert", code_hash), good]) == "Anna"


@pytest.mark.parametrize("code", ["", "1" * 65], ids=["empty", "too long"])
async def test_a_code_of_no_sensible_length_is_not_hashed(hass: HomeAssistant, code: str) -> None:
    with pytest.raises(ValueError, match="1 to 64"):
        await async_hash_code(hass, code)


async def test_every_user_is_tried_off_the_event_loop_whoever_matches(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = [CodeUser(name, await async_hash_code(hass, name)) for name in ("first", "second", "third")]
    tried: list[int] = []
    derive = code_hashes._derive

    def watched(code: str, salt: bytes, **cost: int) -> bytes:
        tried.append(threading.get_ident())
        return derive(code, salt, **cost)

    monkeypatch.setattr(code_hashes, "_derive", watched)
    await async_matching_user(hass, "first", users)
    for_a_match = len(tried)
    await async_matching_user(hass, "nobody", users)

    assert for_a_match == len(tried) - for_a_match == 3
    assert threading.get_ident() not in tried
