"""Values only: what a reply, a failure, a finding, a diagnosis and a plan are.

Nothing here reads a file, asks a server or knows a word of any provider's text.
"""

from postmend.model.address import Address, parse_address, parse_mailbox
from postmend.model.cause import AddressVerdict, Cause, Side, State
from postmend.model.diagnosis import Candidate, Diagnosis
from postmend.model.errors import ParseError
from postmend.model.failure import Action, Failure, Feedback, Host, Intake, Kind, Original
from postmend.model.finding import Fact, Finding
from postmend.model.plan import RecordChange, Step
from postmend.model.reading import Extracts, Hypothesis, Match, Reading
from postmend.model.smtp import EnhancedStatus, SmtpReply, Stage

__all__ = [
    "Action",
    "Address",
    "AddressVerdict",
    "Candidate",
    "Cause",
    "Diagnosis",
    "EnhancedStatus",
    "Extracts",
    "Fact",
    "Failure",
    "Feedback",
    "Finding",
    "Host",
    "Hypothesis",
    "Intake",
    "Kind",
    "Match",
    "Original",
    "ParseError",
    "Reading",
    "RecordChange",
    "Side",
    "SmtpReply",
    "Stage",
    "State",
    "Step",
    "parse_address",
    "parse_mailbox",
]
