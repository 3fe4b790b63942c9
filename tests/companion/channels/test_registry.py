import pytest

from companion.channels.registry import (
    ChannelConfigError,
    build_channel,
    kind_named,
    kind_names,
    secret_fields,
    settings_of,
)

SETTINGS = {
    "zammad": {"url": "http://z.example", "token": "hunter2", "group": "A", "customer": "a@b.example"},
    "signal": {"url": "http://s.example", "number": "+4930123456"},
    "sms": {"url": "http://g.example/send"},
    "apprise": {"url": "json://h.example/x"},
    "ntfy": {"url": "http://ntfy.example"},
    "telegram": {"token": "7001:AAE0123456789abcdefghijklmnopqrstuv"},
    "pushover": {"token": "t" * 30},
    "webhook": {"url": "http://hooks.example/alarm"},
    "email": {"host": "mail.example", "sender": "alarm@house.example"},
    "opsgenie": {"api_key": "k"},
    "pagerduty": {"routing_key": "0123456789abcdef0123456789abcdef"},
    "matrix": {"url": "http://matrix.example", "token": "t"},
    "mattermost": {"url": "http://chat.example/hooks/x"},
    "teams": {"url": "http://flow.example/x"},
    "discord": {"url": "http://discord.example/api/webhooks/1/x"},
    "slack": {"url": "http://hooks.example/services/x"},
    "whatsapp": {"phone_number_id": "106540352242922", "token": "t"},
    "twilio_sms": {"account_sid": "AC" + "0" * 32, "auth_token": "t", "sender": "+4930123456"},
    "twilio_voice": {"account_sid": "AC" + "0" * 32, "auth_token": "t", "sender": "+4930123456"},
    "mqtt": {"url": "mqtt://b.example", "username": "u", "password": "hunter2"},
    "snmp": {"url": "udp://nms.example", "version": "2c", "community": "public"},
    "sia": {"url": "tcp://receiver.example:10002", "account": "1234"},
    "home_assistant": {"home": "Parents"},
}


@pytest.mark.parametrize("kind", sorted(SETTINGS))
def test_each_kind_is_built_from_its_settings_without_an_event_loop(kind: str) -> None:
    assert callable(build_channel(kind, SETTINGS[kind]).send)


def test_what_tells_nobody_is_a_record_and_what_has_its_own_readers_needs_no_address() -> None:
    kinds = [kind_named(name) for name in kind_names()]

    assert {kind.name for kind in kinds} == set(SETTINGS)
    assert {kind.name for kind in kinds if kind.records} == {"mqtt", "snmp", "webhook", "zammad"}
    assert {kind.name for kind in kinds if not kind.addressed} == {
        "discord",
        "mqtt",
        "opsgenie",
        "pagerduty",
        "sia",
        "snmp",
        "webhook",
        "teams",
        "zammad",
    }


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("zammad", {"token", "webhook_token", "proxy"}),  # whose address may hold a password
        ("signal", {"header_value", "proxy"}),
        ("sms", {"url", "headers", "secrets", "callback_secret", "proxy"}),
        ("teams", {"url", "proxy"}),
        ("discord", {"url", "proxy"}),
        ("slack", {"url", "token", "signing_secret", "proxy"}),
        ("email", {"password"}),
        ("whatsapp", {"token", "app_secret", "verify_token", "proxy"}),
        ("twilio_sms", {"auth_token", "api_key_secret", "proxy"}),
        ("twilio_voice", {"auth_token", "api_key_secret", "proxy"}),
        ("opsgenie", {"api_key", "webhook_secret", "proxy"}),
        ("pagerduty", {"routing_key", "webhook_secret", "proxy"}),
        ("matrix", {"token", "proxy"}),
        ("mattermost", {"url", "token", "proxy"}),
        ("mqtt", {"password", "client_key"}),
        ("apprise", {"url"}),
        ("pushover", {"token", "proxy"}),
        ("webhook", {"url", "headers", "secrets", "signing_keys", "proxy"}),
        ("snmp", {"community", "auth_passphrase", "privacy_passphrase"}),
        ("sia", {"key"}),
        ("home_assistant", set()),
    ],
)
def test_secret_settings_are_known_by_name(kind: str, names: set[str]) -> None:
    assert secret_fields(kind) == names


def test_the_schema_of_the_settings_can_go_into_the_document_of_the_api() -> None:
    schema = settings_of("zammad").model_json_schema()

    assert schema["required"] == ["url", "token", "group", "customer"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["token"]["writeOnly"] is True


def test_wrong_settings_are_named_without_showing_a_value() -> None:
    settings = {**SETTINGS["zammad"], "group": "", "tokn": "hunter3", "url": "hunter4"}

    with pytest.raises(ChannelConfigError) as raised:
        build_channel("zammad", settings)

    assert {"group", "tokn", "url"} <= {part.split(":")[0] for part in str(raised.value).split("; ")}
    assert "hunter" not in str(raised.value)


@pytest.mark.parametrize(
    "kind", sorted(kind for kind, one in SETTINGS.items() if "url" in one and kind != "apprise")
)
@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0", "[fe80::1]", "[::ffff:169.254.169.254]"])
def test_an_address_that_no_channel_may_call_is_refused_before_the_first_alarm(kind: str, host: str) -> None:
    scheme = str(SETTINGS[kind]["url"]).partition(":")[0]
    with pytest.raises(ChannelConfigError, match="url: no channel may call this address"):
        build_channel(kind, {**SETTINGS[kind], "url": f"{scheme}://{host}"})


def test_an_unknown_kind_says_which_there_are() -> None:
    with pytest.raises(ChannelConfigError, match="sms"):
        build_channel("pigeon", {})


def test_half_a_proxy_header_is_not_enough() -> None:
    with pytest.raises(ChannelConfigError, match="belong together"):
        build_channel("signal", {**SETTINGS["signal"], "header_name": "X-Key"})


def test_a_tag_with_a_comma_is_refused() -> None:
    with pytest.raises(ChannelConfigError, match="comma"):
        build_channel("zammad", {**SETTINGS["zammad"], "tags": ["alarm,fire"]})


@pytest.mark.parametrize("field", [("zammad", "token"), ("signal", "header_value")], ids=str)
def test_a_secret_that_would_begin_another_header_is_refused(field: tuple[str, str]) -> None:
    kind, name = field
    settings = {**SETTINGS[kind], "header_name": "X-Key"} if kind == "signal" else SETTINGS[kind]

    with pytest.raises(ChannelConfigError, match="one line"):
        build_channel(kind, {**settings, name: "hunter2\nX-Other: 1"})


@pytest.mark.parametrize("empty", ["", " ", "\n"])
@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("twilio_sms", "auth_token"),
        ("mattermost", "token"),
        ("pagerduty", "webhook_secret"),
        ("opsgenie", "webhook_secret"),
        ("slack", "signing_secret"),
    ],
)
def test_a_secret_with_nothing_in_it_is_refused_as_anybody_could_sign_with_it(
    kind: str, secret: str, empty: str
) -> None:
    with pytest.raises(ChannelConfigError, match=secret):
        build_channel(kind, {**SETTINGS[kind], secret: empty})
