"""The JSON Schemas of what is printed, from the types that print it; `python -m tools.schema` writes `docs/schema`."""

import msgspec

from postmend.app.checked import Checked
from postmend.app.classify import Classified
from postmend.app.dkim_make import MadeKey
from postmend.app.explain_out import Explained
from postmend.app.score_out import Scored
from postmend.app.verify_out import VerifiedOut
from postmend.traffic.report import Report

_PRINTED = {
    "explain.v1.json": Explained, "classify.v1.json": Classified, "verify.v1.json": VerifiedOut,
    "report.v1.json": Report, "score.v1.json": Scored, "check.v1.json": Checked, "dkim.v1.json": MadeKey,
}  # fmt: skip


def schemas() -> dict[str, bytes]:
    """The JSON Schemas of `docs/schema`, by file name."""
    return {
        name: msgspec.json.format(msgspec.json.encode(msgspec.json.schema(type_)), indent=2) + b"\n"
        for name, type_ in _PRINTED.items()
    }
