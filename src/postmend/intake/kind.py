"""What a mail is: a DSN, a notice of another form, a complaint, a report, an automatic reply, or none of these."""

import re
from collections.abc import Iterable

from postmend.intake.dsn import Recipient
from postmend.intake.scan import decode_words
from postmend.intake.wording import REPLY_CODE, has_codes
from postmend.model import Kind

# Actions of RFC 3464 section 2.3.3 that are no failure, and `deliverable`: Postfix's answer to `sendmail -bv`.
NOT_FAILED = frozenset({"delivered", "relayed", "expanded", "deliverable"})
_MOST_FIELD = 2000  # characters of a field that are looked at
_START = 800  # characters of a text, where it says what it is
_BOUNCE_FROM = re.compile(
    r"mail(?:er)?[-_ ]?daemon|post[_ ]?master|mail[-_ .]?deliver|delivery[ -](?:sub)?system|mail administrator|bounce"
    r"|system administrator|mdaemon|mailscanner|amavis|no-?reply@sns|^<>$|returned mail|undeliver|mail[ -]?system|exchange server",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|deliver\w* (?:status|fail|problem|error|delay|report|has failed|incomplete|unsuccess)|fail\w* deliver"
    r"|returned (?:e-?)?mail|failure notice\W*$|mail(?: delivery)? (?:failed|failure|error|system error)|non-?delivery"
    r"|bounce|could ?n.t be (?:sent|delivered)|message (?:delivery|status|not|undeliver)|not delivered|rejected"
    r"|nicht zugestellt|unzustellbar|non remis|no entregado|mancata consegna|error sending|delayed mail"
    r"|warning: (?:message|could)|user unknown|配信|送信|エラー|недостав|não entregue|niet bezorg|mail could not"
    r"|zustellbar|non (?:distribu|délivr|livr)|correo devuelto|devolvid|niedostarcz|onbestelba|inte lever|ikke lever"
    r"|message blocked|virus(?:es)? (?:detected|found)|banned contents|unsolicited bulk|λήθηκε|недоставл"
    r"|loop alert|mail system error|退信|投递失败|发送失败|退件|반송|발송 ?실패|전송 ?실패|système de courrier|échec|zwrot|iade|nie dostarczono|no se (?:ha )?p(?:udo|odido) entregar|mancato recapito|ej levererat|ikke leveret|ilet(?:il)?emedi|teslim edil|recapit|kézbesíthet|nedoruč|doručen|niedoręcz|toimittaa|παραδό|παράδοσ|не удалось достав|не доставлен|недоручен|kunne ikke leveres",
    re.IGNORECASE,
)
# Subjects that other mail has as well: of a notice where the sender or the text is one's.
_VAGUE_SUBJECT = re.compile(r"notification|failure notice", re.IGNORECASE)
# What shops and carriers could not deliver either.
_GOODS = (
    "package", "parcel", "shipment", "your order", "tracking number", "ihr paket", "ihre bestellung", "votre colis",
    "votre commande", "su pedido", "su paquete", "il tuo ordine", "il tuo pacco", "sua encomenda", "seu pedido",
)  # fmt: skip
# A subject that people or a tracker talk under: of a bounce, perhaps, but none itself.
_RE = r"re|aw|antw|sv|vs|odp|ynt|rif|r|回复|答复|返信|回覆"  # what mail programs put before the subject of an answer
_TALK = re.compile(
    rf"^\s*(?:{_RE})\s*(?:\[\d+\]|\(\d+\))?\s*[:：]"
    r"|^\s*\[[^\]\n]*(?:\b[A-Z][A-Z0-9]+-\d|#\d|\w/\w)[^\]\n]*\]|^\s*(?:ticket|issue|bug|case) #?\d|\(#\d+\)\s*$",
    re.IGNORECASE,
)
# Plain words, in lower case: looked for ten times as fast as a pattern.
_DELAY = (
    "delay", "still being retried", "warning only", "warning message only", "could not send message for past",
    "transient non-fatal errors", "not yet been delivered", "will continue to try", "will keep try",
    "will continue to retry", "will continue trying", "will keep retrying", "queued on", "temporary non-deliver",
    "temporarily non-deliver", "temporary nondeliver", "temporary problem", "will be retried",
    "no action is required on your part",
)  # fmt: skip
# Subjects of delays and of deliveries, in the languages that mail systems speak.
_DELAYED = re.compile(
    r"verzöger|retard|différé|retras|ritard|atras|opóźni|задерж|затрим|vertraag|försena|forsink|viiväs|zpožd|oneskor|kés(?:ik|és)"
    r"|gecik|καθυστ|întârzi|still pending|遅延|遅れ|延迟|延遲|지연",
    re.IGNORECASE,
)
_DELIVERED_TO = re.compile(
    r"^(?:delivered|relayed|zugestellt|übermittelt|remis|livré|entregado|entregue|recapitato|consegnato|bezorgd|levererat?"
    r"|leveret|levert|toimitettu|dostarczon[oe]|doručeno|kézbesítve|доставлено|teslim edildi|παραδόθηκε|配信済み|已送达|배달됨)\s*[:：]",
    re.IGNORECASE,
)
_REFUSED = (
    "could not be delivered", "cannot be delivered", "can not be delivered", "undeliverable", "was not delivered",
    "not reach the following", "could not deliver", "unable to deliver", "email bounced", "delivery failed",
)  # fmt: skip
_FINAL = ("permanent", "failed", "given up", "giving up", "returned")
_DELIVERED = (
    "successfully delivered", "delivered successfully", "was delivered to", "relayed mail", "delivery was success",
    "delivery successful", "delivery has been success", "delivery success", "delivery to the following recipients was success",
    "recipients or groups is complete", "successful delivery notification",
)  # fmt: skip
# Subjects that out-of-office answers and acknowledgements have, in the languages that mail systems speak.
_AUTO = re.compile(
    r"out of (?:the )?office|auto(?:matic|mated)?[ -]?(?:reply|response|responder|answer)|autoreply|vacation|^auto: "
    r"|on (?:holiday|leave)|absence|absente? du bureau|away from (?:the|my) office|request received"
    r"|je (?:suis|serai) absente?|en congés|ich bin (?:nicht im|im urlaub|derzeit nicht|bis)|nicht im (?:büro|haus)\b"
    r"|estoy (?:fuera|ausente|de vacaciones)|estou (?:ausente|fora|de férias)|sono (?:assente|in ferie)|jestem (?:poza|na urlopie)"
    r"|poza biurem|ik ben (?:niet|op vakantie)|jag är (?:på|inte|borta)|jeg er (?:på|ikke|bortreist)|в отпуске|меня не будет"
    r"|休暇中|外出中|出差|휴가"
    r"|abwesen|außer haus|automatische antwort|autoantwort|eingangsbestätigung|réponse automatique|accusé de réception"
    r"|respuesta autom[aá]tica|fuera de (?:la )?oficina|resposta autom[aá]tica|fora do escritório|ausência"
    r"|rispost[ae] automatic[ah]|fuori (?:sede|ufficio)|automatisch (?:antwoord|bericht)|afwezig"
    r"|autosvar|automatisk[at]? svar|frånvar|fravær|automaattinen (?:vastaus|poissaolo)|poissaolo|\bpoissa\b"
    r"|automatyczna odpowied|odpowied\w* automatyczn|autoodpowied|automatick[áa] odpov|automatikus v[áa]lasz|házon kívül|răspuns automat"
    r"|מענה אוטומטי|automat\w+ atbild|automatinis atsakymas|automaatvastus|otomatik (?:yanıt|cevap)|ofis dışında"
    r"|автоответ|автоматическ\w+ ответ|автоматична відповідь|автоматичен отговор|αυτόματη απάντηση|εκτός γραφείου"
    r"|תשובה אוטומטית|رد تلقائي|自動返信|自動応答|不在|自动回复|自動回覆|自动答复|자동 ?(?:회신|응답|답장)|부재 ?중",
    re.IGNORECASE,
)
# What a service asks of whoever writes to its customer for the first time.
_CHALLENGE = (
    "account is protected by", "to have your address added", "confirm that you sent", "verify that you are",
    "requires verification", "requires that you verify", "requires confirmation", "real live human", "prove that you",
    "you are not a robot", "not on my list of", "reply to this message to have it delivered", "para que sua mensagem",
    "para que su mensaje", "pour que votre message", "damit ihre nachricht", "perché il tuo messaggio",
    "чтобы ваше письмо",
)  # fmt: skip
# An answer to a message: what people and their programs write, and mail systems do not.
_ANSWER = re.compile(rf"\s*(?:{_RE}|rép|réf)\.?\s*[:：]", re.IGNORECASE)
AUTO_FIELDS = (
    "x-autoreply", "x-autorespond", "x-auto-response-from", "x-autoreply-from", "x-mail-autoreply",
    "x-fc-machinegenerated", "x-boxtrapper", "x-vacation", "x-challenge",
)  # fmt: skip
# What goes to many. Notices may keep the first two of the message that they are about, but not the others.
_OF_MANY = (
    "list-unsubscribe-post", "x-github-reason", "x-gitlab-project", "x-jira-fingerprint", "x-redmine-project",
    "x-bugzilla-type", "x-trac-project", "x-launchpad-bug",
)  # fmt: skip
LIST_FIELDS = ("list-id", "list-unsubscribe", *_OF_MANY)
_AUTO_VALUES = ("auto_reply", "auto-reply", "autoresponder")  # of Precedence and of what programs named after it
VALUED_FIELDS = ("precedence", "x-precedence", "preference", "x-post-messageclass", "delivered-to")
_ABUSE = re.compile(r"abuse report|email feedback report|spam (?:report|complaint)|complaint", re.IGNORECASE)
_ABUSE_TEXT = re.compile(
    r"this is an? (?:e-?mail )?(?:abuse|spam) report|abuse report (?:for|about|regarding) an? e?-?mail", re.IGNORECASE
)
_DMARC_SUBJECT = re.compile(r"report domain:.*submitter:|dmarc (?:aggregate )?report", re.IGNORECASE)
_REPORT_TYPES = re.compile(r"application/(?:gzip|zip|x-gzip|x-zip-compressed|tlsrpt\+\w+)|text/xml|application/xml")


