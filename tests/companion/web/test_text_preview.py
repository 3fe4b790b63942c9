"""The preview of texts over the API: what would be sent, for whoever may see it."""

from typing import Any

import pytest
import sqlalchemy as sa

from companion.directory.roles import Role
from companion.store import tables
from tests.companion.web.harness import Api, Reply

PATH = "/v1/admin/texts/preview"
YAML = {"Content-Type": "application/yaml"}
TEXTS = """
texts:
  - {id: all, kind: page, title: "Help: {{ room }}"}
  - {id: office, kind: page, site: office, title: "Office: {{ title }}"}
"""


async def preview(api: Api, key: str = "admin", **body: Any) -> Reply:
    return await api.call("POST", PATH, key, json=body)


async def test_each_site_sees_its_own_texts_and_those_of_all(api: Api) -> None:
    applied = await api.call("POST", "/v1/admin/seed", data=TEXTS, headers=YAML)
    assert applied.status == 200, applied.text

    ours, theirs = await preview(api, "office"), await preview(api, "other")
    crossed = await preview(api, "other", site="office")

    assert (ours.json["title"], ours.json["title_from"]) == ("Office: Panic key: Reception", "office")
    assert (theirs.json["title"], theirs.json["title_from"]) == ("Help: Reception", "all")
    assert (crossed.status, crossed.json["errors"][0]["where"]) == (422, "body.site")


async def test_an_alarm_is_shown_to_whoever_may_see_it_and_its_link_is_no_real_one(api: Api) -> None:
    alarm_id = await api.raised(title="Smoke in the kitchen", kind="fire")

    shown = await preview(api, "office", alarm=alarm_id, language="de")
    hidden = await preview(api, "other", alarm=alarm_id)

    assert "Smoke in the kitchen" in shown.json["title"]
    assert f"/a/{'x' * 33}" in shown.json["text"]
    assert (hidden.status, hidden.problem) == (404, "unknown-alarm")


async def test_a_template_is_tried_with_every_sample_and_its_faults_are_told(api: Api) -> None:
    reply = await preview(api, text="{{ ''.__class__ }}", title="{% if level > 1 %}x{% endif %}y")

    assert reply.status == 200
    assert [(one["text"], one["part"], one["problem"][:7]) for one in reply.json["faults"]] == [
        ("(draft)", "title", "line 1:"),
        ("(draft)", "text", "line 1:"),
    ]
    assert (reply.json["title_from"], reply.json["text_from"]) == ("(draft)", None)


async def test_an_sms_shows_alphabet_and_cost(api: Api) -> None:
    unreadable = await preview(api, channel="sms")
    works = (
        sa.update(tables.channel)
        .where(tables.channel.c.id == "sms")
        .values(config={"url": "http://127.0.0.1:9/"})
    )
    await api.context.db.write(lambda conn: conn.execute(works))

    reply = await preview(api, channel="sms", title="Feuer", text="Raus!")

    assert unreadable.problem == "channel-not-usable"

    assert reply.json["text"].startswith("Feuer. Raus! http://alarm.example/a/x")
    assert reply.json["sms"] == {
        "alphabet": "GSM-7",
        "characters": len(reply.json["text"]),
        "segments": 1,
        "left_out": "",
    }
    assert (await preview(api, channel="fax")).problem == "unknown-channel"


@pytest.mark.parametrize("role", [Role.READ, Role.OPERATE])
async def test_only_an_administrator_may_look(api: Api, role: Role) -> None:
    assert (await preview(api, role.value)).status == 403
