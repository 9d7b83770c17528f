"""Messages made for tests: good ones in many languages, charsets and styles, and faults to plant in them one at a time."""

from __future__ import annotations

import base64
import io
import quopri
import re
import zipfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Words:
    """What a message says, in one language."""

    language: str
    charset: str
    subject: str
    greeting: str
    lines: tuple[str, ...]
    button: str
    leave: str


LANGUAGES = (
    Words("en", "utf-8", "Your order 4711 has been shipped", "Hello Anna,", (
        "your order left our warehouse this morning and will reach you on Thursday.",
        "You can follow the parcel on the page below. The invoice is part of your account.",
        "If anything is missing, answer this message and a person will read it."), "Follow the parcel", "Unsubscribe"),
    Words("de", "iso-8859-1", "Ihre Bestellung 4711 ist unterwegs", "Guten Tag Frau Müller,", (
        "Ihre Bestellung hat heute früh unser Lager verlassen und erreicht Sie am Donnerstag.",
        "Den Weg des Pakets sehen Sie auf der Seite unten. Die Rechnung liegt in Ihrem Konto.",
        "Fehlt etwas, antworten Sie einfach auf diese Nachricht; ein Mensch liest sie."), "Paket verfolgen",
        "Vom Newsletter abmelden"),
    Words("fr", "windows-1252", "Votre commande 4711 est expédiée", "Bonjour Hélène,", (
        "votre commande a quitté notre entrepôt ce matin et vous parviendra jeudi prochain.",
        "Vous pouvez suivre le colis sur la page ci-dessous. La facture est dans votre compte.",
        "S’il manque quelque chose, répondez à ce message, une personne le lira."), "Suivre le colis", "Se désabonner"),
    Words("es", "utf-8", "Su pedido 4711 está en camino", "Hola María:", (
        "su pedido salió esta mañana de nuestro almacén y le llegará el jueves.",
        "Puede seguir el paquete en la página de abajo. La factura está en su cuenta.",
        "Si falta algo, responda a este mensaje y una persona lo leerá."), "Seguir el paquete", "Darse de baja"),
    Words("ru", "koi8-r", "Ваш заказ 4711 отправлен", "Здравствуйте, Анна!", (
        "Ваш заказ сегодня утром покинул наш склад и будет у вас в четверг.",
        "Следить за посылкой можно на странице ниже. Счёт лежит в вашем кабинете.",
        "Если чего-то не хватает, ответьте на это письмо, его прочтёт человек."), "Следить за посылкой",
        "Отписаться от рассылки"),
    Words("ja", "iso-2022-jp", "ご注文4711を発送しました", "山田様", (
        "ご注文の商品は今朝、倉庫から発送され、木曜日にお届けの予定です。",
        "荷物の状況は下記のページでご確認いただけます。請求書はアカウントにございます。",
        "不足がございましたら、このメールにご返信ください。担当者が拝見いたします。"), "荷物を追跡する", "配信停止"),
    Words("zh", "gb18030", "您的订单4711已发货", "李女士,您好!", (
        "您的订单今天早上已离开我们的仓库,预计星期四送达。",
        "您可以在下面的页面上查看包裹的状态。发票在您的账户中。",
        "如果缺少任何物品,请直接回复这封邮件,会有人阅读。"), "查看包裹", "取消订阅"),
    Words("ar", "utf-8", "تم شحن طلبك رقم 4711", "مرحبا ليلى،", (
        "غادر طلبك مستودعنا هذا الصباح وسيصل إليك يوم الخميس القادم.",
        "يمكنك متابعة الطرد في الصفحة أدناه. الفاتورة موجودة في حسابك لدينا.",
        "إذا كان هناك شيء ناقص فأجب على هذه الرسالة وسيقرؤها شخص."), "متابعة الطرد", "إلغاء الاشتراك"),
    Words("hi", "utf-8", "आपका ऑर्डर 4711 भेज दिया गया है", "नमस्ते अनीता जी,", (
        "आपका ऑर्डर आज सुबह हमारे गोदाम से निकल गया और गुरुवार को आप तक पहुँचेगा।",
        "नीचे दिए गए पृष्ठ पर आप पार्सल की स्थिति देख सकते हैं। बिल आपके खाते में है।",
        "अगर कुछ छूट गया हो तो इस संदेश का उत्तर दें, कोई व्यक्ति इसे पढ़ेगा।"), "पार्सल देखें", "सदस्यता समाप्त करें"),
    Words("tr", "iso-8859-9", "4711 numaralı siparişiniz yola çıktı", "Merhaba Ayşe Hanım,", (
        "siparişiniz bu sabah depomuzdan çıktı ve perşembe günü size ulaşacak.",
        "Paketi aşağıdaki sayfadan izleyebilirsiniz. Fatura hesabınızda duruyor.",
        "Bir şey eksikse bu iletiyi yanıtlayın, bir kişi okuyacaktır."), "Paketi izle", "Abonelikten çık"),
)  # fmt: skip


