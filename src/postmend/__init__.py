"""Postmend tells people why their mail was refused, proves it, says how to mend it.

The library: `explain`, `classify`, `check`, `check_spf`, `parse_address`, `report`, `score`, `verify`; each
also as `..._async`.
Names are imported when first used, so that `import postmend` costs nothing.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from postmend.app.api import (
        check,
        check_async,
        check_spf,
        check_spf_async,
        classify,
        classify_async,
        explain,
        explain_async,
        parse_address,
        parse_address_async,
        report,
        score,
        score_async,
        verify,
        verify_async,
        verify_many,
    )
    from postmend.app.verify import UnfitError
    from postmend.model import ParseError

__all__ = [
    "ParseError",
    "UnfitError",
    "__version__",
    "check",
    "check_async",
    "check_spf",
    "check_spf_async",
    "classify",
    "classify_async",
    "explain",
    "explain_async",
    "parse_address",
    "parse_address_async",
    "report",
    "score",
    "score_async",
    "verify",
    "verify_async",
    "verify_many",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'postmend' has no attribute {name!r}")
    if name == "ParseError":
        from postmend.model import ParseError

        return ParseError
    if name == "UnfitError":
        from postmend.app.verify import UnfitError

        return UnfitError
    from postmend.app import api

    return getattr(api, name)
