"""Authentication-Results (RFC 8601): what the receiver itself says of a message. Anybody can forge such a field.

So one counts only if its authserv-id is trusted by name, or belongs to the host that wrote the topmost Received
field with a `from`: what a sender put in stands below that.
"""

import re
from dataclasses import dataclass

from postmend.evidence.canonical import RawMessage, split_message
from postmend.model import Fact, Finding

_BY = re.compile(rb"\bfrom\b.*?\bby\s+([\w.-]{1,255})", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_PAIR = re.compile(r"([\w.-]{1,60})(?:\s*/\s*\d+)?\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s;]+)")
_PART = re.compile(r"(?:[^;\"]|\"(?:[^\"\\]|\\.)*\"?)+")
_METHODS = {"dkim", "spf", "dmarc", "arc", "iprev", "auth", "bimi", "dkim-adsp"}
_BAD = {"fail", "softfail", "permerror", "policy"}
_MOST_FIELDS = 50


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One method's result: `properties` are `header.d`, `smtp.mailfrom` and the like; `reason` is the receiver's."""

    method: str
    result: str
    reason: str = ""
    properties: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """A property's value, or an empty string."""
        return next((value for key, value in self.properties if key == name), "")


@dataclass(frozen=True, slots=True)
class AuthResults:
    """One field: who says so, and what. `authserv_id` is empty where the field does not name it."""

    authserv_id: str
    results: tuple[MethodResult, ...]


def _without_comments(text: str) -> str:
    for _ in range(5):  # comments may stand in comments
        text, count = _COMMENT.subn(" ", text)
        if not count:
            break
    return text


def parse_authres(value: str) -> AuthResults:
    """Read the value of an Authentication-Results field; what is in no proper form is passed over. Never raises."""
    parts = _PART.findall(_without_comments(value[:16_384])) or [""]
    head = parts[0].split()
    named = bool(head) and "=" not in parts[0]
    found: list[MethodResult] = []
    for part in parts[1:] if named else parts:
        pairs = [(m[1].lower(), m[2].strip('"')) for m in _PAIR.finditer(part)]
        if not pairs or pairs[0][0] not in _METHODS:
            continue
        more = dict(pairs[1:])
        reason = more.pop("reason", "")
        found.append(MethodResult(pairs[0][0], pairs[0][1].lower(), reason, tuple(more.items())))
    return AuthResults(head[0].lower().rstrip(".") if named else "", tuple(found))


def _receiver(message: RawMessage) -> str:
    for field in message.named("received"):
        found = _BY.search(field.value[:2000])
        if found:
            return found[1].decode("latin-1").lower().rstrip(".")
    return ""


def _same_house(name: str, host: str) -> bool:
    """Whether two host names plainly belong together: equal, one below the other, or below one parent of two labels."""
    if not name or not host:
        return False
    if name == host or host.endswith("." + name) or name.endswith("." + host):
        return True
    parent = ".".join(host.split(".")[1:])
    return parent.count(".") >= 1 and name.endswith("." + parent)


def receivers_word(message: bytes, trusted: frozenset[str] = frozenset()) -> AuthResults | None:
    """The topmost Authentication-Results that is the receiver's own, or one of `trusted` names; None without one."""
    raw = split_message(message)
    receiver = _receiver(raw)
    for field in raw.named("authentication-results")[:_MOST_FIELDS]:
        found = parse_authres(" ".join(field.value.decode("utf-8", "replace").split()))
        if found.authserv_id in trusted or (not trusted and _same_house(found.authserv_id, receiver)):
            return found
    return None


def authres_findings(found: AuthResults | None) -> tuple[Finding, ...]:
    """Findings `authres.*`: what the receiver itself found, method by method."""
    if found is None:
        return ()
    made: list[Finding] = []
    for each in found.results:
        about = each.get("header.d") or each.get("header.from") or each.get("smtp.mailfrom") or each.get("policy.iprev")
        fact = Fact.PASS if each.result == "pass" else Fact.FAIL if each.result in _BAD else Fact.NONE
        if each.result == "temperror":
            fact = Fact.TEMPERROR
        why = f" ({each.reason[:200]})" if each.reason else ""
        detail = f"{found.authserv_id} says {each.method}={each.result}{f' for {about}' if about else ''}{why}"
        word = {Fact.PASS: "pass", Fact.FAIL: "fail", Fact.TEMPERROR: "temperror"}.get(fact, "none")
        data = (("method", each.method), ("receiver", found.authserv_id), ("result", each.result))
        made.append(
            Finding("authres", f"authres.{word}", about, fact, detail, source="Authentication-Results", data=data)
        )
    return tuple(made)
