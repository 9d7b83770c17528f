"""The causes of a refusal and the words of a verdict. Ids are stable: stored, counted, translated."""

from enum import StrEnum


class Cause(StrEnum):
    """Why mail was refused; wording, severity and who acts stand in `knowledge/causes.toml`."""

    __hash__ = str.__hash__  # Enum's own is a function of Python's, and millions of replies are counted by cause

    USER_UNKNOWN = "user_unknown"
    DOMAIN_NOT_FOUND = "domain_not_found"
    MAILBOX_FULL = "mailbox_full"
    MAILBOX_DISABLED = "mailbox_disabled"
    RECIPIENT_MOVED = "recipient_moved"
    RECIPIENT_FILTER = "recipient_filter"
    SENDER_NOT_ALLOWED = "sender_not_allowed"
    BLOCKLISTED_IP = "blocklisted_ip"
    BLOCKLISTED_DOMAIN_OR_URL = "blocklisted_domain_or_url"
    SENDER_REPUTATION = "sender_reputation"
    SENDER_ACCOUNT_BLOCKED = "sender_account_blocked"
    RATE_LIMITED = "rate_limited"
    DAILY_LIMIT_EXCEEDED = "daily_limit_exceeded"
    CONTENT_SPAM = "content_spam"
    CONTENT_POLICY = "content_policy"
    VIRUS = "virus"
    MESSAGE_TOO_BIG = "message_too_big"
    SUPPRESSED_BY_ESP = "suppressed_by_esp"
    SPF_FAIL = "spf_fail"
    DKIM_FAIL = "dkim_fail"
    DMARC_FAIL = "dmarc_fail"
    UNAUTHENTICATED_SENDER = "unauthenticated_sender"
    RDNS_MISSING = "rdns_missing"
    HELO_INVALID = "helo_invalid"
    SENDER_ADDRESS_INVALID = "sender_address_invalid"
    RELAY_DENIED = "relay_denied"
    AUTH_REQUIRED = "auth_required"
    TLS_REQUIRED = "tls_required"
    GREYLISTED = "greylisted"
    MX_INVALID = "mx_invalid"
    NETWORK_UNREACHABLE = "network_unreachable"
    MAIL_LOOP = "mail_loop"
    SERVER_MISCONFIGURED_RECIPIENT = "server_misconfigured_recipient"
    SYSTEM_ERROR = "system_error"
    SYNTAX_PROTOCOL = "syntax_protocol"
    UNKNOWN = "unknown"


class Side(StrEnum):
    """Who can act (`who` in JSON)."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    RECIPIENT_ADMIN = "recipient_admin"
    MESSAGE = "message"
    NETWORK = "network"


class State(StrEnum):
    """How sure a verdict is; `confirmed` needs observed evidence that explains the refusal."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"


class AddressVerdict(StrEnum):
    """What to do with the address: it is judged apart from the cause."""

    KEEP = "keep"
    RETRY = "retry"
    SUPPRESS = "suppress"
