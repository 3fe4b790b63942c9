"""Channels come as packages: found without being imported, loaded when needed, and broken for themselves alone."""

import json
import logging
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from companion import extensions
from companion.channels.base import Sent
from companion.channels.registry import (
    ChannelConfigError,
    KindUnavailable,
    build_channel,
    find_kind,
    formed_address,
    kind_names,
    kind_or_stand_in,
    known_fault,
    mistakes,
    oddities_of_packages,
    own_addresses,
    secret_fields,
    validated,
)
from companion.extensions import LONGEST_NAME, Offer, offers, sorted_out
from companion.texts.language import LANGUAGES, texts_for
from companion.texts.reasons import Reason
from tests.companion.channels.messages import message
from tests.fakes.packages import Packages, look_again, pager, write_package

ROOT = Path(__file__).parents[3]
OURS = tuple(sorted(path.parent.name for path in (ROOT / "companion/channels").glob("*/__init__.py")))
WITH_PAGER = tuple(sorted(("pager", *OURS)))
AT = {"pager": "acme_pager:KIND"}


# --- what is there --------------------------------------------------------------------------------------


def test_each_folder_of_a_channel_is_declared_as_others_declare_theirs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert tuple(sorted(project["entry-points"][extensions.GROUP])) == OURS


def test_this_installation_names_its_own_channels() -> None:
    """If this fails: script/bootstrap makes the environment anew."""
    assert offers().undeclared == ()


@pytest.mark.usefixtures("packages")
def test_an_installation_older_than_its_code_keeps_its_channels_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extensions, "distributions", lambda: ())
    look_again()

    assert kind_names() == OURS
    assert callable(build_channel("sms", {"url": "http://g.example/send"}).send)
    [said] = map(str, oddities_of_packages())
    assert "older than its code" in said
    assert "script/bootstrap" in said


