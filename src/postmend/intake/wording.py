"""The words of a notice: which lines carry a reply, which belong to a recipient, and which every notice has."""

import re

# No punctuation of scripts that put no space after it: `宛先：user@example.net`.
_ATOM = r"[^\s<>\"'(),;:\[\]=@：（），、。；「」【】‘’“”„«»]{1,64}"
_LOCAL = rf"{_ATOM}(?:(?<=\w)'{_ATOM})?(?:={_ATOM})*"  # an apostrophe within: o'hara
_LITERAL = r"\[(?:IPv6:)?[0-9a-fA-F.:]{3,45}\]"
ADDRESS = rf"{_LOCAL}@(?:(?:[\w-]{{1,63}}\.)*[\w-]{{1,63}}|{_LITERAL})|\"[^\"\n]{{1,62}}\"@[\w.-]{{1,253}}"
REPLY_CODE = re.compile(r"(?<![\w.:/-])[45]\d\d[ -](?:#?[45]\.\d{1,3}\.\d{1,3}\b|[^\W\d_]|<|\(|\[|\")")
_CODED = re.compile(
    r"[45#sESD<>](?:(?<![\w.:/-].)\d\d(?:[ -]|$)|(?<=#)[45]\.\d{1,3}\.\d{1,3}|(?<![\w.].)\.\d{1,3}\.\d{1,3}(?![\w.])"
    r"|(?<=\bs)aid:|(?<=E)RROR_CODE|(?<=S)MTP error|(?<=D)eferred:|(?<=<)<<|(?<=>)>>)"
)
# In a transcript: the next server is talked to, or the next recipient's line comes.
_GOES_ON = re.compile(
    rf"^[ \t>.]*(?:while talking to|[45]\d\d[ -](?:[45]\.\d{{1,3}}\.\d{{1,3}} )?(?:<?({ADDRESS})>?|[\w.-]+ \(\w+\))\.\.\. )",
    re.IGNORECASE,
)
_HEADING = ("--", "==", "**", "##", "__")
_RULER = re.compile(r"[\s=*_-]+")
# Sentences that every notice has, by how they begin: they name no cause.
_BOILERPLATE = re.compile(
    r"this (?:message|is|e-?mail) (?:was|is)? ?(?:an? )?(?:created )?automatic|this is (?:the (?:mail|qmail|postfix|dragonfly|courier)|a permanent error|a multi-part)|hi[.!](?:\s|$)|i'm (?:sorry|afraid)|for (?:further|more) (?:assistance|information)|"
    r"if you do so|you can delete your own|a message that you (?:have )?sent|the following address|permanent error; i've given up|please (?:do not|don't) reply|please include this|"
    r"(?:the )?mail system$|sorry it didn't work|your message:?$|(?:sent|subject|date|to|from|message-id):|"
    # What gateways and companies write below every message.
    r"[^.!?]{0,80}\b(?:has been|was|is|were) (?:swept|scanned|checked|virus[ -]scanned)\b(?!.*\b(?:found|contain|infect|reject|block))|"
    r"(?:this|the) (?:e-?mail|message|communication)[^.!?]{0,60}\b(?:confidential|intended (?:only|solely|recipient)|designated recipient)|"
    r"the following sentences are|it's attached below|i am sending you this message to inform|immediately below you will find|an error occurred while trying to deliver|(?:delivery incomplete )?there was a temporary problem delivering your|gmail will retry",
    re.IGNORECASE,
)
# What qmail and its descendants end each paragraph with.
_TRAILER = re.compile(
    r"\s*(?:Giving up on [\w.:-]{3,60}\.|I'm not going to try again; this message has been in the queue too long\.)"
)
_MARKS = " -=*_>\t#"  # of headings and rulers
_SENTENCE = re.compile(r"(?<=[.!?。])\s+")
_DIALOGUE = re.compile(r"^[ \t>.]*(?:<<<|<--|[SR]:)?[ \t]*")
MAX_REPLY = 4000


def has_codes(notice: str) -> bool:
    """Whether any line of it carries a reply code, an enhanced status or a piece of a dialogue."""
    return _CODED.search(notice) is not None


def block(lines: list[str], start: int, stop: int, address: str = "") -> str:
    """The words that stand with a recipient: from after `start` to the next blank line after something was said."""
    said: list[str] = []
    for line in lines[start + 1 : stop]:
        next_one = _GOES_ON.match(line)
        if next_one and (next_one[1] or "").lower() != address.lower():
            break
        if not line.strip():
            whole = " ".join(said)
            if said and (_CODED.search(whole) or len(whole) > 30):
                break
            continue
        if _RULER.fullmatch(line):
            continue
        said.append(line.strip().lstrip("> "))
    return " ".join(_telling(" ".join(said)))


def coded_text(lines: list[str]) -> str:
    """Lines that carry codes or a transcript, with what they run on to."""
    kept: list[str] = []
    running = False
    for line in lines:
        if not line.strip():
            running = False
            continue
        running = running or _CODED.search(line) is not None
        if running:
            kept.append(line.strip())
    return " ".join(kept)


def without_boilerplate(text: str) -> str:
    """A text without the sentences that every notice has; itself where nothing else is in it."""
    return " ".join(_telling(text)) or text


def _telling(text: str) -> list[str]:
    found = (sentence.strip() for sentence in _SENTENCE.split(_TRAILER.sub(" ", text)))
    return [
        sentence
        for sentence in found
        if sentence and ("://" in sentence or not _BOILERPLATE.match(sentence.lstrip(_MARKS)))
    ]


def prose(lines: list[str]) -> str:
    """The notice without rulers and without the sentences that every notice has; a heading is a sentence."""
    kept: list[str] = []
    paragraph: list[str] = []
    for line in [*lines, ""]:
        plain = line.strip(_MARKS)
        heading = line.lstrip().startswith(_HEADING)
        if paragraph and (heading or not line.strip()):
            kept += _telling(" ".join(paragraph))
            paragraph = []
        if heading and plain:
            kept += _telling(plain)
        elif plain:
            paragraph.append(plain)
    return " ".join(kept)


def completed(reply: str, lines: list[str]) -> str:
    """A reply of which only the first line was kept (`550-5.7.1 ...`), with its other lines where the notice has them.

    RFC 5321 section 4.2.1: each line but the last has a hyphen after the code.
    """
    if reply[3:4] != "-" or not reply[:3].isdigit() or f" {reply[:3]} " in reply:
        return reply
    head = " ".join(reply[:60].split())
    for i, line in enumerate(lines):
        if not _dialogue(line).startswith(head):
            continue
        said = []
        for more in map(_dialogue, lines[i : i + 100]):
            if more[:3] != reply[:3]:
                break
            said.append(more)
            if more[3:4] != "-":
                return " ".join(said)
    return reply


def _dialogue(line: str) -> str:
    """A line of a transcript without its mark."""
    return " ".join(_DIALOGUE.sub("", line, count=1).split())
