"""Settings: a TOML file, the environment, then options, each overruling the one before. Read here and nowhere else.

Fails with ParseError naming the file and the setting; a secret's value never appears in an error.
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from postmend.knowledge.blocklists import Blocklist, check_blocklist, chosen
from postmend.model import ParseError


class _Dns(msgspec.Struct, forbid_unknown_fields=True):
    resolver: str = ""
    timeout_s: float = 2.0
    deadline_s: float = 10.0
    authority_ports: dict[str, int] = {}


class _Identity(msgspec.Struct, forbid_unknown_fields=True):
    ip: str = ""
    mail_from: str = ""
    helo: str = ""


class _Lab(msgspec.Struct, forbid_unknown_fields=True):
    smtp_port: int = 25
    https_port: int = 443
    allow_private: bool = False


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The settings file. Every setting is described in docs/settings.md."""

    dns: _Dns = msgspec.field(default_factory=_Dns)
    identity: _Identity = msgspec.field(default_factory=_Identity)
    lab: _Lab = msgspec.field(default_factory=_Lab)
    blocklist_keys: dict[str, str] = {}
    skip_blocklists: tuple[str, ...] = ()
    blocklists: tuple[Blocklist, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was told. `ip`, `mail_from`, `helo` overrule what the bounce says of the sending side.

    `timeout_s` is for one DNS question, `deadline_s` for all evidence on one refusal. `record` names a file that the
    DNS answers are written to, `replay` one that they are read from; `authority_ports` gives the port of name servers
    that do not listen on 53, by address. `blocklists` are lists of the user's own, asked beside Postmend's except for
    those in `skip_blocklists` (`*`: all). `smtp_port`, `https_port` and `allow_private` (servers on addresses that only
    exist inside) are for laboratories.
    """

    offline: bool = False
    resolver: str = ""
    timeout_s: float = 2.0
    deadline_s: float = 10.0
    ip: str = ""
    mail_from: str = ""
    helo: str = ""
    blocklist_keys: dict[str, str] = field(default_factory=dict, repr=False)
    skip_blocklists: tuple[str, ...] = ()
    blocklists: tuple[Blocklist, ...] = ()
    authority_ports: dict[str, int] = field(default_factory=dict)
    smtp_port: int = 25
    https_port: int = 443
    allow_private: bool = False
    record: str = ""
    replay: str = ""

    def lists(self) -> tuple[Blocklist, ...]:
        """The blocklists to ask."""
        return chosen(self.blocklists, self.skip_blocklists, self.blocklist_keys)


def _read(path: str) -> _File:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(Path(path).read_text(encoding="utf-8")), _File)
    except OSError as error:
        raise ParseError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from error
    except UnicodeDecodeError as error:
        raise ParseError(f"{path}: settings are UTF-8 text, and this is not") from error
    except tomllib.TOMLDecodeError as error:
        raise ParseError(f"{path}: not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ParseError(f"{path}: {error}") from error


def _own(path: str | None, each: Blocklist) -> Blocklist:
    try:
        return check_blocklist(each)
    except ParseError as error:
        raise ParseError(f"{path}: {error}") from error


def load_settings(config_path: str | None = None, **options: str | bool | float | None) -> Settings:
    """Settings from the file (`config_path`, else POSTMEND_CONFIG), POSTMEND_RESOLVER, and `options` that are set."""
    path = config_path or os.environ.get("POSTMEND_CONFIG")
    file = _read(path) if path else _File()
    settings = Settings(
        resolver=os.environ.get("POSTMEND_RESOLVER") or file.dns.resolver,
        timeout_s=file.dns.timeout_s,
        deadline_s=file.dns.deadline_s,
        ip=file.identity.ip,
        mail_from=file.identity.mail_from,
        helo=file.identity.helo,
        blocklist_keys=dict(file.blocklist_keys),
        skip_blocklists=file.skip_blocklists,
        blocklists=tuple(_own(path, each) for each in file.blocklists),
        authority_ports=dict(file.dns.authority_ports),
        smtp_port=file.lab.smtp_port,
        https_port=file.lab.https_port,
        allow_private=file.lab.allow_private,
    )
    made = replace(settings, **{name: value for name, value in options.items() if value not in {None, ""}})  # type: ignore[arg-type]
    _check(made)
    return made


def _check(settings: Settings) -> None:
    """Refuse what no question could be put about."""
    import ipaddress

    from postmend.model import parse_mailbox

    if settings.ip:
        try:
            ipaddress.ip_address(settings.ip)
        except ValueError as error:
            raise ParseError(f"--ip {settings.ip[:60]!r}: not an IP address") from error
    if settings.mail_from.strip("<>"):
        try:
            parse_mailbox(settings.mail_from.strip("<>"))
        except ParseError as error:
            raise ParseError(f"--mail-from {settings.mail_from[:80]!r}: {error}") from error