def test_a_package_whose_description_cannot_be_read_hides_no_other(
    packages: Packages, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    packages.install("acme-pager", pager(), AT)
    packages.install("broken", {}, {"other": "nowhere"})
    (tmp_path / "site-packages/broken-1.0.dist-info/entry_points.txt").write_bytes(b"[\xff\xfe")
    look_again()

    assert kind_names() == WITH_PAGER
    assert "cannot be read (UnicodeDecodeError)" in caplog.text


async def test_a_package_of_somebody_else_is_a_channel_like_ours(packages: Packages) -> None:
    packages.install("acme-pager", pager(), AT)

    channel = build_channel("pager", {"key": "hunter2"})

    assert kind_names() == WITH_PAGER
    assert secret_fields("pager") == {"key"}
    assert await channel.send(message()) == Sent(provider_ref="1")
    assert list(oddities_of_packages()) == []


def test_an_entry_point_may_name_the_module_alone(packages: Packages) -> None:
    packages.install("acme-pager", pager(), {"pager": "acme_pager"})

    assert kind_or_stand_in("pager").title == "Pager"


def test_what_a_package_says_is_read_in_the_readers_language_or_in_english(packages: Packages) -> None:
    texts = {
        "acme_pager/texts/__init__.py": "",
        "acme_pager/texts/en.py": 'REASONS = {"far": "{miles} miles too far"}',
        "acme_pager/texts/de.py": 'REASONS = {"far": "{miles} Meilen zu weit"}',
    }
    packages.install("acme-pager", pager() | texts, AT)
    too_far = Reason("pager.far", miles=12)

    assert too_far.said(texts_for("de")) == "12 Meilen zu weit"
    assert too_far.said(texts_for("fr")) == str(too_far) == "12 miles too far"


@pytest.mark.parametrize("text", ["1 / 0", "import nothing_like_it", "REASONS = 5", ""], ids=str)
def test_broken_texts_leave_the_code(packages: Packages, text: str) -> None:
    texts = {"acme_pager/texts/__init__.py": "", "acme_pager/texts/en.py": text}
    packages.install("acme-pager", pager() | texts, AT)

    assert str(Reason("pager.far", miles=12)) == "pager.far 12"


# --- loaded when needed ---------------------------------------------------------------------------------


def test_a_kind_is_imported_when_a_channel_of_it_is_there_and_no_sooner(packages: Packages) -> None:
    packages.install("acme-pager", pager(), AT)

    names, odd = kind_names(), list(oddities_of_packages())
    before = packages.imported()
    kind_or_stand_in("pager")
    for_paging = packages.imported()
    build_channel("pager", {"key": "hunter2"})

    assert ("pager" in names, odd, before) == (True, [], set())
    assert for_paging == {"acme_pager"}
    assert packages.imported() == {"acme_pager", "acme_pager.settings", "acme_pager.sender"}


LOOKS = dedent(
    """
    import asyncio, json, sys
    from pathlib import Path
    from companion.app import Companion
    from companion.channels.registry import build_channel, kind_names, oddities_of_packages
    from companion.config import Settings
    from companion.troubles.channel_watch import ChannelWatch

    def loaded():
        return sorted(
            name for name in sys.modules
            if name.startswith("acme_pager") or name == "re2" or name.startswith(
                tuple(f"companion.channels.{kind}." for kind in kind_names())
            )
        )

    async def idle():
        folder = Path(sys.argv[1])
        async with Companion(Settings(data_dir=folder, host="127.0.0.1", port=0, zeroconf=False)) as running:
            names, odd = kind_names(), list(oddities_of_packages())
            await running.channel_watch.probe_due()
            await running.channels.listening()
            return names

    names = asyncio.run(idle())
    before = loaded()
    build_channel("signal", {"url": "http://s.example", "number": "+4930123456"})
    print(json.dumps([names, before, loaded()]))
    """
)


def test_an_idle_service_has_loaded_no_channel_and_one_with_signal_only_signal(tmp_path: Path) -> None:
    """In a process of its own: here the tests have loaded all of them long ago."""
    site = tmp_path / "site-packages"
    site.mkdir()
    write_package(site, "acme-pager", pager(__init__="raise RuntimeError"), AT)

    done = subprocess.run(  # noqa: S603 # our own interpreter
        [sys.executable, "-c", LOOKS, str(tmp_path / "data")],
        env={**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    names, idle, signal_only = json.loads(done.stdout.splitlines()[-1])
    assert names == list(WITH_PAGER)
    assert idle == []
    assert signal_only == [
        f"companion.channels.signal.{part}"
        for part in ("addresses", "answers", "receipts", "sender", "settings")
    ]


# --- broken for themselves alone ------------------------------------------------------------------------

BROKEN = {
    "cannot be imported": (pager(__init__="import nothing_like_it"), "ModuleNotFoundError"),
    "fails while imported": (pager(__init__="1 / 0"), "ZeroDivisionError"),
    "ends the process": (pager(__init__="raise SystemExit(3)"), "SystemExit"),
    "is something else": (pager(__init__="KIND = 5"), "acme_pager:KIND is not what"),
    "has no kind": (pager(__init__=""), "has no attribute"),
    "is another kind": (
        {name: text.replace('"pager"', '"signal"') for name, text in pager().items()},
        "acme_pager:KIND is not what",
    ),
    "has broken settings": (pager(settings="import nothing_like_it"), "ModuleNotFoundError"),
    "has other settings": (
        pager(settings="class Settings: pass"),
        "acme_pager.settings:Settings is not what",
    ),
    "has no sender": (pager(sender=""), "has no attribute"),
    "has another sender": (pager(sender="Sender = 5"), "acme_pager.sender:Sender is not what"),
    "sends nothing": (
        pager(sender="Sender = lambda settings: settings"),
        "acme_pager.sender:Sender is not what",
    ),
    "fails with its settings": (
        pager(sender="def Sender(settings): raise KeyError(settings.key.get_secret_value())"),
        "KeyError in sender.py, line 1",
    ),
}


@pytest.mark.parametrize(("files", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_package_is_said_in_a_sentence_and_other_channels_do_not_notice(
    packages: Packages, files: dict[str, str], why: str
) -> None:
    packages.install("acme-pager", files, AT)

    with pytest.raises(KindUnavailable) as raised:
        build_channel("pager", {"key": "hunter2"})

    said = str(raised.value)
    assert said.startswith("channel kind 'pager' of package acme-pager cannot be used")
    assert why in said
    assert "start the service again" in said
    assert "hunter2" not in said
    assert callable(build_channel("sms", {"url": "http://g.example/send"}).send)


def test_a_broken_package_is_looked_at_once_and_said_once_in_the_log(
    packages: Packages, caplog: pytest.LogCaptureFixture
) -> None:
    packages.install("acme-pager", pager(__init__="1 / 0"), AT)
    unknown_yet = known_fault("pager")

    found = [find_kind("pager") for _ in range(3)]

    assert (unknown_yet, found) == (None, [None] * 3)
    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [
        (logging.ERROR, str(known_fault("pager")))
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_operator_reads_the_fault_in_their_language(packages: Packages, language: str) -> None:
    packages.install("acme-pager", pager(__init__="1 / 0"), AT)
    find_kind("pager")
    fault = known_fault("pager")

    assert fault is not None
    assert "acme-pager" in fault.said(texts_for(language))


def test_of_a_kind_that_is_not_available_paging_believes_that_it_tells_people() -> None:
    kind = kind_or_stand_in("pigeon")

    assert (kind.records, kind.updates, kind.addressed) == (False, True, True)


@pytest.mark.parametrize(
    ("method", "ask"),
    [
        ("formed_address(cls, address, country)", lambda: formed_address("pager", "1", None)),
        ("own_addresses(cls, config)", lambda: own_addresses("pager", {})),
        ("mistakes(self)", lambda: mistakes("pager", validated("pager", {"key": "hunter2"}))),
    ],
    ids=["address", "own addresses", "mistakes"],
)
def test_settings_that_fail_where_they_must_not_are_the_kinds_fault(
    packages: Packages, method: str, ask: Callable[[], object]
) -> None:
    head = "    @classmethod\n" if "cls" in method else ""
    body = f"{pager()['acme_pager/settings.py']}\n{head}    def {method}: raise KeyError\n"
    packages.install("acme-pager", pager(settings=body), AT)

    with pytest.raises(KindUnavailable, match=r"KeyError in settings\.py, line"):
        ask()


# --- names ----------------------------------------------------------------------------------------------


def test_ours_win_against_a_package_that_offers_the_same_name(packages: Packages) -> None:
    packages.install("acme-signal", pager(), {"signal": "acme_pager:KIND"})

    assert kind_or_stand_in("signal").title == "Signal message"
    assert [str(one) for one in oddities_of_packages()] == [
        "package acme-signal offers a channel kind 'signal', which is built in: the built-in one is used"
    ]


def test_of_two_packages_with_one_name_neither_is_used(packages: Packages) -> None:
    packages.install("acme-pager", pager(), AT)
    packages.install("other-pager", pager("other_pager"), {"pager": "other_pager:KIND"})

    with pytest.raises(KindUnavailable, match=r"\(acme-pager, other-pager\), and none of them is used"):
        build_channel("pager", {"key": "hunter2"})
    assert [str(one) for one in oddities_of_packages()] == [str(known_fault("pager"))]
    assert packages.imported() == set()


@pytest.mark.parametrize(
    "name", ["Pager", "_pager", "2way", "my-pager", "../pager", "päger", "p" * (LONGEST_NAME + 1)]
)
def test_an_odd_name_is_left_out(name: str) -> None:
    found = sorted_out([Offer(name, "acme_pager:KIND", "acme-pager")], OURS)

    assert sorted(found.usable) == sorted(OURS)
    assert [one.kind for one in found.misnamed] == [name]


def test_a_package_installed_twice_is_one() -> None:
    found = sorted_out([Offer("pager", "acme_pager:KIND", "acme-pager")] * 2, OURS)

    assert set(found.usable) == {"pager", *OURS}
    assert found.clashing == {}


def test_an_unknown_kind_says_which_there_are(packages: Packages) -> None:
    packages.install("acme-pager", pager(__init__="1 / 0"), AT)

    with pytest.raises(ChannelConfigError, match=f"no channel kind 'pigeon', only {', '.join(WITH_PAGER)}"):
        build_channel("pigeon", {})
