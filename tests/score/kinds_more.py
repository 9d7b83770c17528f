"""More kinds of good mail: click counters, builders' tricks with layout, programs' notices, answers, signed and sealed."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from tests.score.kinds import PAD, PARAS, TEXT, P, bulk, mail, plain


def raw(text: str) -> Message:
    return message_from_bytes(text.replace("\n", "\r\n").encode(), policy=policy.default)


HEAD = "From: Ben <ben@example.com>\nTo: anna@example.net\nDate: Mon, 15 Jun 2026 09:00:00 +0000\nMessage-ID: <7@example.com>\nMIME-Version: 1.0\n"
LEAVE = '<p><a href="https://click.example.com/u/9f3c">Unsubscribe</a></p>'


def ses() -> EmailMessage:
    u = "https://9f3c.r.eu-west-1.awstrack.me/L0/https:%2F%2Fwww.example.com%2Forders%2F4711/1/0100019"
    return mail(
        "Order 4711 confirmed",
        "Thank you for your order 4711.\nIt will be sent tomorrow.\nSee it: https://www.example.com/orders/4711\n",
        f'<p>Thank you for your order 4711.</p><p>It will be sent tomorrow.</p><p><a href="{u}">See it</a></p><img alt="" src="https://9f3c.r.eu-west-1.awstrack.me/I0/0100019" style="display:none;width:1px;height:1px">',
    )


def mandrill() -> EmailMessage:
    u = "https://mandrillapp.com/track/click/30489975/www.example.com?p=eyJzIjoiOWYifQ"
    return mail(
        "Welcome aboard",
        "Welcome aboard. Your page: www.example.com\n",
        f'<p>Welcome aboard.</p><p>Your page: <a href="{u}">www.example.com</a></p>',
    )


def safelinks() -> EmailMessage:
    u = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.example.com%2F&amp;data=05%7C02&amp;reserved=0"
    return mail(
        "Re: Offer",
        "Thanks, we take it.\n\nBen\nwww.example.com<https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.example.com%2F&data=05%7C02&reserved=0>\n",
        f'<div>Thanks, we take it.</div><div>Ben</div><div><a href="{u}" originalsrc="https://www.example.com/">www.example.com</a></div>',
        In_Reply_To="<x@example.net>",
        References="<x@example.net>",
    )


def stripo() -> EmailMessage:
    return bulk(
        "June at the nursery",
        TEXT,
        f"""<html><head><style>.es-button{{mso-style-priority:100!important}}@media only screen and (max-width:600px){{.es-m-txt-c{{text-align:center!important}}tr.es-desk-hidden,td.es-desk-hidden,table.es-desk-hidden{{width:auto!important;overflow:visible!important;float:none!important;max-height:inherit!important;line-height:inherit!important}}tr.es-desk-hidden{{display:table-row!important}}.es-mobile-hidden{{display:none!important}}}}.es-preheader{{display:none}}</style></head><body class="body" style="width:100%;height:100%"><span style="display:none !important;font-size:0px;line-height:0;color:#ffffff;visibility:hidden;opacity:0;height:0;width:0;mso-hide:all">Three places left in the pruning workshop</span><div dir="ltr" class="es-wrapper-color" style="background-color:#F6F6F6"><table class="es-wrapper" width="100%"><tr><td>{P}</td></tr><tr class="es-desk-hidden" style="display:none;float:left;overflow:hidden;width:0;max-height:0;line-height:0;mso-hide:all"><td>On your phone: swipe to see the forty plants one after another, and tap to put one aside.</td></tr><tr><td><span class="es-button-border" style="background:#31CB4B;border-radius:30px"><a href="https://viewstripo.example/9f" class="es-button" style="color:#FFFFFF;mso-style-priority:100">See them</a></span></td></tr></table></div>{LEAVE}</body></html>""",
    )


def cerberus() -> EmailMessage:
    return bulk(
        "Opening hours in summer",
        TEXT,
        f"""<!DOCTYPE html><html lang="en"><head><style>@media screen and (max-width:500px){{.force-row{{display:block!important}}}}</style></head><body width="100%" style="margin:0;padding:0!important;mso-line-height-rule:exactly;background-color:#222222"><center role="article" aria-roledescription="email" lang="en" style="width:100%;background-color:#222222"><div style="max-height:0;overflow:hidden;mso-hide:all" aria-hidden="true">From July we open at seven, before it gets hot</div><div style="display:none;font-size:1px;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;mso-hide:all;font-family:sans-serif;">{PAD}</div><table align="center" role="presentation" style="margin:auto"><tr><td style="background-color:#ffffff;padding:20px;color:#555555">{P}</td></tr><tr><td aria-hidden="true" height="40" style="font-size:0px;line-height:0px;">&nbsp;</td></tr><tr><td class="button-td" style="border-radius:4px;background:#222222;"><a class="button-a" href="https://www.example.com/hours" style="background:#222222;border:1px solid #000000;color:#ffffff;display:block">Hours</a></td></tr></table>{LEAVE.replace("<a", '<a style="color:#ccc"')}</center></body></html>""",
    )


def inky() -> EmailMessage:
    return bulk(
        "Order before Friday",
        TEXT,
        f"""<html><head><style>@media only screen{{html{{min-height:100%;background:#f3f3f3}}}}@media only screen and (max-width:596px){{.small-float-center{{margin:0 auto!important}}table.body .hide-for-large{{display:block!important;width:auto!important;overflow:visible!important;max-height:none!important}}}}</style></head><body style="color:#0a0a0a"><span class="preheader" style="color:#f3f3f3;display:none!important;font-size:1px;line-height:1px;max-height:0;max-width:0;mso-hide:all!important;opacity:0;overflow:hidden;visibility:hidden">Bulbs for autumn, to be ordered by Friday</span><table class="body" style="background:#f3f3f3"><tr><td align="center"><center data-parsed=""><table class="container float-center"><tr><td>{P}<div class="hide-for-large" style="display:none;mso-hide:all;overflow:hidden;max-height:0;font-size:0;width:0;line-height:0"><p>Open this on a larger screen to see the whole catalogue side by side with last year's.</p></div><table class="spacer"><tr><td height="16px" style="font-size:16px;line-height:16px">&#xA0;</td></tr></table>{LEAVE}</td></tr></table></center></td></tr></table><div style="display:none;white-space:nowrap;font:15px courier;line-height:0">&nbsp; &nbsp; &nbsp;</div></body></html>""",
    )


def wordpress() -> EmailMessage:
    return mail(
        '[Example Blog] Please moderate: "Spring in the garden"',
        'A new comment on the post "Spring in the garden" is waiting for your approval\nhttps://blog.example.com/spring/\n\nAuthor: Carla (IP address: 192.0.2.9, host.example.org)\nEmail: carla@example.org\nURL: \nComment:\nLovely!\n\nApprove it: https://blog.example.com/wp-admin/comment.php?action=approve&c=7#wpbody-content\n',
        "",
        "WordPress <wordpress@blog.example.com>",
    )


def mastodon() -> EmailMessage:
    return mail(
        "Ben mentioned you",
        "Ben (@ben@social.example) mentioned you in:\n\n> see you there\n\nhttps://social.example/@ben/1\n",
        '<html><body style="background:#f3f2f5"><div style="display:none">Ben mentioned you</div><table><tr><td><h1>Ben (@ben@social.example) mentioned you in:</h1><p>see you there</p><a href="https://social.example/@ben/1" style="background-color:#6364ff;color:#fff">Reply</a></td></tr></table></body></html>',
        "Mastodon <notifications@social.example>",
    )


def digest() -> EmailMessage:
    return bulk(
        "[Garden Talk] Summary",
        "A brief summary of Garden Talk since your last visit: 12 new topics, 3 new users.\n\nLavender in pots - 14 replies\nhttps://talk.example.com/t/lavender/99\n\nUnsubscribe: https://talk.example.com/email/unsubscribe/9f\n",
        '<table style="background-color:#eee"><tr><td style="font-size:1px;color:#eeeeee;line-height:1px;max-height:0;display:none">A brief summary of Garden Talk since your last visit</td></tr><tr><td>12 new topics, 3 new users.</td></tr><tr><td><a href="https://talk.example.com/t/lavender/99">Lavender in pots</a> 14 replies</td></tr><tr><td>This summary is sent when we have not seen you for a while. <a href="https://talk.example.com/email/unsubscribe/9f">Unsubscribe</a></td></tr></table>',
    )


def docusign() -> EmailMessage:
    return mail(
        "Complete with Example Sign: Lease.pdf",
        "Ben Miller sent you a document to review and sign.\n\nhttps://eu.sign.example/Signing/EmailStart.aspx?a=9f&acct=7\n\nDo Not Share This Email\n",
        '<table width="640" style="background-color:#1e4ca1;color:#ffffff"><tr><td align="center"><img alt="" src="https://eu.sign.example/i.png" width="75" height="75">Ben Miller sent you a document to review and sign.</td></tr><tr><td><a href="https://eu.sign.example/Signing/EmailStart.aspx?a=9f&acct=7" style="background-color:#FFC423;color:#000000"><span>REVIEW DOCUMENT</span></a></td></tr></table><p style="color:#666666">Do Not Share This Email</p>',
        "Ben Miller via Sign <dse@eu.sign.example>",
    )


def zoom() -> EmailMessage:
    return mail(
        "Ben Miller is inviting you to a scheduled meeting",
        "Topic: Planning\nTime: Jun 18, 2026 11:00 AM Berlin\n\nJoin\nhttps://us02web.zoom.example/j/86412345678?pwd=abcDEF.1\n\nMeeting ID: 864 1234 5678\nPasscode: 9f3c2a\n\n---\n\nOne tap mobile\n+493012345678,,86412345678#,,,,*123456# Germany\n",
    )


def teams() -> EmailMessage:
    return mail(
        "Planning",
        "________________________________\nMicrosoft Teams\nJoin the meeting now\nMeeting ID: 364 111 222 333\nPasscode: 9fQ3\n",
        '<html><body><div style="width:100%;height:20px"><span style="white-space:nowrap;color:gray;opacity:.36">________________________________________________________________________________</span></div><div class="me-email-text" style="color:#252424"><div><span style="font-size:24px">Microsoft Teams</span></div><div><a href="https://teams.example/l/meetup-join/19%3ameeting_9f%40thread.v2/0?context=%7b%22Tid%22%3a%229f%22%7d" style="font-size:20px">Join the meeting now</a></div><div><span>Meeting ID: </span><span>364 111 222 333</span></div><div>Passcode: 9fQ3</div></div></body></html>',
    )


def ooo() -> EmailMessage:
    return mail(
        "Automatic reply: Monday",
        "I am away until 22 June and do not read mail. In urgent cases write to team@example.com.\n",
        "",
        "Ben <ben@example.com>",
        Auto_Submitted="auto-replied",
        In_Reply_To="<1@example.net>",
        X_Auto_Response_Suppress="All",
    )


def logwatch() -> EmailMessage:
    return mail(
        "Logwatch for web1 (Linux)",
        " ################### Logwatch 7.5.6 (07/23/21) #################### \n        Processing Initiated: Mon Jun 15 06:25:02 2026\n        Date Range Processed: yesterday\n  ################################################################## \n \n --------------------- Postfix Begin ------------------------ \n      1.204M  Bytes accepted         1,262,485\n  ========   ==================\n  100.00%  Total                          100.00%\n ---------------------- Postfix End ------------------------- \n",
        "",
        "logwatch@web1.example.com",
    )


def alert() -> EmailMessage:
    return mail(
        "[FIRING:1] HighLoad (web1 critical)",
        "1 alert for alertname=HighLoad\n\nLabels\ninstance = web1\nseverity = critical\n\nView: http://alerts.example.com:9093/#/alerts\n".replace(
            ":9093", ""
        ),
        '<html><head><style>.b{color:#fff}</style></head><body style="background:#f6f6f6"><table><tr><td style="background-color:#E6522C;color:#fff;font-weight:500">1 alert for alertname=HighLoad</td></tr><tr><td><strong>Labels</strong><br>instance = web1<br>severity = critical<br></td></tr><tr><td><a href="https://alerts.example.com/#/alerts" style="color:#fff;background-color:#348eda">View</a></td></tr></table></body></html>',
        "alerts@example.com",
    )


def itmail() -> EmailMessage:
    return mail(
        "Change of the home drive on Thursday",
        "Dear all,\n\non Thursday %HOMEDRIVE% moves to the new server. Scripts that use %USERPROFILE%, %APPDATA% or %COMPUTERNAME% go on to work; on Linux ${HOME} and $USER do.\nThe discount of 20% holds for 100% of the licences.\n\nIT\n",
    )


def japan_news() -> EmailMessage:
    return plain(
        "【園芸ニュース】6月のお知らせ",
        "━━━━━━━━━━━━━━━━━━\n■ 6月のお知らせ\n━━━━━━━━━━━━━━━━━━\n\n山田様\n\nいつもご利用いただきありがとうございます。\n新しい苗が入荷しました。\n▼詳しくはこちら\nhttps://www.example.com/june\n\n[店舗] 東京都千代田区1-1\n",
        "iso-2022-jp",
        "園芸 <news@example.jp>",
    )


def persian() -> EmailMessage:
    t = "سلام سارا، سفارش شما ثبت شد و روز پنج‌شنبه به دستتان می‌رسد. برای پیگیری روی دکمه بزنید."
    return mail(
        "سفارش شما ثبت شد",
        t + "\n",
        f'<div dir="rtl" style="font-family:Tahoma">{t}<br><a href="https://www.example.com/o">پیگیری</a></div>',
    )


def pgp() -> Message:
    return raw(
        HEAD
        + 'Subject: ...\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\n\n--b\nContent-Type: application/pgp-encrypted\nContent-Description: PGP/MIME version identification\n\nVersion: 1\n\n--b\nContent-Type: application/octet-stream; name="encrypted.asc"\nContent-Disposition: inline; filename="encrypted.asc"\n\n-----BEGIN PGP MESSAGE-----\n\nhQIMA9f3c\n=9f3c\n-----END PGP MESSAGE-----\n\n--b--\n'
    )


def mdn() -> Message:
    return raw(
        HEAD
        + 'Subject: Read: Offer 4711\nContent-Type: multipart/report; report-type=disposition-notification; boundary="b"\n\n--b\nContent-Type: text/plain; charset=utf-8\n\nYour message was displayed on Monday.\n\n--b\nContent-Type: message/disposition-notification\n\nReporting-UA: mail.example.com\nFinal-Recipient: rfc822;ben@example.com\nOriginal-Message-ID: <1@example.net>\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n'
    )


def smime() -> Message:
    return raw(
        HEAD
        + 'Subject: The minutes\nContent-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="b"\n\n--b\nContent-Type: text/plain; charset=utf-8; format=flowed\nContent-Transfer-Encoding: 7bit\n\nHere are the minutes of Monday, \nwith all that was decided.\n\n-- \nBen\n\n--b\nContent-Type: application/pkcs7-signature; name="smime.p7s"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="smime.p7s"\n\nMIIGfwYJKoZIhvcNAQcCoIIGcDCCBmwCAQE=\n\n--b--\n'
    )


def cancelled() -> EmailMessage:
    m = mail(
        "Canceled: Planning",
        "Planning on Thursday is canceled.\n",
        "<p>Planning on Thursday is canceled.</p>",
        "Ben <ben@example.com>",
    )
    m.add_alternative(
        "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n", subtype="calendar", params={"method": "CANCEL"}
    )
    return m


def office() -> EmailMessage:
    m = mail("Material", "Dear Anna,\n\nplease find attached the plan, the drawing, my card and the table.\n\nBen\n")
    for n, t in (
        ("plan.docx", "vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("hall.dwg", "acad"),
        ("table.csv", "csv"),
        ("plan.odt", "vnd.oasis.opendocument.text"),
    ):
        m.add_attachment(
            b"PK\x03\x04" + b"\0" * 40 if n != "table.csv" else b"a;b\n1;2\n",
            maintype="application",
            subtype=t,
            filename=n,
        )
    m.add_attachment(b"BEGIN:VCARD\r\nFN:Ben\r\nEND:VCARD\r\n", maintype="text", subtype="vcard", filename="ben.vcf")
    return m


def thunderbird() -> EmailMessage:
    return mail(
        "Re: Trip",
        "Am 14.06.26 um 20:12 schrieb Anna Kern:\n> Kommst du mit?\n\nJa, gern!\n\nBen\n",
        '<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head><body><div class="moz-cite-prefix">Am 14.06.26 um 20:12 schrieb Anna Kern:<br></div><blockquote type="cite" cite="mid:1@example.net"><p>Kommst du mit?</p></blockquote><p>Ja, gern!</p><p>Ben<br></p></body></html>',
        "Ben <ben@example.com>",
        In_Reply_To="<1@example.net>",
        References="<1@example.net>",
    )


def fwd_news() -> EmailMessage:
    inner = (
        '<div style="display:none;max-height:0">Forty new plants for a balcony, and a bag of compost on Saturday</div>'
        + P
    )
    return mail(
        "Fwd: Forty new plants",
        "Look at this!\n\n---------- Forwarded message ---------\nFrom: Example News <news@example.com>\nSubject: Forty new plants\n\n"
        + "\n\n".join(PARAS),
        f'<div dir="ltr">Look at this, Anna, it is the shop that I told you about on Sunday when we met.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>From: <strong>Example News</strong> &lt;<a href="mailto:news@example.com">news@example.com</a>&gt;<br>Subject: Forty new plants<br></div>{inner}</div>',
        "Ben <ben@example.com>",
        References="<n@example.com>",
    )


def linkedin() -> EmailMessage:
    return mail(
        "Anna, you have 1 new invitation",
        "Ben Miller wants to connect\n\nSee all: https://www.linkedin.example/comm/mynetwork/?midToken=9f&trk=eml\n\nUnsubscribe: https://www.linkedin.example/e/v2?e=9f&a=unsub\n",
        '<div style="height:0px;max-height:0;width:0px;overflow:hidden;opacity:0;visibility:hidden;mso-hide:all">Ben Miller, head of purchasing at Example, wants to connect</div><div style="height:0px;max-height:0;width:0px;overflow:hidden">&#x34f; &#x200c; &#xa0;</div><table><tr><td><h2><a href="https://www.linkedin.example/comm/in/ben?midToken=9f&trk=eml">Ben Miller</a></h2><p>wants to connect</p><a href="https://www.linkedin.example/comm/mynetwork/?midToken=9f&trk=eml" aria-label="Accept the invitation">Accept</a></td></tr><tr><td>This mail was meant for Anna Kern (gardener). <a href="https://www.linkedin.example/e/v2?e=9f&a=unsub">Unsubscribe</a></td></tr></table>',
        "Network <invitations@linkedin.example>",
        List_Unsubscribe="<https://www.linkedin.example/e/v2?e=9f&a=unsub>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
    )


def bank() -> EmailMessage:
    return mail(
        "Your statement for May is ready",
        "Dear Ms Kern,\n\nyour statement for May is ready in your online banking. We never ask for your password or PIN by mail.\n\nExample Bank\n",
        '<p>Dear Ms Kern,</p><p>your statement for May is ready in your online banking. We never ask for your password or PIN by mail.</p><p>Example Bank</p><p style="font-size:8px;color:#767676">Example Bank plc. Registered in England 1234567. Authorised by the regulator.</p>',
        "Example Bank <service@bank.example>",
    )


def form_note() -> EmailMessage:
    return mail(
        "New message from your contact form",
        "Name: Carla\nEmail: carla@example.org\nMessage: [I have a question] about {plants}\n\n--\nThis e-mail was sent from a contact form on Example (https://www.example.com)\n",
        "",
        "Example <wordpress@example.com>",
        Reply_To="carla@example.org",
    )


def alerts() -> EmailMessage:
    return mail(
        'Google Alert - "example garden"',
        '=== Web - 1 new result for ["example garden"] ===\n\nA garden for everyone\nhttps://www.google.com/url?rct=j&sa=t&url=https://news.example.org/garden&ct=ga&cd=9f\n',
        '<table><tr><td>"example garden"</td></tr><tr><td>As-it-happens update, 15 June 2026</td></tr><tr><td><a href="https://www.google.com/url?rct=j&amp;sa=t&amp;url=https://news.example.org/garden&amp;ct=ga&amp;cd=9f">A <b>garden</b> for everyone</a><div>News Example</div><div>The <b>garden</b> at Example opens its gates on Saturday to everybody who wants to see it in bloom.</div></td></tr><tr><td><a href="https://www.google.com/alerts/remove?source=alertsmail&amp;s=9f">Unsubscribe</a></td></tr></table>',
        "Google Alerts <googlealerts-noreply@google.com>",
        List_Unsubscribe="<https://www.google.com/alerts/remove?s=9f>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
        List_Id="9f <9f.alerts.google.com>",
    )


def outlook_ios() -> EmailMessage:
    return mail(
        "Dinner",
        "Shall we meet at eight?\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n",
        '<html><body dir="auto"><div dir="ltr">Shall we meet at eight?</div><div id="ms-outlook-mobile-signature"><div><br></div>Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div></body></html>',
        "Ben <ben@example.com>",
    )


def yahoo() -> EmailMessage:
    return mail(
        "Recipe",
        "Here it is: two eggs, flour, milk.\n\nhttps://youtu.be/dQw4w9WgXcQ\nWe are here: https://maps.app.goo.gl/9f3cAbCd\n\nSent from Yahoo Mail for iPhone\n",
        '<p>Here it is: two eggs, flour, milk.</p><p><a href="https://youtu.be/dQw4w9WgXcQ">https://youtu.be/dQw4w9WgXcQ</a></p>We are here: <a href="https://maps.app.goo.gl/9f3cAbCd">https://maps.app.goo.gl/9f3cAbCd</a><br><p class="yahoo-signature"><a href="https://mail.onelink.me/107872968?pid=nativeplacement">Sent from Yahoo Mail for iPhone</a></p>',
        "Ben <ben@example.com>",
    )


def emarsys() -> EmailMessage:
    return bulk(
        "Nur bis Sonntag: 15 % auf Stauden",
        "Nur bis Sonntag: 15 % auf alle Stauden in unserem Markt und im Netz.\nZum Angebot: https://news.example.de/u/gm.php?prm=9f\nAbmelden: https://news.example.de/u/un.php?par=9f\n",
        '<html><head><style>@media only screen and (max-width:480px){[class="mhide"]{display:none!important}td[class=mshow]{display:block!important;max-height:none!important}}</style></head><body><div style="display:none;font-size:0">15 % auf alle Stauden</div><table><tr><td class="mhide"><a href="https://news.example.de/u/gm.php?prm=9f"><img src="https://news.example.de/media/a.jpg" width="600" height="250" alt="Stauden" border="0"></a></td></tr><tr><td class="mshow" style="display:none;max-height:0;overflow:hidden;mso-hide:all"><a href="https://news.example.de/u/gm.php?prm=9f">Zu allen Stauden auf dem Telefon, mit einem Tipp</a></td></tr><tr><td>Nur bis Sonntag: 15 % auf alle Stauden in unserem Markt und im Netz.</td></tr><tr><td><a href="https://news.example.de/u/gm.php?prm=9f">Zum Angebot</a> <a href="https://news.example.de/u/un.php?par=9f">Abmelden</a></td></tr></table><img src="https://news.example.de/mo/9f.gif" width="1" height="1"></body></html>',
        "Gärtnerei Beispiel <news@example.de>",
    )


def signature_html() -> EmailMessage:
    return mail(
        "Angebot",
        "Guten Tag,\n\nanbei unser Angebot.\n\nMit freundlichen Grüßen\nBen Müller\n",
        '<p>Guten Tag,</p><p>anbei unser Angebot.</p><p>Mit freundlichen Grüßen<br>Ben Müller</p><table><tr><td><img src="https://www.example.com/sig/logo.png"></td><td>Tel <a href="tel:+4930123456">030 123456</a><br><a href="http://www.example.com">www.example.com</a><br><a href="https://www.linkedin.com/company/example"><img src="https://www.example.com/sig/in.png" width="20"></a></td></tr></table>',
        "Ben Müller <ben@example.com>",
    )


def spotify() -> EmailMessage:
    return bulk(
        "New songs for your Monday",
        TEXT,
        f'<html><body style="margin:0;background:#121212"><div style="display:none!important;opacity:0;color:#121212">Thirty songs, chosen for you</div><table bgcolor="#121212" width="100%"><tr><td style="color:#fff;font-size:28px">New songs for your Monday</td></tr><tr><td style="color:#b3b3b3">{P}</td></tr><tr><td><a href="https://links.music.example/x/9f" style="background:#1ed760;color:#000;border-radius:500px">Listen</a></td></tr><tr><td style="color:#6a6a6a;font-size:11px">You get this because you asked for it. <a style="color:#6a6a6a" href="https://links.music.example/u/9f">Unsubscribe</a></td></tr></table></body></html>',
    )


def bugzilla() -> EmailMessage:
    return mail(
        "[Bug 4711] New: Crash on an empty list",
        'http://bugs.example.org/show_bug.cgi?id=4711\n\n            Bug ID: 4711\n           Summary: Crash on an empty list\n           Product: garden\n           Version: 2.1\n          Severity: normal\n\nSteps:\n  1. garden --list "$(cat empty)"\n  2. see <<EOF heredoc>> and @param name\n\n-- \nYou are receiving this mail because:\nYou are watching all bug changes.',
        "",
        "bugzilla@bugs.example.org",
        Auto_Submitted="auto-generated",
        X_Bugzilla_Type="new",
    )


def church() -> EmailMessage:
    return mail(
        "Gemeindebrief Juni",
        "Liebe Gemeinde,\n\nam Sonntag um zehn ist Gottesdienst, danach Kaffee.\n\nTermin Ort\nSo 21.6. Kirche\nMi 24.6. Saal\n",
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal{margin:0cm;font-size:11pt} table.MsoTable{border:none} --></style></head><body lang="DE"><p class="MsoNormal">Liebe Gemeinde,<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><p class="MsoNormal">am Sonntag um zehn ist Gottesdienst, danach Kaffee.<o:p></o:p></p><table class="MsoTable" border="1"><tr><td style="background:#4472C4"><b><span style="color:white">Termin</span></b></td><td style="background:#4472C4"><span style="color:white">Ort</span></td></tr><tr><td>So 21.6.</td><td>Kirche</td></tr><tr><td>Mi 24.6.</td><td>Saal</td></tr></table><![if !supportLists]><p class="MsoListParagraph" style="mso-list:l0 level1 lfo1"><span style="font:7.0pt \'Times New Roman\'">&nbsp;&nbsp;</span></p><![endif]></body></html>',
        "Pfarramt <pfarramt@kirche.example>",
    )


def uber() -> EmailMessage:
    return mail(
        "Your Monday morning trip",
        "Total 14.20 EUR\nJune 15, 2026\n\nThanks for riding, Anna\n\n8.2 km, 17 min\n",
        '<html><body><table bgcolor="#000000" width="100%"><tr><td><img src="https://cdn.ride.example/logo.png" width="60" height="20" alt="Ride"></td><td style="color:#ffffff">Total <span>14.20 EUR</span><br>June 15, 2026</td></tr><tr><td style="color:#fff;font-size:36px">Thanks for riding, Anna</td></tr></table><table><tr><td><img width="600" height="300" src="https://maps.ride.example/static.png" alt=""></td></tr><tr><td>8.2 km, 17 min</td></tr></table></body></html>',
    )


def white_on_pic() -> EmailMessage:
    return bulk(
        "Open day",
        TEXT,
        f'<html><body><table><tr><td background="https://img.example.com/hero.jpg" style="color:#ffffff;height:300px"><h1>Open day on Sunday for all who love plants</h1></td></tr><tr><td style="background-image:url(https://img.example.com/b.png);color:white"><p>Come and see the houses.</p></td></tr><tr><td>{P}{LEAVE}</td></tr></table></body></html>',
    )


def ps_list() -> EmailMessage:
    return plain(
        "[users] How to quote $HOME in a unit file",
        'Hi all,\n\nI have ExecStart=/usr/bin/x %h/${FOO} and Environment="A=$HOME".\nThe manual says to use %%h in specifiers and [Service] User=.\nIs @reboot in crontab or <unit>@.service better? Config: {key: value}\n\nThanks\nCarla\n',
        "utf-8",
        "Carla <carla@example.org>",
    )


def kickstarter() -> EmailMessage:
    return bulk(
        "Update #7: the mould is done",
        TEXT,
        f'<html><head><style type="text/css">body,.ExternalClass{{background:#fff}}.grid-12{{width:600px}}@media (max-width:400px){{*[class].hide-on-mobile{{display:none!important}}}}</style></head><body><div style="display:none;font-size:1px">The mould is done, and what comes next</div><div class="grid-12">{P}<figure><img src="https://ksr.example/a.jpg" width="580"><figcaption>The mould</figcaption></figure></div><table><tr><td style="background:#028858"><a href="https://click.e.ksr.example/?qs=9f" style="color:#fff">Like</a></td></tr></table>{LEAVE}</body></html>',
    )


def campaignmonitor() -> EmailMessage:
    return bulk(
        "Summer hours",
        TEXT,
        f'<html><head><!--[if !mso]><!--><style>@import url(https://fonts.googleapis.com/css?family=Ubuntu:400,700);</style><link href="https://fonts.googleapis.com/css?family=Ubuntu:400,700" rel="stylesheet" type="text/css"><!--<![endif]--><style>.layout__edges{{font-size:0;line-height:0}}.hide{{display:none}}@media only screen and (min-width:620px){{.column{{width:600px!important}}.hide{{display:block!important}}}}</style></head><body class="main full-padding"><table class="wrapper"><tr><td><div role="banner"><div class="preheader"><div class="snippet" style="display:table-cell;color:#adb3b9;font-size:12px">Summer hours</div><div class="webversion"><p>No images? <a href="https://example.cmail19.com/t/t-e-9f">Click here</a></p></div></div></div><div class="layout one-col" style="overflow-wrap:break-word"><div class="column">{P}</div></div><div class="layout__edges">&nbsp;</div>{LEAVE}</td></tr></table></body></html>',
    )


GOOD = {
    make.__name__: make
    for make in (
        uber,
        white_on_pic,
        ps_list,
        kickstarter,
        campaignmonitor,
        alerts,
        outlook_ios,
        yahoo,
        emarsys,
        signature_html,
        spotify,
        bugzilla,
        church,
        ses,
        mandrill,
        safelinks,
        stripo,
        cerberus,
        inky,
        wordpress,
        mastodon,
        digest,
        docusign,
        zoom,
        teams,
        ooo,
        logwatch,
        alert,
        itmail,
        japan_news,
        persian,
        pgp,
        mdn,
        smime,
        cancelled,
        office,
        thunderbird,
        fwd_news,
        linkedin,
        bank,
        form_note,
    )
}
