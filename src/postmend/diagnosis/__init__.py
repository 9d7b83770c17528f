"""Hypotheses and findings in, a verdict out. Pure: nothing is asked of the world here."""

from postmend.diagnosis.judge import judge
from postmend.diagnosis.probes import Subject, probes_for, sending_ip, subject_of, with_address, with_local
from postmend.diagnosis.scope import Attempt, Ledger, attempt_of

__all__ = [
    "Attempt",
    "Ledger",
    "Subject",
    "attempt_of",
    "judge",
    "probes_for",
    "sending_ip",
    "subject_of",
    "with_address",
    "with_local",
]