@dataclass(frozen=True)
class Mail:
    """A message before it is written: fields in order, the two texts, attachments, and how the bytes are made."""

    fields: tuple[tuple[str, str | bytes], ...]
    text: str
    html: str
    charset: str = "utf-8"
    encoding: str = "quoted-printable"
    attachments: tuple[tuple[str, str, bytes], ...] = ()
    after: tuple[Callable[[bytes], bytes], ...] = ()
    line_end: bytes = b"\r\n"
    raw_parts: tuple[bytes, ...] = field(default=())

    def without(self, *names: str) -> Mail:
        return replace(self, fields=tuple(f for f in self.fields if f[0].lower() not in names))

    def having(self, name: str, value: str | bytes) -> Mail:
        """The field set to a value, in its place or at the end."""
        kept = tuple((n, value) if n.lower() == name.lower() else (n, v) for n, v in self.fields)
        return replace(self, fields=kept if kept != self.fields else (*kept, (name, value)))

    def also(self, name: str, value: str | bytes) -> Mail:
        return replace(self, fields=(*self.fields, (name, value)))

    def then(self, change: Callable[[bytes], bytes]) -> Mail:
        return replace(self, after=(*self.after, change))

    def attaching(self, name: str, kind: str, data: bytes) -> Mail:
        return replace(self, attachments=(*self.attachments, (name, kind, data)))

    def in_html(self, addition: str) -> Mail:
        """HTML put before the end of the body, and no word of it in the text part."""
        return replace(self, html=re.sub(r"(?i)</body>", lambda _: addition + "</body>", self.html))

    def written(self) -> bytes:
        body_type, body = self._body()
        head = b"".join(_field(n, v, self.charset) for n, v in self.fields)
        raw = head + b"MIME-Version: 1.0\n" + body_type + b"\n" + body
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", self.line_end)
        for change in self.after:
            raw = change(raw)
        return raw

    def _body(self) -> tuple[bytes, bytes]:
        parts = [_part("text/plain", self.text, self.charset, self.encoding)] if self.text else []
        parts += [_part("text/html", self.html, self.charset, self.encoding)] if self.html else []
        parts += self.raw_parts
        if len(parts) == 1:
            head, _, body = parts[0].partition(b"\n\n")
            kind = head + b"\n"
        else:
            kind, body = _multi("alternative", "=_alt_5f3a", parts)
        if not self.attachments:
            return kind, body
        files = [
            b'Content-Type: %s; name="%s"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="%s"\n\n%s'
            % (k.encode(), n.encode(), n.encode(), base64.encodebytes(d))
            for n, k, d in self.attachments
        ]
        return _multi("mixed", "=_mix_77c1", [kind + b"\n" + body, *files])


def _multi(kind: str, boundary: str, parts: list[bytes]) -> tuple[bytes, bytes]:
    mark = boundary.encode()
    body = b"".join(b"--" + mark + b"\n" + part.rstrip(b"\n") + b"\n" for part in parts) + b"--" + mark + b"--\n"
    return f'Content-Type: multipart/{kind};\n\tboundary="{boundary}"\n'.encode(), body


def _part(kind: str, text: str, charset: str, encoding: str) -> bytes:
    data = text.encode(charset)
    if encoding == "base64":
        data = base64.encodebytes(data)
    elif encoding == "quoted-printable":
        data = quopri.encodestring(data)
    return f"Content-Type: {kind}; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n".encode() + data


def _field(name: str, value: str | bytes, charset: str) -> bytes:
    if isinstance(value, bytes):
        return name.encode() + b": " + value + b"\n"
    if not value.isascii():
        value = Header(value, charset, maxlinelen=70).encode()
    return f"{name}: {value}\n".encode()


