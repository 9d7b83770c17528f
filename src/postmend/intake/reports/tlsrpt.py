"""TLS reports (RFC 8460 section 4.4): JSON about sessions that did and did not come about."""

from collections.abc import Iterator

import msgspec

from postmend.model import ParseError

_MOST = 32 << 20
_MOST_POLICIES = 10_000


class _Range(msgspec.Struct, rename="kebab"):
    start_datetime: str = ""
    end_datetime: str = ""


class _Policy(msgspec.Struct, rename="kebab"):
    policy_type: str = ""
    policy_domain: str = ""


class _Summary(msgspec.Struct, rename="kebab"):
    total_successful_session_count: int = 0
    total_failure_session_count: int = 0


class _Failure(msgspec.Struct, rename="kebab"):
    result_type: str = "unknown"
    failed_session_count: int = 0
    receiving_mx_hostname: str = ""


class _Entry(msgspec.Struct, rename="kebab"):
    policy: _Policy = msgspec.field(default_factory=_Policy)
    summary: _Summary = msgspec.field(default_factory=_Summary)
    failure_details: list[_Failure] = []


class TlsReport(msgspec.Struct, rename="kebab"):
    """One report, as the RFC names its fields."""

    policies: list[_Entry]
    organization_name: str = ""
    report_id: str = ""
    date_range: _Range = msgspec.field(default_factory=_Range)


def read_tls(pieces: Iterator[bytes]) -> TlsReport:
    """Read one report; raises ParseError where it is none or too big."""
    raw = bytearray()
    for piece in pieces:
        raw += piece
        if len(raw) > _MOST:
            raise ParseError("JSON of more than 32 MB: not a TLS report")
    try:
        report = msgspec.json.decode(raw, type=TlsReport)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError(f"JSON, but not a TLS report ({str(error)[:80]})") from error
    if len(report.policies) > _MOST_POLICIES:
        raise ParseError("a TLS report of more than 10,000 policies")
    return report
