"""From no DMARC record to p=reject: the next record, read back before it is shown, and the ones after it."""

from postmend.evidence.dmarc import DmarcDiscovery
from postmend.evidence.dmarc_record import DmarcRecord, Policy, parse_dmarc
from postmend.model import RecordChange


def _written(record: DmarcRecord | None, policy: Policy, domain: str, *, testing: bool) -> str:
    """A record with this policy that keeps what the present one says of reports and alignment."""
    parts = ["v=DMARC1", f"p={policy}"]
    if testing:
        parts.append("t=y")
    if record and record.strict_dkim:
        parts.append("adkim=s")
    if record and record.strict_spf:
        parts.append("aspf=s")
    reports = record.rua if record and record.rua else (f"dmarc-reports@{domain}",)
    parts.append("rua=" + ",".join(f"mailto:{address}" for address in reports))
    if record and record.ruf:
        parts.append("ruf=" + ",".join(f"mailto:{address}" for address in record.ruf))
    return "; ".join(parts)


def _stages(record: DmarcRecord | None, domain: str) -> list[str]:
    """What is still to come, the next first (RFC 9989 section 5.1.6: none, then with t=y, then in earnest)."""
    whole = [
        (Policy.NONE, False), (Policy.QUARANTINE, True), (Policy.QUARANTINE, False), (Policy.REJECT, False)
    ]  # fmt: skip
    present = (record.p, record.testing and record.p is not Policy.NONE) if record else None
    at = whole.index(present) + 1 if present in whole else 3 if present else 0
    if record and not record.rua and present in whole:
        at -= 1  # nobody has seen a report yet: that comes first
    return [_written(record, policy, domain, testing=testing) for policy, testing in whole[at:]]


def dmarc_steps(discovery: DmarcDiscovery) -> tuple[RecordChange | None, tuple[str, ...]]:
    """The next record for the domain, proven by reading it back, and those that come later; nothing at p=reject."""
    if discovery.failed is not None:
        return None, ()
    domain = discovery.at or discovery.domain
    record = discovery.record
    stages = _stages(record, domain)
    if not stages or (record is not None and discovery.at != discovery.domain):
        return None, ()
    read = parse_dmarc(stages[0])
    if read is None or read.faults:
        return None, ()
    before = record.text if record else " / ".join(_broken(discovery))
    testing = ", testing" if read.testing else ""
    proof = f"read back: policy {read.p}{testing}, reports to {', '.join(read.rua)}, no fault"
    return RecordChange(f"_dmarc.{domain}", "TXT", before, stages[0], proof), tuple(stages[1:])


def _broken(discovery: DmarcDiscovery) -> tuple[str, ...]:
    texts = discovery.answers[0].records if discovery.answers else ()
    return tuple(text for text in texts if "dmarc1" in text.lower().replace(" ", ""))