TABLES = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><meta http-equiv="Content-Type" content="text/html; charset={charset}" />
<title>{subject}</title><style type="text/css">
@media only screen and (max-width: 600px) {{ .wide {{ display: none !important; }} .box {{ width: 100% !important; }} }}
.preheader {{ display: none; font-size: 1px; color: #ffffff; max-height: 0; overflow: hidden; }}
</style></head><body bgcolor="#f4f4f4" style="margin:0;padding:0;">
<span class="preheader">{preview}</span>
<!--[if mso]><table width="600"><tr><td><![endif]-->
<table width="600" cellpadding="0" cellspacing="0" border="0" class="box"><tr><td bgcolor="#1a73e8">
<font color="#ffffff"><b>Example Shop</b></font></td></tr>
<tr><td style="background-color:#FFF;color:#333333"><img src="https://www.example.com/logo.png" width="120" height="40" alt="Example" />
<p>{greeting}</p>{paragraphs}
<p><a href="https://www.example.com/parcel?id=4711&amp;l={language}" style="background:#1a73e8;color:white">{button}</a></p></td></tr></table>
<!--[if mso]></td></tr></table><![endif]-->{foot}
<img src="https://www.example.com/open.gif?m=4711" width="1" height="1" alt="" /></body></html>
"""
DIVS = """<html lang="{language}"><HEAD><META charset="{charset}"></HEAD><BODY>
<div style="display:none;max-height:0px;overflow:hidden;mso-hide:all">{preview}&nbsp;&zwnj;&nbsp;&zwnj;&nbsp;&zwnj;&nbsp;&zwnj;</div>
<div style="max-width:600px; font-family:'Segoe UI',Arial,sans-serif; color: rgb(20, 20, 20)">
<h1>{subject}</h1><p>{greeting}<br>{paragraphs}
<ul><li><a href='https://www.example.com/parcel/4711'>{button}</a>
<li><a href="mailto:help@example.com">help@example.com</a></ul>
<div style="background-color:#000;padding:8px"><span style="color:#fff">Example Shop, 1 Main Street, Springfield</span></div>
</div>{foot}</BODY></html>
"""
PLAIN_MUA = """<div dir="ltr">{greeting}<div><br></div>{paragraphs}<div><br></div><div><a href="https://www.example.com/parcel/4711">https://www.example.com/parcel/4711</a></div>{foot}<div>-- <br>Example Shop</div></div><body></body>"""


def _html(style: str, words: Words, foot: str) -> str:
    return style.format(
        charset=words.charset, subject=words.subject, language=words.language, preview=words.lines[0],
        greeting=words.greeting, paragraphs="".join(f"<p>{line}</p>" for line in words.lines), button=words.button,
        foot=foot,
    )  # fmt: skip


def _text(words: Words, foot: str) -> str:
    return "\n\n".join((words.greeting, *words.lines, f"{words.button}: https://www.example.com/parcel/4711", foot))


def good(words: Words, style: str, encoding: str, *, newsletter: bool) -> Mail:
    """A sound message, to one or to many."""
    leave = f'<p><a href="https://www.example.com/leave?u=7&amp;k=9f">{words.leave}</a></p>' if newsletter else ""
    foot = f"{words.leave}: https://www.example.com/leave?u=7&k=9f\n" if newsletter else "Example Shop\n"
    author = formataddr(("Example Shop", "shop@example.com"))
    fields: list[tuple[str, str | bytes]] = [
        ("From", author),
        ("To", "Anna <anna@example.net>"),
        ("Subject", words.subject),
        ("Date", format_datetime(NOW)),
        ("Message-ID", f"<4711.{words.language}.{len(style)}@example.com>"),
    ]
    if newsletter:
        fields += [
            ("List-Unsubscribe", "<https://www.example.com/leave?u=7&k=9f>, <mailto:leave@example.com?subject=7>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("List-Id", "Example news <news.example.com>"),
            ("Feedback-ID", "june:shop:news:example"),
            ("Precedence", "bulk"),
        ]
    return Mail(tuple(fields), _text(words, foot), _html(style, words, leave), words.charset, encoding)


def good_mails() -> Iterator[tuple[str, Mail]]:
    """Twenty sound HTML messages and ten plain ones, every language, style and encoding among them."""
    styles, encodings = (
        cycle((("tables", TABLES), ("divs", DIVS), ("mua", PLAIN_MUA))),
        cycle(("quoted-printable", "base64", "8bit")),
    )
    for words in LANGUAGES:
        for newsletter in (False, True):
            name, style = next(styles)
            encoding = "7bit" if words.charset == "iso-2022-jp" else next(encodings)
            kind = "newsletter" if newsletter else "transactional"
            yield f"{words.language}-{kind}-{name}", good(words, style, encoding, newsletter=newsletter)
        plain = good(words, TABLES, encoding, newsletter=False)
        yield f"{words.language}-plain", replace(plain, html="", line_end=b"\n")


def zipped(name: str, data: bytes = b"x", flag: int = 0) -> bytes:
    """A zip with one file; `flag` is put into its flag bits (1: encrypted)."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, data)
    raw = bytearray(held.getvalue())
    raw[6] |= flag
    raw[raw.index(b"PK\x01\x02") + 8] |= flag
    return bytes(raw)


def _bomb() -> bytes:
    return zipped("zeros.txt", b"\0" * (101 << 20))


LONG = "hidden words in one line\n" * 40
FEW = "replica watches and loans at prices that nobody else has, winners call now " * 2
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


def _link(href: str, text: str) -> Callable[[Mail], Mail]:
    return lambda mail: mail.in_html(f'<p><a href="{href}">{text}</a></p>')


def _hidden_by(style: str) -> Callable[[Mail], Mail]:
    return lambda mail: mail.in_html(f'<div style="{style}">{FEW}</div>')


HIDING = (
    "display:none", "font-size:1px", "font-size:0.1em;line-height:1px", "opacity:0", "max-height:0;overflow:hidden",
    "width:0;height:0;overflow:hidden", "text-indent:-9999px", "position:absolute;top:-5000px", "transform:scale(0)",
    "clip-path:inset(100%);position:absolute", "visibility:hidden;height:1px",
)  # fmt: skip
_BLANKS = ("{{first_name}}", "*|FNAME|*", "%FIRSTNAME%", "%%First_Name%%", "[[name]]", "${name}", "<%= user.name %>")  # fmt: skip


def _greeting(blank: str) -> Callable[[Mail], Mail]:
    return lambda mail: mail.in_html(f"<p>Dear {blank}, until soon</p>")


def _head(change: Callable[[bytes], bytes]) -> Callable[[Mail], Mail]:
    return lambda mail: mail.then(change)


# Finding id -> ways to plant it in a sound message.
FAULTS: dict[str, tuple[Callable[[Mail], Mail], ...]] = {
    "header.from_missing": (lambda m: m.without("from"),),
    "header.from_twice": (lambda m: m.also("From", "Other <other@example.com>"),),
    "header.from_several": (lambda m: m.having("From", "a@example.com, B <b@example.com>"),),
    "header.from_no_address": (lambda m: m.having("From", "Example Shop"),),
    "header.date_missing": (lambda m: m.without("date"),),
    "header.date_invalid": (
        lambda m: m.having("Date", "yesterday at noon"), lambda m: m.having("Date", "2026-06-15T09:30:00Z"),
    ),
    "header.date_future": (lambda m: m.having("Date", "Fri, 15 Jun 2029 10:00:00 +0000"),),
    "header.date_past": (lambda m: m.having("Date", "Thu, 15 Jun 1995 10:00:00 +0000"),),
    "header.message_id_missing": (lambda m: m.without("message-id"),),
    "header.message_id_invalid": (
        lambda m: m.having("Message-ID", "4711"), lambda m: m.having("Message-ID", "<no-at-sign>"),
    ),
    "header.message_id_local": (lambda m: m.having("Message-ID", "<1.2@localhost.localdomain>"),),
    "header.subject_missing": (lambda m: m.without("subject"),),
    "header.subject_empty": (lambda m: m.having("Subject", ""),),
    "header.subject_shouts": (lambda m: m.having("Subject", "BUY THESE GREAT THINGS NOW"),),
    "header.subject_marks": (lambda m: m.having("Subject", "Only today!!!"),),
    "header.fake_reply": (
        lambda m: m.having("Subject", "RE: our talk"), lambda m: m.having("Subject", "Fwd: your invoice"),
        lambda m: m.having("Subject", "AW: [12] Anfrage"),
    ),
    "header.placeholder": (*tuple(lambda m, blank=blank: m.having("Subject", f"{blank}, your order has been shipped") for blank in _BLANKS), lambda m: m.having("From", "[[company]] <shop@example.com>")),
    "text.placeholder": (*tuple(_greeting(blank.replace("<", "&lt;")) for blank in _BLANKS), lambda m: replace(m, text="Dear {{first_name}},\n" + m.text), lambda m: m.in_html("<p>Dear undefined,</p>")),
    "link.placeholder": (_link("{{unsubscribe_url}}", "leave"), _link("https://www.example.com/*|UNIQID|*", "leave")),
    "header.to_missing": (lambda m: m.without("to"),),
    "header.duplicate": (
        lambda m: m.also("Subject", "again"), lambda m: m.also("Date", format_datetime(NOW)),
        lambda m: m.also("Message-ID", "<second@example.com>"), lambda m: m.also("To", "b@example.net"),
    ),
    "header.address_invalid": (lambda m: m.having("Reply-To", "Desk <desk@@example..com>"),),
    "header.name_is_address": (lambda m: m.having("From", '"service@bank.example" <x@example.com>'),),
    "header.raw_8bit": (
        lambda m: m.having("Subject", "Grüße aus Köln".encode()), lambda m: m.having("From", "M\xfcller <shop@example.com>".encode("latin-1")),
    ),
    "header.line_too_long": (lambda m: m.also("X-Long", "a" * 1200),),
    "header.empty_fold": (lambda m: m.also("X-Fold", b"one\n  \n two"),),
    "header.control": (lambda m: m.also("X-Bell", b"ring \x07 ring"),),
    "header.broken_word": (lambda m: m.having("Subject", "=?utf-8?Q?one two three?="),),
    "header.not_a_field": (lambda m: m.then(lambda raw: raw.replace(b"MIME-Version", b"this is no field\r\nMIME-Version" if b"\r\n" in raw else b"this is no field\nMIME-Version", 1)),),
    "header.byte_order_mark": (_head(lambda raw: b"\xef\xbb\xbf" + raw),),
    "mime.no_version": (_head(lambda raw: re.sub(rb"MIME-Version: 1.0\r?\n", b"", raw)),),
    "mime.not_closed": (_head(lambda raw: re.sub(rb"--=_alt_5f3a--\r?\n", b"", raw)),),
    "mime.boundary_not_found": (_head(lambda raw: raw.replace(b'boundary="=_alt_5f3a"', b'boundary="other"')),),
    "mime.no_boundary": (_head(lambda raw: re.sub(rb';\r?\n\tboundary="=_alt_5f3a"', b"", raw)),),
    "mime.unknown_encoding": (_head(lambda raw: re.sub(rb"(Content-Transfer-Encoding: )\S+", rb"\1x-own", raw, count=1)),),
    "mime.unknown_charset": (_head(lambda raw: re.sub(rb"charset=[\w-]+", b"charset=x-martian", raw, count=1)),),
    "mime.wrong_charset": (lambda m: replace(m, encoding="8bit").then(lambda raw: raw.replace(b"</p>", b" \xe9\xe8</p>", 1)),),
    "mime.raw_8bit": (lambda m: replace(m, encoding="8bit", charset="utf-8", text=m.text + "é", html=m.html.replace("</p>", " é</p>", 1)).then(lambda raw: raw.replace(b"Content-Transfer-Encoding: 8bit", b"Content-Transfer-Encoding: 7bit")),),
    "mime.broken_base64": (lambda m: replace(m, encoding="base64").then(lambda raw: re.sub(rb"(base64\r?\n\r?\n)", rb"\1!!**!!", raw, count=1)),),
    "mime.broken_quoted_printable": (lambda m: replace(m, encoding="quoted-printable").then(lambda raw: re.sub(rb"(quoted-printable\r?\n\r?\n)", rb"\1a=ZZb ", raw, count=1)),),
    "mime.line_too_long": (lambda m: replace(m, encoding="8bit", charset="utf-8", html=m.html.replace("\n", " ") + " " * 800),),
    "mime.nul": (_head(lambda raw: raw + b"\0\0"),),
    "mime.bare_line_end": (lambda m: replace(m, line_end=b"\r\n").then(lambda raw: raw[:-40] + raw[-40:].replace(b"\r\n", b"\n", 1)),),
    "mime.wrong_order": (lambda m: replace(m, text="", raw_parts=(_part("text/plain", m.text, m.charset, "base64"),)),),
    "mime.encoded_multipart": (_head(lambda raw: re.sub(rb"(Content-Type: multipart)", rb"Content-Transfer-Encoding: base64\r\n\1" if b"\r\n" in raw else rb"Content-Transfer-Encoding: base64\n\1", raw, count=1)),),
    "text.missing": (lambda m: replace(m, text=""),),
    "text.blank": (lambda m: replace(m, text=" \n \n"),),
    "text.unlike_html": (
        lambda m: replace(m, text="To view this message, please use a programme that can display HTML.\n", encoding="base64", charset=m.charset),
        lambda m: replace(m, text="Quarterly figures of the chess club: eleven tournaments, ninety members, two cups.\n"),
    ),
    "html.clipped": (lambda m: m.in_html("<!-- " + "x" * 76 + " -->\n<p>more</p>\n" * 1 + ("<!-- " + "y" * 70 + " -->\n") * 1700),),
    "html.image_only": (
        lambda m: replace(m, text="", html='<html><body><img src="https://www.example.com/all.jpg" alt=""></body></html>'),
        lambda m: replace(m, text="", html='<html><body><table><tr><td><a href="https://www.example.com/"><IMG SRC="https://www.example.com/1.png" WIDTH=600 HEIGHT=900 alt="x"></a></td></tr></table>Hi</body></html>'),
    ),
    "html.hidden_text": (
        lambda m: m.in_html(f'<div style="display: none">{LONG}</div>'),
        lambda m: m.in_html(f'<span style="FONT-SIZE:0px;">{LONG}</span>'),
        lambda m: m.in_html(f'<p style="visibility:hidden">{LONG}</p>'),
        lambda m: m.in_html(f'<div style="position:absolute;left:-9999px">{LONG}</div>'),
        lambda m: m.in_html(f"<div hidden>{LONG}</div>"),
        lambda m: m.in_html(f"<style>.zz{{display:none}}</style><div class='zz'>{LONG}</div>"),
        *(_hidden_by(style) for style in HIDING),
    ),
    "html.hidden_colour": (
        lambda m: m.in_html(f'<div style="background:#fff;color:#FFFFFF">{LONG}</div>'),
        lambda m: m.in_html(f'<table bgcolor="white"><tr><td><font color="#fefefe">{LONG}</font></td></tr></table>'),
        lambda m: m.in_html(f'<p style="background-color:rgb(0,0,0)"><span style="color:black">{LONG}</span></p>'),
        lambda m: m.in_html(f'<p style="color:transparent">{FEW}</p>'),
        lambda m: m.in_html(f'<p style="color:rgba(0, 0, 0, 0)">{FEW}</p>'),
    ),
    "html.script": (
        lambda m: m.in_html("<script>alert(1)</script>"), lambda m: m.in_html('<SCRIPT SRC="https://www.example.com/x.js"></SCRIPT>'),
        lambda m: m.in_html('<p onclick="go()">x</p>'),
    ),
    "html.script_link": (_link("javascript:go()", "go"),),
    "html.active": (lambda m: m.in_html('<iframe src="https://www.example.com/"></iframe>'), lambda m: m.in_html("<object data='x.swf'></object>")),
    "html.form": (lambda m: m.in_html('<form action="https://www.example.com/login"><input name="pw" type="password"></form>'),),
    "html.remote_css": (
        lambda m: m.in_html('<link rel="stylesheet" type="text/css" href="https://www.example.com/mail.css">'),
        lambda m: m.in_html("<style>@import url('https://www.example.com/mail.css');</style>"),
    ),
    "html.refresh": (lambda m: m.in_html('<meta http-equiv="Refresh" content="0;url=https://www.example.com/">'),),
    "html.base": (lambda m: m.in_html('<base href="https://www.example.com/">'),),
    "html.faults": (lambda m: m.in_html("<div><span><b>one</i></center></b>"), lambda m: m.in_html("<table><tr><td><div><strong>x</table></div>")),
    "link.shortener": (_link("https://bit.ly/3xYz", "more"), _link("http://tinyurl.com/abc", "more")),
    "link.mismatch": (
        _link("https://www.example.org/login", "https://www.bank.example/"), _link("https://x.example.org/a", "www.bank.example"),
        _link("https://www.example.org/", "<b>https://</b>www.bank.example/konto"),
    ),
    "link.ip": (_link("https://192.0.2.80/a", "more"), _link("https://3221226000/a", "more"), _link("https://[2001:db8::1]/", "more")),
    "link.lookalike": (_link("https://www.xn--pypal-4ve.com/", "more"), _link("https://www.p&#1072;ypal.example/", "more")),
    "link.user": (_link("https://www.bank.example@www.example.org/", "more"),),
    "link.http": (_link("http://www.example.com/page", "more"),),
    "link.redirector": (_link("https://www.google.com/url?q=https%3A%2F%2Fwww.example.org%2F", "more"),),
    "link.private": (_link("http://localhost:3000/start", "start"), _link("https://shop.internal/orders", "orders")),
    "link.leads_on": (_link("https://www.example.com/out?url=https://www.example.org/x", "more"),),
    "link.mismatch_counted": (_link("https://click.esp.example/9f3c", "www.example.org/spring"),),
    "link.port": (_link("https://www.example.com:8443/x", "more"),),
    "attachment.refused_type": (lambda m: m.attaching("setup.exe", "application/octet-stream", b"data"), lambda m: m.attaching("run.js", "text/javascript", b"1")),
    "attachment.refused_inside": (lambda m: m.attaching("all.zip", "application/zip", zipped("deep/setup.scr")),),
    "attachment.double_ending": (lambda m: m.attaching("invoice.pdf.exe", "application/octet-stream", b"x"),),
    "attachment.program_inside": (lambda m: m.attaching("photo.dat", "application/octet-stream", b"MZ\x90\0" + b"\0" * 64),),
    "attachment.macros": (
        lambda m: m.attaching("plan.docm", "application/vnd.ms-word.document.macroEnabled.12", zipped("word/vbaProject.bin")),
        lambda m: m.attaching("plan.xls", "application/vnd.ms-excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "_VBA_PROJECT_CUR".encode("utf-16-le")),
        lambda m: m.attaching("plan.docx", "application/octet-stream", zipped("word/vbaProject.bin")),
    ),
    "attachment.encrypted": (
        lambda m: m.attaching("secret.zip", "application/zip", zipped("a.txt", flag=1)),
        lambda m: m.attaching("secret.pdf", "application/pdf", _PDF.replace(b"/Root", b"/Encrypt 2 0 R/Root")),
    ),
    "attachment.bomb": (lambda m: m.attaching("bomb.zip", "application/zip", _bomb()),),
    "attachment.distrusted_type": (lambda m: m.attaching("page.html", "text/html", b"<html></html>"),),
    "list.no_unsubscribe": (lambda m: m.without("list-unsubscribe", "list-unsubscribe-post"),),
    "list.no_one_click": (lambda m: m.without("list-unsubscribe-post"),),
    "list.not_https": (lambda m: m.having("List-Unsubscribe", "<mailto:leave@example.com>").without("list-unsubscribe-post"),),
    "list.unsubscribe_form": (lambda m: m.having("List-Unsubscribe", "https://www.example.com/leave"),),
    "list.post_form": (lambda m: m.having("List-Unsubscribe-Post", "yes"),),
    "list.id_form": (lambda m: m.having("List-Id", "news of example"),),
    "list.precedence": (lambda m: m.having("Precedence", "urgent"),),
    "list.urgent": (lambda m: m.also("X-Priority", "1 (Highest)"),),
}  # fmt: skip

# What a planted fault rightly shows besides itself.
ALONG: dict[str, set[str]] = {
    "mime.boundary_not_found": {"text.empty"},
    "mime.no_boundary": {"text.empty"},
    "mime.unknown_encoding": {"text.unlike_html", "text.blank", "mime.raw_8bit"},
    "mime.unknown_charset": {"text.unlike_html", "mime.raw_8bit"},
    "mime.nul": {"mime.broken_base64"},
    "mime.broken_base64": {"text.unlike_html"},
    "html.image_only": {"text.missing"},
    "link.shortener": {"link.http"},
    "attachment.double_ending": {"attachment.refused_type"},
    "link.private": {"link.port"},
}