def kind_by_form(head: dict[str, str], *, complaint: bool, notice: str, types: tuple[str, ...]) -> Kind | None:
    """Tell complaints and reports, which other mails may speak of, by their form; None for all else.

    `complaint` is whether there is a feedback report; `types` are the media types of the parts.
    """
    kind = head.get("content-type", "").lower()
    if complaint or "feedback-report" in kind:
        return Kind.ARF
    subject = decode_words(head.get("subject", "")[:_MOST_FIELD])
    report = _report(subject, kind, types)
    if report:
        return report
    return Kind.ARF if _ABUSE.search(subject) and _ABUSE_TEXT.search(notice[:2000]) else None


def _report(subject: str, kind: str, types: tuple[str, ...]) -> Kind | None:
    if "tlsrpt" in kind or any("tlsrpt" in t for t in types):
        return Kind.TLS_REPORT
    if _DMARC_SUBJECT.search(subject) and any(_REPORT_TYPES.match(t) for t in types):
        return Kind.DMARC_REPORT
    return None


def kind_by_actions(groups: Iterable[Recipient]) -> Kind:
    """Tell the kind of a notice with a delivery status."""
    actions = {r.action.split()[0].lower().strip(",;") for r in groups if r.action.strip()}
    if actions & {"delayed", "deferred"} and not actions & {"failed", "failure"}:
        return Kind.DELAY
    if actions and actions <= NOT_FAILED:
        return Kind.DELIVERED
    return Kind.DSN


