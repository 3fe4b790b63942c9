"""The settings of the service: from the environment, then from a YAML file, then the defaults."""

import os
import secrets
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from yarl import URL

from companion.dispatch.retry import RetryPolicy
from companion.store.database import normalized_url

ENV_PREFIX = "ALARM_BROKER_"
CONFIG_VARIABLE = "ALARM_BROKER_CONFIG"
CONFIG_FILE = Path("/etc/alarm-broker/alarm-broker.yaml")
"""Read when it is there and no other is named, so that the service and every command mean the same database."""
SECRET_KEY_FILE = "secret.key"  # noqa: S105 # a file name
SECRET_KEY_LENGTH = 32

DATABASE_VARIABLES = (f"{ENV_PREFIX}DATABASE_URL", "DATABASE_URL")
"""The second is what hosting platforms set."""

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class SettingsInvalid(Exception):
    """A setting is wrong or cannot be read; the message names each one and says what to do."""


def _own_address(known: dict[str, Any]) -> str:
    host = "127.0.0.1" if known["host"] in {"0.0.0.0", "::"} else known["host"]  # noqa: S104 # compared, not bound
    return str(URL.build(scheme="https" if known["tls_cert"] else "http", host=host, port=known["port"]))


class Settings(BaseModel):
    """Everything an operator can set, checked."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

    data_dir: Path = Path("~/.local/share/alarm-broker")
    """Where the SQLite database and the secret key file are."""
    database_url: Annotated[str, Field(repr=False, validation_alias=AliasChoices(*DATABASE_VARIABLES))] = (
        Field(default_factory=lambda known: f"sqlite:///{known['data_dir'] / 'alarm-broker.db'}")
    )  # it may hold a password: never in repr
    """`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; if absent, a SQLite file in `data_dir`."""
    host: str = "0.0.0.0"  # noqa: S104 # phones and responders must reach it; narrow it with ALARM_BROKER_HOST
    port: Annotated[int, Field(ge=0, le=65_535)] = 8440
    tls_cert: Path | None = None
    tls_key: Path | None = None
    public_url: str = Field(default_factory=_own_address)
    """How responders reach this service: the beginning of ACK links. If absent, this host and port."""
    secret_key: Annotated[SecretStr | None, Field(repr=False)] = None
    """Encrypts channel secrets and signs links; if absent, the file `secret.key` in `data_dir`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    press_window_s: Annotated[float, Field(ge=1, le=600)] = 10
    """Presses of the same key within this time are the same alarm."""
    press_per_minute: Annotated[int, Field(ge=1, le=1000)] = 10
    """How often a key may be pressed in a minute before a press that tells nobody anything new is answered 429."""
    ack_link_days: Annotated[float, Field(gt=0, le=365)] = 7
    """How long links live after the last page of an alarm that is over."""
    picture_days: Annotated[float, Field(ge=0, le=3650)] = 30
    """How long the picture of an alarm is kept; 0: for ever."""
    record_days: Annotated[float, Field(ge=0, le=36_500)] = 0
    """How long an alarm that is over is kept, with its journal, pictures, messages and links; 0: for ever."""
    session_hours: Annotated[float, Field(gt=0, le=720)] = 12
    """How long a login to the dashboard lasts that nobody uses."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks whose `X-Forwarded-For` is believed."""
    http_references: tuple[str, ...] = ()
    """What a directory that comes over HTTP may refer to: patterns like `env:SMS_*`, `file:/run/secrets/*`."""
    connections_per_address: Annotated[int, Field(ge=4, le=100_000)] = 64
    """Connections at a time from one address, or IPv6 network of one subscriber; trusted proxies are not counted."""
    failover_s: Annotated[float, Field(ge=1, le=3600)] = 15
    """How long a page may go without being accepted until the person's next contact point is told."""
    reaction_s: Annotated[float, Field(ge=10, le=3600)] = 120
    """How long whoever answered may take to react to another press until others are paged."""
    lease_s: Annotated[float, Field(ge=5, le=3600)] = 30
    """How long a worker may hold a delivery before another one takes it over."""
    retry_attempts: Annotated[int, Field(ge=1, le=100)] = 5
    retry_base_s: Seconds = 30
    retry_cap_s: Seconds = 7200
    retry_quick_s: tuple[Seconds, ...] = (2, 5, 15)
    """Waits before the first retries of a new alarm's first page."""
    zeroconf: bool = True
    """Announce the service as `_alarm-broker._tcp.local.`."""
    shutdown_grace_s: Annotated[float, Field(ge=0, le=600)] = 10
    """How long sends in flight may take to end when the service stops."""

    @field_validator("trusted_proxies", "retry_quick_s", "http_references", mode="before")
    @classmethod
    def _from_commas(cls, value: Any) -> Any:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("data_dir", "tls_cert", "tls_key")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @field_validator("data_dir")
    @classmethod
    def _folder(cls, value: Path) -> Path:
        for path in (value, *value.parents):
            if path.exists():
                if path.is_dir():
                    return value
                raise ValueError(f"{path} is a file: name a folder")
        return value

    @field_validator("port", mode="before")
    @classmethod
    def _not_of_kubernetes(cls, value: Any) -> Any:
        # For a service called alarm-broker, Kubernetes sets ALARM_BROKER_PORT to the address of that service:
        # https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
        if isinstance(value, str) and value.startswith("tcp://"):
            raise ValueError("Kubernetes has set this one: say enableServiceLinks: false in the pod's spec")
        return value

    @field_validator("database_url")
    @classmethod
    def _supported_database(cls, value: str) -> str:
        normalized_url(value)
        return value

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        url = URL(value)
        if url.scheme not in {"http", "https"} or not url.host or url.query_string or url.fragment:
            raise ValueError("write it like https://alarm.example.org, without a query")
        return value.rstrip("/")

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SECRET_KEY_LENGTH:
            raise ValueError(
                f"needs at least {SECRET_KEY_LENGTH} characters; `openssl rand -base64 48` makes a good one"
            )
        return value

    @model_validator(mode="after")
    def _both_tls_files(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together: set both or neither")
        return self

    @model_validator(mode="after")
    def _links_live_as_long_as_said(self) -> Self:
        if 0 < self.record_days < self.ack_link_days:
            raise ValueError("record_days must be 0 or at least ack_link_days: links go with their alarm")
        return self

    def retry_policy(self) -> RetryPolicy:
        """Return how often and how far apart a delivery is tried."""
        return RetryPolicy(
            attempts=self.retry_attempts,
            base=timedelta(seconds=self.retry_base_s),
            cap=timedelta(seconds=self.retry_cap_s),
            quick=tuple(timedelta(seconds=wait) for wait in self.retry_quick_s),
        )


def load_settings(config_file: Path | None = None) -> Settings:
    """Return the settings; `config_file` is the YAML file, if absent the one that `settings_file` finds.

    Raises SettingsInvalid, with every mistake at once.
    """
    config_file = config_file or settings_file()
    from_file = {} if config_file is None else _read_yaml(config_file)
    try:
        # The environment wins: that is where a container or a unit file overrides what the image brings.
        return Settings.model_validate(_by_name(from_file) | _from_environment(os.environ))
    except ValidationError as err:
        raise SettingsInvalid(_explained(err, config_file)) from err


def settings_file() -> Path | None:
    """Return the YAML file that ALARM_BROKER_CONFIG names, else the one of this host if it is there."""
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named)
    return CONFIG_FILE if CONFIG_FILE.exists() else None


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence about each variable that looks like a setting and is none.

    They are not refused: Kubernetes sets some of its own for a service called alarm-broker.
    """
    known = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields} | {CONFIG_VARIABLE}
    found = sorted(
        name for name in environ if name.upper().startswith(ENV_PREFIX) and name.upper() not in known
    )
    return [_unknown(name, get_close_matches(name.upper(), known, 1, 0.8)) for name in found]


def _unknown(name: str, nearest: list[str]) -> str:
    meant = f"; is {nearest[0]} meant?" if nearest else ""
    return f"{name} is set but is no setting{meant}"


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the environment sets, by the names of the fields; its variables may be written in any case."""
    known = {name.upper(): value for name, value in environ.items()}
    variables: dict[str, Sequence[str]] = {
        name: (f"{ENV_PREFIX}{name.upper()}",) for name in Settings.model_fields
    }
    variables["database_url"] = DATABASE_VARIABLES
    return {
        field: next(known[name] for name in names if name in known)
        for field, names in variables.items()
        if not known.keys().isdisjoint(names)
    }


def _by_name(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` under the names of the fields, whatever alias they came with."""
    return {"database_url" if name in DATABASE_VARIABLES else name: value for name, value in values.items()}


def _read_yaml(config_file: Path) -> dict[str, Any]:
    import yaml  # who sets everything by the environment needs it not

    try:
        content = yaml.safe_load(config_file.read_text(encoding="utf-8"))
    except OSError as err:
        raise SettingsInvalid(f"The settings file {config_file} cannot be read: {err.strerror}.") from err
    except (yaml.YAMLError, UnicodeDecodeError) as err:
        where = (
            f" (line {err.problem_mark.line + 1})"
            if isinstance(err, yaml.MarkedYAMLError) and err.problem_mark
            else ""
        )
        raise SettingsInvalid(f"The settings file {config_file} is not YAML{where}.") from err
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise SettingsInvalid(f"The settings file {config_file} must hold lines like `port: 8440`.")
    return content


def _explained(err: ValidationError, config_file: Path | None) -> str:
    lines = []
    for error in err.errors(include_input=False, include_url=False):
        if error["type"] == "default_factory_not_called":
            continue  # follows from another mistake, which has its own line
        name = str(error["loc"][0]) if error["loc"] else ""
        if name in DATABASE_VARIABLES:
            name = "database_url"
        message = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            nearest = get_close_matches(name, Settings.model_fields, 1, 0.7)
            message = f"there is no such setting{f'; is {nearest[0]} meant?' if nearest else ''}"
        variable = "" if not name or error["type"] == "extra_forbidden" else f" ({ENV_PREFIX}{name.upper()})"
        lines.append(f"  {name}{variable}: {message}" if name else f"  {message}")
    source = "the environment" if config_file is None else f"the environment or {config_file}"
    return "\n".join([f"These settings must be corrected, in {source}:", *lines])


# --- the secret key -------------------------------------------------------------------------------------


def load_secret_key(settings: Settings) -> bytes:
    """Return the secret key: the one that is set, else the one in its file, which is made at first use.

    Raises SettingsInvalid.
    """
    key = existing_secret_key(settings)
    path = settings.data_dir / SECRET_KEY_FILE
    if settings.secret_key is None and not path.exists():
        with _explained_file(path):
            _create_secret_key(path)
    key = existing_secret_key(settings)
    if key is None:
        raise SettingsInvalid(f"The secret key file {path} was removed while it was read: start once more.")
    return key


def existing_secret_key(settings: Settings) -> bytes | None:
    """Return the secret key, or None if none is set and its file is not there yet.

    Raises SettingsInvalid.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = settings.data_dir / SECRET_KEY_FILE
    with _explained_file(path):
        if not path.exists():
            return None
        if path.stat().st_mode & stat.S_IRWXO:
            raise SettingsInvalid(
                f"The secret key in {path} can be read by every user of this host: chmod 600 {path}"
            )
        key = path.read_text(encoding="ascii").strip()
    if len(key) < SECRET_KEY_LENGTH:
        raise SettingsInvalid(
            f"The secret key in {path} is shorter than {SECRET_KEY_LENGTH} characters: "
            "put the right one back, or remove the file to get a new one and apply the directory again."
        )
    return key.encode()


@contextmanager
def _explained_file(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError) as err:
        raise SettingsInvalid(
            f"The secret key file {path} cannot be used: {err}. Check data_dir, or set secret_key."
        ) from err


def _create_secret_key(path: Path) -> None:
    """Write a new key so that the file is either whole or not there, and never replace one that is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link fails where a rename would overwrite: another process may have been first, and its key counts.
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
