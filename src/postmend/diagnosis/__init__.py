"""Hypotheses and findings in, a verdict out. Pure: nothing is asked of the world here."""

from postmend.diagnosis.judge import judge
from postmend.diagnosis.probes import Subject, probes_for, sending_ip, subject_of, with_address

__all__ = ["Subject", "judge", "probes_for", "sending_ip", "subject_of", "with_address"]
