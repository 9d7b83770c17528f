"""Reports that others send about one's mail: DMARC aggregate (RFC 7489, 9990), TLS (RFC 8460), ARF (RFC 5965).

Pure: bytes in, values out. Reports come from strangers, packed and in XML: everything is bounded, nothing is expanded.
"""

from postmend.intake.reports.archive import members
from postmend.intake.reports.dmarc import DmarcReader, DmarcReport
from postmend.intake.reports.tlsrpt import TlsReport, read_tls

__all__ = ["DmarcReader", "DmarcReport", "TlsReport", "members", "read_tls"]
