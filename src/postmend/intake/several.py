"""Notices that somebody put one behind the other into one text, as one does who asks what they mean."""

import re

from postmend.intake.notice import read_notice

# How notices begin: sentences that no program writes twice into one.
_OPENING = re.compile(
    r"^[ \t>*]*(?:this is the (?:mail system|postfix program|mail delivery|[\w-]+ program) (?:at|on) "
    r"|hi\. this is the |this message was created automatically by mail delivery"
    r"|delivery has failed to these recipients"
    r"|this is an automatically generated delivery status|\*\* (?:message|address|recipient|delivery) [\w ]{1,40}\*\*"
    r"|the original message was received at |sorry, we were unable to deliver your message)",
    re.IGNORECASE | re.MULTILINE,
)
_MOST = 1000


def notices_in(text: str) -> list[str]:
    """The notices in a text, each with what stands before the next; the text itself where it holds at most one."""
    starts = [found.start() for found, _ in zip(_OPENING.finditer(text), range(_MOST), strict=False)][1:]
    return [text[start:end] for start, end in zip([0, *starts], [*starts, len(text)], strict=True)]


def read_notices(text: str, exclude: frozenset[str], failed: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """`read_notice` of each notice in a text; a recipient once."""
    notices = notices_in(text)
    if failed or len(notices) == 1:
        return read_notice(text, exclude, failed)
    pairs: dict[str, tuple[str, str]] = {}
    for notice in notices:
        for address, reply in read_notice(notice, exclude):
            pairs.setdefault(address.lower(), (address, reply))
    return list(pairs.values())
