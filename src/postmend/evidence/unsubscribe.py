"""One-click unsubscribe (RFC 8058): what Gmail and Yahoo ask of mail that goes to lists."""

from postmend.evidence.canonical import split_message
from postmend.evidence.dkim import DkimResult
from postmend.model import Fact, Finding


def unsubscribe_findings(message: bytes, signatures: tuple[DkimResult, ...]) -> tuple[Finding, ...]:
    """A Finding `unsubscribe.*` where the message looks like one to a list (List-Unsubscribe, List-Id, Precedence)."""
    raw = split_message(message)
    fields = {f.name: f.value.decode("utf-8", "replace").strip() for f in reversed(raw.fields)}
    bulk = fields.get("precedence", "").lower() in {"bulk", "list"}
    if "list-unsubscribe" not in fields and "list-id" not in fields and not bulk:
        return ()
    faults = []
    if "<https://" not in fields.get("list-unsubscribe", "").lower():
        faults.append("List-Unsubscribe names no https address")
    if fields.get("list-unsubscribe-post", "").replace(" ", "").lower() != "list-unsubscribe=one-click":
        faults.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click is missing")
    signed = [each.signature.headers for each in signatures if each.passed and each.signature]
    if not faults and signed and not any({"list-unsubscribe", "list-unsubscribe-post"} <= {*names} for names in signed):
        faults.append("DKIM does not sign List-Unsubscribe and List-Unsubscribe-Post")
    if faults:
        detail = f"no one-click unsubscribe: {'; '.join(faults)} (RFC 8058)"
        return (_finding("no_one_click", Fact.FAIL, detail),)
    return (_finding("one_click", Fact.PASS, "one-click unsubscribe is there (RFC 8058)"),)


def _finding(ident: str, result: Fact, detail: str) -> Finding:
    return Finding("unsubscribe", f"unsubscribe.{ident}", "the message", result, detail, source="List-Unsubscribe")
