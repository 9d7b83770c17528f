"""The organizational domain as RFC 7489 had it, by the public suffix list: for telling where old receivers differ."""

from functools import cache
from typing import Any


@cache
def _list() -> Any:
    try:
        from publicsuffixlist import PublicSuffixList
    except ImportError:
        return None
    return PublicSuffixList()


def old_organizational(domain: str) -> str:
    """The domain right below the public suffix; empty without the extra `psl`, or where the domain is a suffix."""
    known = _list()
    return (known.privatesuffix(domain.lower().rstrip(".")) or "") if known else ""
