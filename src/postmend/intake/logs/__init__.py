"""Mail logs as a stream: chunks of bytes in, calls on a Sink out. One module per format; nothing here does I/O.

A format reads whole lines and tells a `Sink` what they say: where a message came from, each delivery attempt, each
refusal at the door. What belongs together (queue ids, content filters, expiries) is the sink's business.
"""

from postmend.intake.logs.sink import HostSink, Kept, Origin, Outcome, Sink
from postmend.intake.logs.stream import LogReader, sniff

__all__ = ["HostSink", "Kept", "LogReader", "Origin", "Outcome", "Sink", "sniff"]