def looks_like_notice(sender: str, subject: str) -> bool:
    """Whether a mail's From and Subject are those of a notice."""
    sender, subject = decode_words(sender[:_MOST_FIELD]), decode_words(subject[:_MOST_FIELD])
    return any(
        pattern.search(text) is not None
        for pattern, text in ((_BOUNCE_FROM, sender), (_BOUNCE_SUBJECT, subject), (_VAGUE_SUBJECT, subject))
    )


def has_null_path(head: dict[str, str]) -> bool:
    """Whether a mail came with the null reverse-path, as all notices do (RFC 5321 section 4.5.5)."""
    return head.get("return-path", "x").strip() == "<>"


def says_refused(text: str) -> bool:
    """Whether a text says in plain words that mail was not delivered."""
    return _has(text.lower(), _REFUSED)


def kind_by_words(head: dict[str, str], notice: str) -> Kind:
    """Tell the kind of a mail without a delivery status from its headers and the text; HEAD are the fields it takes."""
    subject = decode_words(head.get("subject", "")[:_MOST_FIELD])
    sender = f"{decode_words(head.get('from', '')[:_MOST_FIELD])} {head.get('sender', '')[:_MOST_FIELD]}"
    from_system = bool(_BOUNCE_FROM.search(sender.strip())) or "x-failed-recipients" in head
    about_failure = bool(_BOUNCE_SUBJECT.search(subject)) and not _TALK.search(subject)
    coded = has_codes(notice)
    if _AUTO.search(subject) and not (from_system and (about_failure or coded)):
        return Kind.AUTO_REPLY
    if not from_system and _answers_by_itself(head, subject, notice, about_failure=about_failure):
        return Kind.AUTO_REPLY
    auto = head.get("auto-submitted", "").lower()
    null_path = has_null_path(head)
    start = notice[:_START].lower()
    surely = any(name in head for name in _OF_MANY) or not _has(start, _REFUSED)
    to_many = any(name in head for name in LIST_FIELDS) and not null_path and surely
    if to_many and not _BOUNCE_FROM.search(head.get("from", "")[:_MOST_FIELD]):
        return Kind.NOT_A_BOUNCE  # though it speaks of bounces
    if not from_system and not coded and _has(f"{subject.lower()} {start}", _GOODS):
        return Kind.NOT_A_BOUNCE
    refused = coded or _has(start, _REFUSED)
    about_failure = about_failure or (refused and _VAGUE_SUBJECT.search(subject) is not None)
    if from_system or about_failure or (null_path and refused):
        if (
            _DELAYED.search(subject)
            or _has(subject.lower(), _DELAY)
            or (_has(start, _DELAY) and not _has(start, _FINAL))
        ):
            return Kind.DELAY
        if not coded and (_has(start, _DELIVERED) or (from_system and _DELIVERED_TO.match(subject))):
            return Kind.DELIVERED
        return Kind.BOUNCE
    if "disposition-notification" in head.get("content-type", "").lower():
        return Kind.AUTO_REPLY
    automatic = auto.startswith(("auto-replied", "auto-generated")) and null_path
    return Kind.AUTO_REPLY if automatic else Kind.NOT_A_BOUNCE


def _answers_by_itself(head: dict[str, str], subject: str, notice: str, *, about_failure: bool) -> bool:
    """Whether a program answers for a person: it says so, asks who writes, or answers and tells of no refusal."""
    if _says_it_is_automatic(head):
        return True
    replied = head.get("auto-submitted", "").lower().startswith("auto-replied")
    if not about_failure and (replied or _has(notice[:_START].lower(), _CHALLENGE)):
        return True
    if not has_null_path(head) or _ANSWER.match(subject) is None:
        return False
    return REPLY_CODE.search(notice) is None and not _has(notice.lower(), _REFUSED)


def _says_it_is_automatic(head: dict[str, str]) -> bool:
    """Whether a field that autoresponders write is there."""
    if any(name in head for name in AUTO_FIELDS):
        return True
    return any(_has(head.get(name, "").lower(), _AUTO_VALUES) for name in VALUED_FIELDS)


def _has(text: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in text for phrase in phrases)
