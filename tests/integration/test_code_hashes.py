import threading

import bcrypt
import pytest
from homeassistant.core import HomeAssistant

from custom_components.alarm_broker.codes.hashing import (
    CodeUser,
    Recipe,
    async_hash_code,
    async_matching_user,
)


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
        "scrypt$14$0$1$AA==$AA==",
        "scrypt$14$8$0$AA==$AA==",
        "scrypt$16$64$1$AA==$AA==",
    ],
    ids=[
        "empty",
        "clear text",
        "other scheme",
        "cut off",
        "too costly",
        "no number",
        "r",
        "p",
        "too much memory",
    ],
)
async def test_a_damaged_hash_matches_nobody(hass: HomeAssistant, code_hash: str) -> None:
    good = CodeUser("Anna", await async_hash_code(hass, "4711"))

    assert await async_matching_user(hass, "4711", [CodeUser("Bert", code_hash), good]) == "Anna"


@pytest.mark.parametrize("code", ["", "1" * 65], ids=["empty", "too long"])
async def test_a_code_of_no_sensible_length_is_not_hashed(hass: HomeAssistant, code: str) -> None:
    with pytest.raises(ValueError, match="1 to 64"):
        await async_hash_code(hass, code)


async def test_every_entry_costs_one_derivation_off_the_event_loop_whoever_matches(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many users there are: their codes share a salt, and a duress code cannot be told by timing."""
    hashes: list[str] = []
    for code in ("first", "second", "third"):
        hashes.append(await async_hash_code(hass, code, like=hashes))
    users = [CodeUser(str(number), code_hash) for number, code_hash in enumerate(hashes)]
    derived: list[int] = []
    derive = Recipe.derive

    def watched(recipe: Recipe, code: str) -> bytes:
        derived.append(threading.get_ident())
        return derive(recipe, code)

    monkeypatch.setattr(Recipe, "derive", watched)
    matches = [await async_matching_user(hass, code, users) for code in ("first", "third", "nobody")]

    assert matches == ["0", "2", None]
    assert len(derived) == 3
    assert threading.get_ident() not in derived


async def test_codes_of_different_salts_are_all_tried(hass: HomeAssistant) -> None:
    users = [CodeUser(code, await async_hash_code(hass, code)) for code in ("1111", "2222")]

    assert await async_matching_user(hass, "2222", users) == "2222"


async def test_a_code_that_came_from_alarmo_still_works(hass: HomeAssistant) -> None:
    imported = "bcrypt$" + bcrypt.hashpw(b"4711", bcrypt.gensalt(4)).decode()
    users = [CodeUser("Bert", imported), CodeUser("Cut", "bcrypt$2b")]

    assert await async_matching_user(hass, "4711", users) == "Bert"
    assert await async_matching_user(hass, "4712", users) is None
