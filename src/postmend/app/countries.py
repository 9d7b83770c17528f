"""Where an account's new client addresses are, by a database of countries on this machine: nobody is asked.

Reads MaxMind's format (GeoLite2 Country or City, DB-IP Lite, IPinfo) by the extra `countries`. An address that it does
not know has no country.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from postmend.model import ParseError
from postmend.model.counted import counted
from postmend.traffic.report import Alarm, Report

_SHOWN = 8


class Countries:
    """A database that is open; raises ParseError where it cannot be read."""

    def __init__(self, path: str) -> None:
        try:
            import maxminddb
        except ImportError as error:
            raise ParseError(
                "report.countries needs the extra `countries`: pip install 'postmend[countries]'"
            ) from error
        try:
            self._reader = maxminddb.open_database(Path(path))
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            why = getattr(error, "strerror", None) or "not a database in MaxMind's format"
            raise ParseError(f"{path}: cannot be read ({why.lower()})") from error

    def of(self, ip: str) -> str:
        """The two letters of an address's country, or an empty string."""
        try:
            return _code(self._reader.get(ip))
        except ValueError:  # no address, or one of IPv6 in a database of IPv4
            return ""

    def tell(self, report: Report) -> None:
        """Add to the findings about accounts in which countries their new client addresses are."""
        for finding in report.findings:
            self._tell(finding)

    def _tell(self, finding: Alarm) -> None:
        ips = finding.data.get("client_ips")
        found = Counter(filter(None, map(self.of, ips if isinstance(ips, list) else ())))
        if not found:
            return
        names = ", ".join(f"{name} {count}" for name, count in found.most_common(_SHOWN))
        many = counted(len(found), "country", "countries")
        finding.evidence.append(f"these addresses are in {many}: {names}")
        finding.data["countries"] = sorted(found)


def _code(record: Any) -> str:
    """The country in the forms that databases are published in."""
    if not isinstance(record, dict):
        return ""
    country = record.get("country") or record.get("country_code") or record.get("registered_country")
    code = country.get("iso_code") if isinstance(country, dict) else country
    return code if isinstance(code, str) and len(code) == 2 and code.isalpha() and code.isascii() else ""
