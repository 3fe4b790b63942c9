"""Settings: where they come from, what is refused, and the secret key's file."""

import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from companion.config import Settings, SettingsInvalid, load_secret_key, load_settings, unknown_variables

KEY = "a secret key that is long enough to be one"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "ALARM_BROKER_CONFIG", "ALARM_BROKER_DATABASE_URL", "ALARM_BROKER_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALARM_BROKER_DATA_DIR", str(tmp_path / "data"))


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    return path


def test_without_any_setting_it_runs_on_sqlite_in_its_data_folder(tmp_path: Path) -> None:
    settings = load_settings()

    assert settings.database_url == f"sqlite:///{tmp_path / 'data' / 'alarm-broker.db'}"
    assert settings.public_url == "http://127.0.0.1:8440"
    assert settings.retry_policy().quick == tuple(timedelta(seconds=wait) for wait in (2, 5, 15))


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALARM_BROKER_PORT", "9000")

    settings = load_settings(_file(tmp_path, "port: 8000\npress_per_minute: 3\n"))

    assert (settings.port, settings.press_per_minute) == (9000, 3)


def test_the_file_may_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALARM_BROKER_CONFIG", str(_file(tmp_path, "port: 8000\n")))

    assert load_settings().port == 8000


def test_database_url_alone_is_enough_for_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://alarm:hunter22@db/alarm")

    settings = load_settings(_file(tmp_path, "database_url: sqlite:////elsewhere.db"))

    assert settings.database_url == "postgres://alarm:hunter22@db/alarm"


def test_lists_are_written_with_commas_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALARM_BROKER_TRUSTED_PROXIES", "10.0.0.0/8, 192.168.0.1")
    monkeypatch.setenv("ALARM_BROKER_RETRY_QUICK_S", "1,2")

    settings = load_settings()

    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "192.168.0.1/32"]
    assert settings.retry_quick_s == (1, 2)


def test_all_mistakes_are_told_at_once_with_their_names_and_without_their_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://alarm:hunter22@db/alarm")

    with pytest.raises(SettingsInvalid) as caught:
        load_settings(
            _file(tmp_path, "prt: 1\npublic_url: ftp://x\nsecret_key: hunter22\nport: many\ntls_key: /x\n")
        )

    lines = str(caught.value).splitlines()[1:]
    assert [line.split(":")[0].strip() for line in lines] == [
        "database_url (ALARM_BROKER_DATABASE_URL)",
        "port (ALARM_BROKER_PORT)",
        "public_url (ALARM_BROKER_PUBLIC_URL)",
        "secret_key (ALARM_BROKER_SECRET_KEY)",
        "prt",
    ]
    assert "sqlite:///FILE or postgresql://" in lines[0]
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(("text", "days"), [("", 30), ("picture_days: 0", 0), ("picture_days: 0.5", 0.5)])
def test_pictures_are_kept_a_month_unless_it_is_said_otherwise(
    tmp_path: Path, text: str, days: float
) -> None:
    assert load_settings(_file(tmp_path, text)).picture_days == days


def test_alarms_are_kept_at_least_as_long_as_their_links_live(tmp_path: Path) -> None:
    assert load_settings(_file(tmp_path, "record_days: 7")).record_days == 7
    with pytest.raises(SettingsInvalid, match="at least ack_link_days"):
        load_settings(_file(tmp_path, "record_days: 1"))


