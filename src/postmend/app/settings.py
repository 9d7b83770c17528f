"""Settings: a TOML file, the environment, then options, each overruling the one before. Read here and nowhere else.

Fails with ParseError naming the file and the setting; a secret's value never appears in an error.
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import msgspec

from postmend.knowledge.blocklists import Blocklist, check_blocklist, chosen
from postmend.model import ParseError
from postmend.model.errors import unreadable


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


class _Verify(msgspec.Struct, forbid_unknown_fields=True):
    mail_from: str = ""
    helo: str = ""
    source_ip: str = ""
    self_check: bool = True
    patience_s: float = 330.0
    max_age_days: float = 7.0
    at_once: int = 2000


class _Score(msgspec.Struct, forbid_unknown_fields=True):
    rspamd: str = ""
    spamassassin: str = ""
    filter_timeout_s: Annotated[float, msgspec.Meta(ge=0.1, le=600)] = 15.0


class _Report(msgspec.Struct, forbid_unknown_fields=True):
    countries: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The settings file. Every setting is described in docs/settings.md."""

    dns: _Dns = msgspec.field(default_factory=_Dns)
    identity: _Identity = msgspec.field(default_factory=_Identity)
    lab: _Lab = msgspec.field(default_factory=_Lab)
    blocklist_keys: dict[str, str] = {}
    skip_blocklists: tuple[str, ...] = ()
    blocklists: tuple[Blocklist, ...] = ()
    verify: _Verify = msgspec.field(default_factory=_Verify)
    score: _Score = msgspec.field(default_factory=_Score)
    report: _Report = msgspec.field(default_factory=_Report)


@dataclass(frozen=True, slots=True)
class VerifySettings:
    """Who asks mail hosts about addresses, and how. `mail_from` is an address, or `<>` for the null reverse-path.

    `ip` is the public address that others see, `source_ip` the local one to ask from; both are found out where they
    are empty. `allow_private` takes MX on private addresses as they are. `patience_s` is how long to wait for hosts
    that put a question off, in seconds; an answer is taken from the state file for `max_age_days`; `at_once` addresses
    are under way at a time.
    """

    mail_from: str = ""
    helo: str = ""
    ip: str = ""
    source_ip: str = ""
    smtp_port: int = 25
    allow_private: bool = False
    self_check: bool = True
    only_mx: bool = False
    patience_s: float = 330.0
    max_age_days: float = 7.0
    at_once: int = 2000


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was told. `ip`, `mail_from`, `helo` overrule what the bounce says of the sending side.

    `timeout_s` is for one DNS question, `deadline_s` for all evidence on one refusal. `record` names a file that the
    DNS answers are written to, `replay` one that they are read from; `authority_ports` gives the port of name servers
    that do not listen on 53, by address. `blocklists` are lists of the user's own, asked beside Postmend's except for
    those in `skip_blocklists` (`*`: all). `smtp_port`, `https_port` and `allow_private` (servers on addresses that only
    exist inside) are for laboratories. `rspamd` and `spamassassin` say where the filters of `score` are: HOST[:PORT],
    `start`, `off`, or `auto`, which is also what an empty text means; each has `filter_timeout_s` for a message.
    `countries` is a file that says where addresses are (MaxMind's format).
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
    neighbours: bool = False
    record: str = ""
    replay: str = ""
    verify: VerifySettings = VerifySettings()
    rspamd: str = ""
    spamassassin: str = ""
    filter_timeout_s: float = 15.0
    countries: str = ""
    smtp: bool = True
    local: bool = True

    def lists(self) -> tuple[Blocklist, ...]:
        """The blocklists to ask."""
        return chosen(self.blocklists, self.skip_blocklists, self.blocklist_keys)


def _read(path: str) -> _File:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(Path(path).read_text(encoding="utf-8")), _File)
    except OSError as error:
        raise unreadable(path, error) from error
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


def _verify(file: _File) -> VerifySettings:
    found, own = file.verify, file.identity
    return VerifySettings(
        found.mail_from or own.mail_from, found.helo or own.helo, own.ip, found.source_ip, file.lab.smtp_port,
        file.lab.allow_private, found.self_check, False, found.patience_s, found.max_age_days, found.at_once,
    )  # fmt: skip


def with_verify(settings: Settings, **options: str | bool | float | None) -> Settings:
    """The settings with options of `verify` over them; raise ParseError for what nobody could ask with."""
    changed = {name: value for name, value in options.items() if value is not None and value != ""}
    made = replace(settings.verify, **changed)  # type: ignore[arg-type]
    for option, ip in (("--ip", made.ip), ("--source-ip", made.source_ip)):
        _check_ip(option, ip)
    _check_mail_from(made.mail_from)
    return replace(settings, verify=made)


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
        verify=_verify(file),
        rspamd=file.score.rspamd,
        spamassassin=file.score.spamassassin,
        filter_timeout_s=file.score.filter_timeout_s,
        countries=file.report.countries,
    )
    made = replace(settings, **{name: value for name, value in options.items() if value not in {None, ""}})  # type: ignore[arg-type]
    _check(made)
    return made


def _check(settings: Settings) -> None:
    """Refuse what no question could be put about."""
    _check_ip("--ip", settings.ip)
    _check_mail_from(settings.mail_from)


def _check_ip(option: str, ip: str) -> None:
    import ipaddress

    if ip:
        try:
            ipaddress.ip_address(ip)
        except ValueError as error:
            raise ParseError(f"{option} {ip[:60]!r}: not an IP address") from error


def _check_mail_from(text: str) -> None:
    from postmend.model import parse_mailbox

    if text.strip("<>"):
        try:
            parse_mailbox(text.strip("<>"))
        except ParseError as error:
            raise ParseError(f"--mail-from {text[:80]!r}: {error}") from error
