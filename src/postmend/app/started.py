"""How long this process has run: a command's user waits since it began, imports included."""

import os
import time
from pathlib import Path

_MOST_S = 2.0  # a clock that says more is another's (time namespaces), or the process is a server


def since_start_s() -> float:
    """Seconds since the process began, 2 at most; the CPU time it took where the system does not tell (proc(5))."""
    try:
        fields = Path("/proc/self/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        began_s = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        ran_s = time.clock_gettime(time.CLOCK_BOOTTIME) - began_s
    except (OSError, ValueError, IndexError, AttributeError):
        ran_s = time.process_time()
    return min(max(ran_s, 0.0), _MOST_S)
