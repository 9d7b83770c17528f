"""MTA-STS (RFC 8461): the record, the policy behind HTTPS, and whether it covers the MX that it speaks of."""

import re
from dataclasses import dataclass, field

from postmend.evidence.tags import only_record
from postmend.model import Cause, Fact, Finding, ParseError
from postmend.model.dns import Answer, Resolver
from postmend.model.fetch import Fetched, Fetcher, FetchOutcome

_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_LONGEST_S = 31_557_600  # section 3.2
_SHORT_S = 86_400  # below a day an attacker only has to wait
_PATH = "/.well-known/mta-sts.txt"
_UNKNOWN = {FetchOutcome.TIMEOUT, FetchOutcome.PRIVATE, FetchOutcome.UNREACHABLE}


@dataclass(frozen=True, slots=True)
class StsPolicy:
    """A policy: `mode` is enforce, testing or none; `mx` are host names or `*.` patterns; `faults` are clauses."""

    mode: str
    max_age_s: int
    mx: tuple[str, ...]
    faults: tuple[str, ...] = ()

    def covers(self, host: str) -> bool:
        """Whether an MX host matches (section 4.1); a wildcard stands for one label."""
        name = host.lower().rstrip(".")
        parent = name.partition(".")[2]
        return any(p == name or (p.startswith("*.") and parent and p[2:] == parent) for p in self.mx)


@dataclass(slots=True)
class _Lines:
    """What was read of a policy file."""

    values: dict[str, str] = field(default_factory=dict)
    mx: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def parse_policy(body: bytes) -> StsPolicy:
    """Read a policy file (section 3.2); raise ParseError where senders would not use it."""
    read = _Lines()
    for line in body.decode("utf-8", "replace").splitlines():
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not line.strip():
            continue
        if not colon:
            read.faults.append(f"not a line of the form name: value: {line[:40]!r}")
        elif name == "mx":
            read.mx.append(value.lower().rstrip("."))
        else:
            read.values.setdefault(name, value)
    if read.values.get("version") != "STSv1":
        raise ParseError("version: STSv1 is missing")
    mode, age = read.values.get("mode", ""), read.values.get("max_age", "")
    if mode not in {"enforce", "testing", "none"}:
        raise ParseError(f"mode: {mode[:20] or 'nothing'} is none of enforce, testing, none")
    if not age.isascii() or not age.isdigit() or len(age) > 10:
        raise ParseError("max_age is missing or no number of seconds")
    if not read.mx and mode != "none":
        raise ParseError("no mx: line")
    if int(age) > _LONGEST_S:
        read.faults.append(f"max_age is longer than a year ({_LONGEST_S})")
    elif int(age) < _SHORT_S and mode == "enforce":
        read.faults.append(f"max_age is {age} s; weeks are meant")
    return StsPolicy(mode, int(age), tuple(read.mx[:500]), tuple(read.faults))


def _finding(
    domain: str, ident: str, result: Fact, detail: str, answer: Answer, more: str = "", mode: str = ""
) -> Finding:
    texts = " / ".join(answer.records[:3]) or answer.rcode
    return Finding(
        check="mta_sts",
        id=f"mta_sts.{ident}",
        subject=domain,
        result=result,
        detail=detail,
        supports=(Cause.TLS_REQUIRED,) if result is Fact.FAIL else (),
        source=f"{answer.name} TXT {texts}" + (f"; {more}" if more else ""),
        record=f"{answer.name} TXT {texts}",
        asked_at=answer.asked_at,
        data=(("mode", mode),) if mode else (),
    )


async def check_mta_sts(
    resolver: Resolver, fetcher: Fetcher, domain: str, mx_hosts: tuple[str, ...]
) -> tuple[Finding, ...]:
    """Findings `mta_sts.*` for a domain whose MX are `mx_hosts`; the mode in the data of `mta_sts.ok`."""
    answer = await resolver.query(f"_mta-sts.{domain}", "TXT")
    if answer.failed:
        detail = f"the MTA-STS record of {domain} could not be asked ({answer.rcode}): not known"
        return (_finding(domain, "temperror", Fact.TEMPERROR, detail, answer),)
    texts = [text for text in answer.records if text.replace(" ", "").lower().startswith("v=sts")]
    if not texts:
        detail = f"{domain} has no MTA-STS: whoever sits between two servers can switch encryption off"
        return (_finding(domain, "none", Fact.NONE, detail, answer),)
    fault = _record_fault(texts)
    if fault:
        detail = f"the MTA-STS record of {domain} does not count: {fault}"
        return (_finding(domain, "record_fault", Fact.PERMERROR, detail, answer),)
    fetched = await fetcher.fetch(f"mta-sts.{domain}", _PATH)
    return _judge(domain, answer, fetched, mx_hosts)


def _record_fault(texts: list[str]) -> str:
    try:
        tags = only_record(texts, "STSv1")
    except ParseError as error:
        return str(error)
    return "" if _ID.fullmatch(tags.get("id", "")) else "id= must be 1 to 32 letters and digits"


def _fetch_fault(fetched: Fetched) -> str:
    if fetched.outcome is not FetchOutcome.OK:
        return fetched.detail
    if fetched.status != 200:
        moved = ", and redirects are not followed (section 3.3)" if 300 <= fetched.status < 400 else ""
        return f"the server answered {fetched.status}{moved}"
    return ""


def _judge(domain: str, answer: Answer, fetched: Fetched, mx_hosts: tuple[str, ...]) -> tuple[Finding, ...]:
    fault = _fetch_fault(fetched)
    if fault:
        unknown = fetched.outcome in _UNKNOWN
        detail = f"the MTA-STS policy of {domain} could not be fetched: {fault}" + (": not known" if unknown else "")
        result = Fact.TEMPERROR if unknown else Fact.PERMERROR
        return (_finding(domain, "policy_unreachable", result, detail, answer, fetched.url),)
    try:
        policy = parse_policy(fetched.body)
    except ParseError as error:
        detail = f"the MTA-STS policy of {domain} does not count: {error}"
        return (_finding(domain, "policy_fault", Fact.PERMERROR, detail, answer, fetched.url),)
    found = [
        _finding(domain, "policy_oddity", Fact.NONE, f"the MTA-STS policy of {domain}: {each}", answer, fetched.url)
        for each in policy.faults
    ]
    if fetched.content_type != "text/plain":
        detail = f"the MTA-STS policy of {domain} comes as {fetched.content_type or 'nothing'}, not as text/plain"
        found.append(_finding(domain, "policy_oddity", Fact.NONE, detail, answer, fetched.url))
    left_out = [host for host in mx_hosts if not policy.covers(host)] if policy.mode != "none" else []
    if left_out:
        result = Fact.FAIL if policy.mode == "enforce" else Fact.NONE
        ident = "mx_not_covered" if policy.mode == "enforce" else "mx_not_covered_yet"
        detail = f"the MTA-STS policy of {domain} ({policy.mode}) does not name its MX {', '.join(left_out[:4])}"
        return (_finding(domain, ident, result, detail, answer, fetched.url, policy.mode), *found)
    if policy.mode != "enforce":
        detail = f"the MTA-STS policy of {domain} is only {policy.mode}: it protects nothing yet"
        return (_finding(domain, "not_enforced", Fact.NONE, detail, answer, fetched.url, policy.mode), *found)
    detail = f"MTA-STS of {domain} is enforced for {', '.join(policy.mx[:4])}"
    return (_finding(domain, "ok", Fact.PASS, detail, answer, fetched.url, policy.mode), *found)