def test_half_of_a_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="tls_cert and tls_key belong together"):
        load_settings(_file(tmp_path, "tls_cert: /etc/cert.pem"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("port: [", r"settings\.yaml is not YAML \(line 2\)"),
        ("- port", "must hold lines like `port: 8440`"),
        ("1: 2", "must hold lines like `port: 8440`"),
    ],
    ids=["broken", "a list", "a number as name"],
)
def test_a_file_that_holds_no_settings_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(SettingsInvalid, match=complaint):
        load_settings(_file(tmp_path, text + "\n"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"missing\.yaml cannot be read: No such file"):
        load_settings(tmp_path / "missing.yaml")


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert load_settings(_file(tmp_path, "")) == load_settings()


def test_settings_can_be_shown_without_their_secrets() -> None:
    shown = repr(Settings(secret_key=SecretStr(KEY), database_url="postgresql://alarm:hunter22@db/alarm"))

    assert KEY not in shown
    assert "hunter22" not in shown
    assert "port=8440" in shown


# --- the secret key -------------------------------------------------------------------------------------


def test_a_key_is_made_at_first_use_and_stays_the_same(tmp_path: Path) -> None:
    settings = load_settings()

    key = load_secret_key(settings)

    path = tmp_path / "data" / "secret.key"
    assert len(key) >= 32
    assert load_secret_key(settings) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_agree_on_one_key() -> None:
    settings = load_settings()
    keys: list[bytes] = []
    together = threading.Barrier(8)

    def start() -> None:
        together.wait()
        keys.append(load_secret_key(settings))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_key_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    settings = load_settings()
    load_secret_key(settings)
    path = tmp_path / "data" / "secret.key"
    path.chmod(0o644)

    with pytest.raises(SettingsInvalid, match=f"can be read by every user of this host: chmod 600 {path}"):
        load_secret_key(settings)


def test_a_cut_off_key_file_is_refused_instead_of_used(tmp_path: Path) -> None:
    settings = load_settings()
    load_secret_key(settings)
    (tmp_path / "data" / "secret.key").write_text("short\n")

    with pytest.raises(SettingsInvalid, match="shorter than 32 characters"):
        load_secret_key(settings)


def test_a_data_folder_that_cannot_be_made_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALARM_BROKER_DATA_DIR", "/proc/nowhere")

    with pytest.raises(SettingsInvalid, match="Check data_dir, or set secret_key"):
        load_secret_key(load_settings())


@pytest.mark.parametrize("below", ["data", "data/deeper"])
def test_a_file_instead_of_the_data_folder_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    (tmp_path / "data").write_text("a file is in the way")
    monkeypatch.setenv("ALARM_BROKER_DATA_DIR", str(tmp_path / below))

    with pytest.raises(SettingsInvalid, match=f"{tmp_path / 'data'} is a file: name a folder"):
        load_settings()


@pytest.mark.parametrize(
    "address",
    ["garbage", "", "postgresql://alarm:hunter22@db:port/alarm", "postgresql://alarm:hunter@22@db:/a/b"],
)
def test_what_is_no_address_of_a_database_is_told_how_to_write_one(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", address)

    with pytest.raises(SettingsInvalid, match="postgresql://USER:PASSWORD@HOST/NAME") as caught:
        load_settings()

    assert "hunter" not in str(caught.value)


def test_what_kubernetes_puts_into_the_port_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALARM_BROKER_PORT", "tcp://10.0.0.1:8440")

    with pytest.raises(SettingsInvalid, match="enableServiceLinks: false"):
        load_settings()


def test_the_settings_file_of_the_host_is_read_by_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.config.CONFIG_FILE", _file(tmp_path, "port: 8000\n"))

    assert load_settings().port == 8000
    assert load_settings(_file(tmp_path, "port: 9000\n")).port == 9000


def test_names_that_look_like_settings_are_told_with_the_right_one() -> None:
    said = unknown_variables(
        {
            "ALARM_BROKER_LOGLEVEL": "debug",
            "ALARM_BROKER_PORT_8440_TCP_ADDR": "10.0.0.1",
            "ALARM_BROKER_DATABASE_URL": "sqlite:////x.db",
            "ALARM_BROKER_CONFIG": "/x.yaml",
            "OTHER": "1",
        }
    )

    assert said == [
        "ALARM_BROKER_LOGLEVEL is set but is no setting; is ALARM_BROKER_LOG_LEVEL meant?",
        "ALARM_BROKER_PORT_8440_TCP_ADDR is set but is no setting",
    ]


def test_a_key_that_is_set_needs_no_file(tmp_path: Path) -> None:
    assert load_secret_key(Settings(secret_key=SecretStr(KEY))) == KEY.encode()
    assert not (tmp_path / "data").exists()
