"""Good mail as programs and services write it, by kind: builders' newsletters, receipts, notices, lists, people."""

from __future__ import annotations

import gzip
import zlib
from email.message import EmailMessage

DATE = "Mon, 15 Jun 2026 09:00:00 +0000"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 20
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
PAD = "&#847;&zwnj;&nbsp;" * 60


def mail(
    sub: str,
    text: str = "",
    html: str = "",
    frm: str = "Example <hello@example.com>",
    to: str = "Anna Kern <anna@example.net>",
    **head: str,
) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Date"] = frm, to, sub, DATE
    made["Message-ID"] = f"<{zlib.crc32(sub.encode())}.9f3c@{frm.rpartition('@')[2].strip('>')}>"
    for name, value in head.items():
        made[name.replace("_", "-")] = value
    if text:
        made.set_content(text)
    if html:
        (made.add_alternative if text else made.set_content)(html, subtype="html")
    return made


def bulk(sub: str, text: str, html: str, frm: str = "Example News <news@example.com>") -> EmailMessage:
    return mail(
        sub,
        text,
        html,
        frm,
        List_Unsubscribe="<https://click.example.com/u/9f3c>, <mailto:u-9f3c@example.com>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
        List_Id="<news.example.com>",
        Feedback_ID="77:12:campaign:esp",
    )


TRACK = "https://click.esp-mail.example/f/a/Qx7bT3k~~/AABkZgA~/RgRnqP0aP0TgaHR0cHM6Ly93d3cuZXhhbXBsZS5jb20v"
PARAS = [
    "Our summer catalogue is here, with forty new plants that do well on a balcony and need little water.",
    "On Saturday we open at nine; whoever comes with this letter gets a bag of compost to take home.",
    "The workshop on pruning has three places left. It starts at two and lasts until about five o'clock.",
]
TEXT = "\n\n".join(PARAS) + f"\n\nTo the shop: {TRACK}\n\nUnsubscribe: https://click.example.com/u/9f3c\n"
P = "".join(f"<p>{p}</p>" for p in PARAS)


def mailchimp() -> EmailMessage:
    html = f"""<!doctype html><html xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"><head>
<!--[if gte mso 15]><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml><![endif]-->
<meta charset="UTF-8"><meta http-equiv="X-UA-Compatible" content="IE=edge"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Summer</title>
<style type="text/css">p{{margin:10px 0;padding:0;}}table{{border-collapse:collapse;}}h1,h2{{display:block;margin:0;padding:0;}}img,a img{{border:0;height:auto;outline:none;}}
body,#bodyTable,#bodyCell{{height:100%;margin:0;padding:0;width:100%;}}.mcnPreviewText{{display:none !important;}}#outlook a{{padding:0;}}
.ReadMsgBody{{width:100%;}}.ExternalClass{{width:100%;}}body,#bodyTable{{background-color:#FAFAFA;}}.mcnButton{{display:block;}}
@media only screen and (max-width: 480px){{body{{width:100% !important;}}.mcnImage{{width:100% !important;}}#templatePreheader{{display:block !important;}}}}</style></head>
<body><!--[if !gte mso 9]><!----><span class="mcnPreviewText" style="display:none; font-size:0px; line-height:0px; max-height:0px; max-width:0px; opacity:0; overflow:hidden; visibility:hidden; mso-hide:all;">Forty new plants for a balcony, and a bag of compost on Saturday</span><!--<![endif]-->
<center><table align="center" border="0" cellpadding="0" cellspacing="0" height="100%" width="100%" id="bodyTable"><tr><td align="center" valign="top" id="bodyCell">
<!--[if (gte mso 9)|(IE)]><table align="center" border="0" cellspacing="0" cellpadding="0" width="600" style="width:600px;"><tr><td><![endif]-->
<table border="0" cellpadding="0" cellspacing="0" width="100%" class="templateContainer"><tr><td valign="top" id="templatePreheader"><a href="https://mailchi.example/9f3c/summer" target="_blank">View this email in your browser</a></td></tr>
<tr><td><img align="center" alt="Plants on a balcony" src="https://mcusercontent.example/9f3c/images/a.jpg" width="564" style="max-width:800px; padding-bottom:0;" class="mcnImage"></td></tr>
<tr><td class="mcnTextContent" style="word-break:break-word;color:#202020;font-family:Helvetica;font-size:16px;line-height:150%;text-align:left;"><h1>Summer is here</h1>{P}</td></tr>
<tr><td><table border="0" cellpadding="0" cellspacing="0" class="mcnButtonContentContainer" style="border-collapse:separate !important;border-radius:4px;background-color:#2BAADF;"><tr><td align="center" style="padding:18px;"><a class="mcnButton" href="{TRACK}" style="font-weight:bold;text-decoration:none;color:#FFFFFF;">To the shop</a></td></tr></table></td></tr>
<tr><td id="templateFooter" style="background-color:#333333;color:#ffffff;font-size:12px"><em>Copyright (C) 2026 Example, All rights reserved.</em><br>Example, 1 Main Street, Springfield<br>Want to change how you receive these emails?<br>You can <a style="color:#fff" href="https://example.us1.list-manage.example/profile?u=9f">update your preferences</a> or <a style="color:#fff" href="https://example.us1.list-manage.example/unsubscribe?u=9f">unsubscribe from this list</a>.</td></tr></table>
<!--[if (gte mso 9)|(IE)]></td></tr></table><![endif]--></td></tr></table></center>
<img src="https://example.us1.list-manage.example/track/open.php?u=9f" height="1" width="1" alt=""></body></html>"""
    return bulk("Forty new plants for your balcony", TEXT, html)


def mjml() -> EmailMessage:
    html = f"""<!doctype html><html lang="und" dir="auto" xmlns:v="urn:schemas-microsoft-com:vml"><head><title></title><!--[if !mso]><!--><meta http-equiv="X-UA-Compatible" content="IE=edge"><!--<![endif]-->
<style type="text/css">#outlook a {{ padding:0; }} body {{ margin:0;padding:0;-webkit-text-size-adjust:100%; }} p {{ display:block;margin:13px 0; }}</style>
<!--[if lte mso 11]><style type="text/css">.mj-outlook-group-fix {{ width:100% !important; }}</style><![endif]-->
<!--[if !mso]><!--><link href="https://fonts.googleapis.com/css?family=Inter:400,700" rel="stylesheet" type="text/css"><style type="text/css">@import url(https://fonts.googleapis.com/css?family=Inter:400,700);</style><!--<![endif]-->
<style type="text/css">@media only screen and (min-width:480px) {{ .mj-column-per-100 {{ width:100% !important; max-width: 100%; }} }}</style><style media="screen and (min-width:480px)">.moz-text-html .mj-column-per-100 {{ width:100% !important; max-width: 100%; }}</style></head>
<body style="word-spacing:normal;background-color:#F4F4F4;"><div style="display:none;font-size:1px;color:#ffffff;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;">New plants, and a workshop on pruning</div>
<div style="background-color:#F4F4F4;" lang="und" dir="auto"><!--[if mso | IE]><table align="center" border="0" width="600" bgcolor="#ffffff"><tr><td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;"><v:rect style="width:600px;" xmlns:v="urn:schemas-microsoft-com:vml" fill="true" stroke="false"><v:fill src="https://cdn.example.com/bg.jpg" color="#1d1d1f" type="tile" /><v:textbox style="mso-fit-shape-to-text:true" inset="0,0,0,0"><![endif]-->
<div style="background:#1d1d1f url('https://cdn.example.com/bg.jpg') center top / cover no-repeat;margin:0px auto;max-width:600px;"><div style="line-height:0;font-size:0;"><table align="center" background="https://cdn.example.com/bg.jpg" border="0" cellpadding="0" cellspacing="0" role="presentation" style="width:100%;"><tbody><tr><td style="direction:ltr;font-size:0px;padding:20px 0;text-align:center;">
<div class="mj-column-per-100 mj-outlook-group-fix" style="font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;"><table border="0" cellpadding="0" cellspacing="0" role="presentation" style="vertical-align:top;" width="100%"><tbody><tr><td align="left" style="font-size:0px;padding:10px 25px;word-break:break-word;"><div style="font-family:Inter, Arial;font-size:22px;line-height:1.4;text-align:left;color:#ffffff;">Summer at Example</div></td></tr></tbody></table></div></td></tr></tbody></table></div></div>
<!--[if mso | IE]></v:textbox></v:rect></td></tr></table><![endif]-->
<div style="background:#ffffff;background-color:#ffffff;margin:0px auto;max-width:600px;"><table align="center" border="0" role="presentation" style="background:#ffffff;background-color:#ffffff;width:100%;"><tbody><tr><td style="direction:ltr;font-size:0px;padding:20px 0;text-align:center;"><div style="font-family:Inter, Arial;font-size:15px;line-height:1.6;text-align:left;color:#333333;">{P}</div>
<table border="0" cellpadding="0" cellspacing="0" role="presentation" style="border-collapse:separate;line-height:100%;"><tbody><tr><td align="center" bgcolor="#414141" role="presentation" style="border:none;border-radius:3px;cursor:auto;mso-padding-alt:10px 25px;background:#414141;" valign="middle"><a href="{TRACK}" style="display:inline-block;background:#414141;color:#ffffff;font-family:Inter;font-size:13px;font-weight:normal;line-height:120%;margin:0;text-decoration:none;padding:10px 25px;mso-padding-alt:0px;border-radius:3px;" target="_blank"> To the shop </a></td></tr></tbody></table>
<div style="font-size:12px;color:#999999">Example Ltd, 1 Main Street. <a href="https://click.example.com/u/9f3c">Unsubscribe</a></div></td></tr></tbody></table></div></div></body></html>"""
    return bulk("Summer at Example", TEXT, html)


def klaviyo() -> EmailMessage:
    grid = "".join(
        f'<td class="kl-col" style="width:33.3%"><a href="{TRACK}{i}"><img src="https://d3k81ch9hvuctc.example/img/{i}.png" alt="Plant {i}" style="display:block;width:100%"></a><div style="text-align:center">Plant {i}<br><del>{i + 9}.00</del> {i + 7}.50 EUR</div></td>'
        for i in range(6)
    )
    html = f"""<html><head><style>.kl-hide{{display:none}}@media screen and (max-width:480px){{.kl-hide{{display:block!important}}.kl-show{{display:none!important}}}}</style></head><body style="background-color:#f7f7f7">
<div style="display:none;max-height:0px;overflow:hidden">20 % off six plants until Sunday {PAD}</div>
<div style="display:none; white-space:nowrap; font:15px courier; line-height:0;">&nbsp; &nbsp; &nbsp; &nbsp; &nbsp; &nbsp; &nbsp; &nbsp; &nbsp;</div>
<table width="600" align="center"><tr><td>{P}</td></tr><tr>{grid}</tr>
<tr><td class="kl-hide"><a href="{TRACK}">Shop all the plants on your phone, swipe to see more of them and tap one to read about it</a></td></tr>
<tr><td style="font-size:11px;color:#888">No longer want to receive these emails? <a href="https://manage.kmail-lists.example/subscriptions/unsubscribe?a=9f">Unsubscribe</a>.<br>Example 1 Main Street Springfield</td></tr></table></body></html>"""
    return bulk("20 % off six plants until Sunday", TEXT, html)


def beefree() -> EmailMessage:
    html = f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><style>*{{box-sizing:border-box}}body{{margin:0;padding:0}}a[x-apple-data-detectors]{{color:inherit!important}}.desktop_hide,.desktop_hide table{{mso-hide:all;display:none;max-height:0;overflow:hidden}}.image_block img+div{{display:none}}sub,sup{{font-size:75%;line-height:0}}
@media (max-width:620px){{.mobile_hide{{display:none}}.row-content{{width:100%!important}}.stack .column{{width:100%;display:block}}.mobile_hide{{min-height:0;max-height:0;max-width:0;overflow:hidden;font-size:0}}.desktop_hide,.desktop_hide table{{display:table!important;max-height:none!important}}}}</style></head>
<body class="body" style="background-color:#fff;margin:0;padding:0"><div class="preheader" style="display:none;font-size:1px;color:#333;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden">See what grows in June</div>
<table class="nl-container" width="100%" border="0" role="presentation" style="mso-table-lspace:0;mso-table-rspace:0;background-color:#fff"><tbody><tr><td>
<table class="row row-1 mobile_hide" align="center" width="100%"><tr><td class="column"><h2 style="color:#101">What grows in June</h2>{P}</td></tr></table>
<table class="row row-2 desktop_hide" align="center" width="100%"><tr><td class="column"><h2>What grows in June</h2>{P}</td></tr></table>
<table class="button_block"><tr><td><!--[if mso]><v:roundrect href="{TRACK}" style="height:42px;width:140px" arcsize="10%" fillcolor="#101010"><center style="color:#fff">Read on</center></v:roundrect><![endif]--><!--[if !mso]><!--><a href="{TRACK}" style="background-color:#101010;border-radius:4px;color:#fff;display:inline-block;padding:5px 20px" target="_blank"><span>Read on</span></a><!--<![endif]--></td></tr></table>
<p style="font-size:10px"><a href="https://click.example.com/u/9f3c">Unsubscribe</a> | Example, 1 Main Street</p></td></tr></tbody></table></body></html>"""
    return bulk("What grows in June", TEXT, html)


def hubspot() -> EmailMessage:
    html = f"""<!DOCTYPE html><html><head><title>News</title><meta name="x-apple-disable-message-reformatting"><style>.hse-column-container{{min-width:280px}}.hs-hidden{{display:none}}</style></head><body id="section_0" bgcolor="#EAF0F6" style="margin:0 !important;padding:0 !important;color:#23496d">
<!--[if gte mso 9]><v:background xmlns:v="urn:schemas-microsoft-com:vml" fill="t"><v:fill type="tile" size="100%,100%" color="#ffffff"/></v:background><![endif]-->
<div class="hse-body-background"><div id="preview_text" style="display:none;font-size:1px;color:#EAF0F6;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;" align="center">Three places left in the workshop, and what to do in the garden this month: water early, cut back the lavender, sow the beans and order the bulbs for autumn.</div>
<div class="hse-body-wrapper-table">{P}<p><a href="https://d1-9f.ct.example.com/Ctr/D1+113/d1-9f04/VVqxw2?_ud=9f">Book a place</a></p>
<p style="font-size:9px">Example, 1 Main Street, Springfield &nbsp; <a href="https://hs-9f.example.com/preferences/en/unsubscribe?data=W2">Unsubscribe</a> <a href="https://hs-9f.example.com/preferences/en/manage?data=W2">Manage preferences</a></p></div></div>
<img src="https://d1-9f.ct.example.com/Cto/D1+113/q5" alt="" width="1" height="1" border="0" style="display:none!important;min-height:1px!important;width:1px!important"/></body></html>"""
    return bulk("Three places left in the workshop", TEXT, html)


def sfmc() -> EmailMessage:
    html = f"""<html><body style="font-size:0;background:#ffffff"><style type="text/css">div.preheader {{ display: none !important; }}</style><div class="preheader" style="font-size: 1px; display: none !important;">Your points are worth 12 EUR this month</div>
<img src="https://click.s7.example.com/open.aspx?ffcb10-9f" width="1" height="1" alt="">
<table width="100%"><tr><td style="font-family:Arial;font-size:16px;color:#000">{P}</td></tr><tr><td style="font-size:16px"><a href="https://click.s7.example.com/?qs=9f3c2a" style="color:#005EB8">See your points</a></td></tr>
<tr><td style="font-size:10px;color:#666"><a href="https://click.s7.example.com/profile_center.aspx?qs=9f">Profile Center</a> <a href="https://click.s7.example.com/unsub_center.aspx?qs=9f">Unsubscribe</a><br>This email was sent by: Example Bank plc, 1 Main Street</td></tr></table></body></html>"""
    return bulk("Anna, your points are worth 12 EUR", TEXT, html)


def dark() -> EmailMessage:
    html = f"""<!doctype html><html><head><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><style>:root{{color-scheme:light dark}}.dark-img{{display:none}}
@media (prefers-color-scheme: dark){{.body{{background:#000!important;color:#fff!important}}.light-img{{display:none!important}}.dark-img{{display:block!important}}}}[data-ogsc] .light-img{{display:none!important}}</style></head>
<body class="body" style="background-color:#0b0b0c;color:#f5f5f7"><div class="wrap" style="max-width:640px;margin:auto"><img class="light-img" src="https://cdn.example.com/l.png" alt="Example" width="120"><img class="dark-img" src="https://cdn.example.com/d.png" alt="" width="120">
{P}<a href="{TRACK}" style="display:inline-block;background:#f5f5f7;color:#0b0b0c;padding:12px 24px;border-radius:24px">Read more</a><p style="color:#86868b;font-size:12px">You get this letter because you asked for it. <a style="color:#86868b" href="https://click.example.com/u/9f3c">Unsubscribe</a></p></div></body></html>"""
    return bulk("The June letter", TEXT, html)


def retail() -> EmailMessage:
    pics = "".join(
        f'<tr><td><a href="{TRACK}{i}"><img src="https://img.example.com/{i}.jpg" width="600" alt="{PARAS[i % 3]}"></a></td></tr>'
        for i in range(6)
    )
    return bulk(
        "New in: linen for summer",
        "New in: linen for summer.\n\n" + TEXT,
        f'<html><body bgcolor="#ffffff"><table width="600">{pics}<tr><td>{P}</td></tr><tr><td><a href="https://click.example.com/u/9f3c">Unsubscribe</a></td></tr></table></body></html>',
    )


def substack() -> EmailMessage:
    long = "<p>" + "</p><p>".join(PARAS * 12) + "</p>"
    return bulk(
        "What I learnt from a year of walking",
        "\n\n".join(PARAS * 12) + "\n\nUnsubscribe https://substack.example/u/9f",
        f"""<html><body><div class="preview" style="display:none;font-size:1px;color:#333333;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;">A year, four thousand kilometres and a pair of boots</div><div class="preview" style="display:none;font-size:1px;color:#333333;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;">{PAD}</div><table><tr><td><h1><a href="https://substack.example/app-link/post?publication_id=9&token=eyJ1c2VyX2lkIjo5fQ" style="color:#1a1a1a">What I learnt from a year of walking</a></h1>{long}<p><a href="https://substack.example/redirect/2/eyJlIjoiaHR0cHM6Ly93d3cuZXhhbXBsZS5jb20ifQ">Leave a comment</a></p><p><a href="https://substack.example/u/9f">Unsubscribe</a></p></td></tr></table></body></html>""",
        "Ben from Walking <walking@substack.example>",
    )


def receipt() -> EmailMessage:
    m = mail(
        "Your receipt from Example Ltd #1043-2291",
        "Receipt from Example Ltd\n\nAmount paid 24.00 EUR\nDate paid 15 Jun 2026\nPayment method Visa - 4242\n\nPro plan x 1   20.00 EUR\nVAT 20%         4.00 EUR\nTotal          24.00 EUR\n\nIf you have any questions, contact us at support@example.com or call +44 20 7946 0000.\n",
        """<html><head><style>.Text{color:#414552}@media (max-width:600px){.Section{width:100%}}</style></head><body bgcolor="#f6f9fc" style="border:0;margin:0;padding:0;min-width:100%"><table class="Wrapper" align="center"><tr><td>
<div style="display:none !important;visibility:hidden;mso-hide:all;font-size:1px;color:#ffffff;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;">Receipt from Example Ltd [#1043-2291] Amount paid 24.00 EUR Date paid 15 Jun 2026</div>
<table width="600" style="background:#fff"><tr><td>Receipt from Example Ltd</td></tr><tr><td>Amount paid</td><td>24.00 EUR</td></tr><tr><td>Date paid</td><td>15 Jun 2026</td></tr><tr><td>Payment method</td><td><img src="https://img.stripe-like.example/visa.png" alt="Visa" width="36" height="18"> - 4242</td></tr><tr><td>Pro plan x 1</td><td>20.00 EUR</td></tr><tr><td>VAT 20%</td><td>4.00 EUR</td></tr><tr><td><strong>Total</strong></td><td>24.00 EUR</td></tr><tr><td>If you have any questions, contact us at <a href="mailto:support@example.com">support@example.com</a> or call <a href="tel:+442079460000">+44 20 7946 0000</a>.</td></tr></table></td></tr></table></body></html>""",
        "Example Ltd <receipts+acct_1Ab9f@pay.example.com>",
    )
    m.add_attachment(PDF, maintype="application", subtype="pdf", filename="Receipt-1043-2291.pdf")
    return m


def reset() -> EmailMessage:
    link = "https://www.example.com/users/password/edit?reset_password_token=yx3K_9fZ&u=anna%40example.net"
    return mail(
        "Reset your password",
        f"Hi Anna,\n\nsomebody asked for a new password for your account. To set one, open:\n{link}\n\nThe link works for one hour. If it was not you, ignore this message; your password stays.\n\nExample, 1 Main Street\n",
        f'<html><body><p>Hi Anna,</p><p>somebody asked for a new password for your account.</p><table><tr><td style="background:#3869D4;border-radius:3px"><a href="{link}" style="color:#FFF;border:10px solid #3869D4;display:inline-block" target="_blank">Set a new password</a></td></tr></table><p>The link works for one hour. If it was not you, ignore this message; your password stays.</p><p class="sub">If the button does not work, copy this address into your browser:<br>{link}</p></body></html>',
    )


def otp() -> EmailMessage:
    return mail(
        "481920 is your Example code",
        "Your code is 481920. It is valid for ten minutes. Never give it to anybody.\n",
        '<div style="font-family:sans-serif"><p>Your code is</p><p style="font-size:32px;letter-spacing:6px"><b>481920</b></p><p>It is valid for ten minutes. Never give it to anybody.</p></div>',
    )


def github() -> EmailMessage:
    return mail(
        "Re: [example/garden] Crash when the list is empty (#214)",
        "anna left a comment (example/garden#214)\n\nI see this too with `{{ name }}` in a template:\n\n```\n$ garden --list ${HOME}\nIndexError: list index out of range\n```\n\n-- \nReply to this email directly or view it on GitHub:\nhttps://github.example/example/garden/issues/214#issuecomment-99\nYou are receiving this because you are subscribed to this thread.\n\nMessage ID: <example/garden/issues/214/99@github.example>\n",
        '<p></p>\r\n<p dir="auto">I see this too with <code class="notranslate">{{ name }}</code> in a template:</p>\r\n<div class="snippet-clipboard-content"><pre class="notranslate"><code>$ garden --list ${HOME}\nIndexError: list index out of range\n</code></pre></div>\r\n<p style="font-size:small;-webkit-text-size-adjust:none;color:#666;">&mdash;<br />Reply to this email directly, <a href="https://github.example/example/garden/issues/214#issuecomment-99">view it on GitHub</a>, or <a href="https://github.example/notifications/unsubscribe-auth/AAAA">unsubscribe</a>.<br />You are receiving this because you are subscribed to this thread.<img src="https://github.example/notifications/beacon/AAAA.gif" height="1" width="1" alt="" /><span style="color: transparent; font-size: 0; display: none; visibility: hidden; overflow: hidden; opacity: 0; width: 0; height: 0; max-width: 0; max-height: 0; mso-hide: all">Message ID: <span>&lt;example/garden/issues/214/99</span><span>@</span><span>github.example&gt;</span></span></p>\r\n<script type="application/ld+json">[{"@context": "http://schema.org","@type": "EmailMessage","potentialAction": {"@type": "ViewAction","target": "https://github.example/example/garden/issues/214","name": "View Issue"}}]</script>',
        "Ben Miller <notifications@github.example>",
        "example/garden <garden@noreply.github.example>",
        Cc="Subscribed <subscribed@noreply.github.example>",
        In_Reply_To="<example/garden/issues/214@github.example>",
        References="<example/garden/issues/214@github.example>",
        Precedence="list",
        List_ID="example/garden <garden.example.github.example>",
        List_Archive="https://github.example/example/garden",
        List_Post="<mailto:reply@reply.github.example>",
        List_Unsubscribe="<mailto:unsub@reply.github.example>, <https://github.example/notifications/unsubscribe/AAAA>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
    )


def jira() -> EmailMessage:
    return mail(
        "[JIRA] (OPS-88) Renew the certificate of mx1",
        "Ben Miller commented on OPS-88\n\nDone on Tuesday, the new one runs until 2027.\n\nhttps://example.atlassian.example/browse/OPS-88\n",
        '<html><head><base target="_blank"><style>.comment{padding:4px}</style></head><body><h2>Ben Miller <b>commented</b> on <a href="https://example.atlassian.example/browse/OPS-88">OPS-88</a></h2><table><tr><td style="background-color:#f5f5f5">Done on Tuesday, the new one runs until 2027.</td></tr></table></body></html>',
        "Ben Miller (JIRA) <jira@example.atlassian.example>",
        In_Reply_To="<JIRA.88@example.atlassian.example>",
        Auto_Submitted="auto-generated",
    )


def invite() -> EmailMessage:
    ics = "BEGIN:VCALENDAR\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nDTSTART:20260618T090000Z\r\nDTEND:20260618T093000Z\r\nUID:9f@google.example\r\nSUMMARY:Planning\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    m = mail(
        "Invitation: Planning @ Thu Jun 18, 2026 11am - 11:30am (CEST) (anna@example.net)",
        "Planning\nThursday Jun 18, 2026\n11am - 11:30am\nCentral European Time\n\nJoin: https://meet.example.com/abc-defg-hij\n\nOrganizer\nBen\nben@example.com\n\nInvitation from Google Calendar: https://calendar.example.com/calendar/\n",
        '<div><div style="display:none;font-size:1px;color:#fff;line-height:1px;height:0;max-height:0;width:0;max-width:0;opacity:0;overflow:hidden" itemscope="" itemtype="http://schema.org/Message"><span itemprop="description">Planning on Thursday, 11am, with Ben</span><meta itemprop="action" content="x"></div><h2>Planning</h2><p>Thursday Jun 18, 2026 11am - 11:30am Central European Time</p><p>Join: <a href="https://meet.example.com/abc-defg-hij">meet.example.com/abc-defg-hij</a></p><p>Organizer Ben ben@example.com</p><p><a href="https://calendar.example.com/calendar/event?action=RESPOND&amp;eid=9f&amp;rst=1">Yes</a> <a href="https://calendar.example.com/calendar/event?action=RESPOND&amp;eid=9f&amp;rst=2">No</a></p><p>Invitation from Google Calendar</p></div>',
        "Ben <ben@example.com>",
    )
    m.add_alternative(ics, subtype="calendar", params={"method": "REQUEST"})
    m.add_attachment(ics.encode(), maintype="application", subtype="ics", filename="invite.ics")
    return m


def mailman() -> EmailMessage:
    return mail(
        "[Garden] Re: When to cut the lavender",
        "On Sun, Jun 14, 2026 at 8:12 PM Carla <carla@example.org> wrote:\n> When do you cut yours?\n\nRight after it has bloomed, by a third.\n\nBen\n_______________________________________________\nGarden mailing list -- garden@lists.example.org\nTo unsubscribe send an email to garden-leave@lists.example.org\n",
        "",
        "Ben Miller <ben@example.com>",
        "garden@lists.example.org",
        In_Reply_To="<1@example.org>",
        References="<1@example.org>",
        List_Id="Gardeners <garden.lists.example.org>",
        List_Unsubscribe="<mailto:garden-leave@lists.example.org>, <https://lists.example.org/leave/garden>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
        List_Archive="<https://lists.example.org/garden/>",
        List_Post="<mailto:garden@lists.example.org>",
        Precedence="list",
    )


def patch() -> EmailMessage:
    return mail(
        "[PATCH v2 3/7] list: cope with an empty list",
        '`garden --list` raised an IndexError where no plant was known.\n\nSigned-off-by: Ben Miller <ben@example.com>\n---\n list.c | 3 ++-\n 1 file changed, 2 insertions(+), 1 deletion(-)\n\ndiff --git a/list.c b/list.c\nindex 9f3c..1a2b 100644\n--- a/list.c\n+++ b/list.c\n@@ -1,3 +1,4 @@\n-\tprintf("%s", first);\n+\tif (n) printf("%s %d%%", first, n);\n-- \n2.43.0\n',
        "",
        "Ben Miller <ben@example.com>",
        "dev@lists.example.org",
        Cc="carla@example.org",
        X_Mailer="git-send-email 2.43.0",
        In_Reply_To="<cover.9f@example.com>",
        References="<cover.9f@example.com>",
    )


def cron() -> EmailMessage:
    return mail(
        "Cron <root@web1> /usr/local/bin/backup",
        "2026-06-15 03:00:01 start\n2026-06-15 03:04:40 12 GB copied\n2026-06-15 03:04:41 done\n",
        "",
        "root@web1.example.com (Cron Daemon)",
        "root@example.com",
        Auto_Submitted="auto-generated",
    )


def personal() -> EmailMessage:
    m = mail(
        "The papers for Monday",
        "Hi Anna,\n\nhere are the contract and the plan. See you on Monday at ten!\n\nBest\nBen\n",
        "",
        "Ben Miller <ben@example.com>",
    )
    m.add_attachment(PDF, maintype="application", subtype="pdf", filename="Contract Kern & Söhne v2.1.pdf")
    m.add_attachment(
        b"PK\x03\x04" + b"\0" * 60,
        maintype="application",
        subtype="vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        filename="plan.xlsx",
    )
    return m


def photos() -> EmailMessage:
    m = mail("Sunday", "The lake on Sunday\n\nSent from my iPhone\n", "", "Ben Miller <ben@example.com>")
    for n in range(4):
        m.add_attachment(JPEG, maintype="image", subtype="jpeg", filename=f"IMG_{4410 + n}.jpeg", disposition="inline")
    return m


def apple() -> EmailMessage:
    m = mail(
        "Sunday",
        "\nThe lake on Sunday\n\nSent from my iPhone",
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body dir="auto"><div><img src="cid:A1B2@example.com" alt="image0.jpeg" id="x"></div><div>The lake on Sunday</div><div><br><div dir="ltr">Sent from my iPhone</div></div></body></html>',
        "Ben <ben@example.com>",
    )
    m.get_payload()[1].add_related(
        JPEG, maintype="image", subtype="jpeg", cid="<A1B2@example.com>", filename="image0.jpeg"
    )
    return m


def gmail_reply() -> EmailMessage:
    return mail(
        "Re: Monday",
        "Yes, ten is fine.\n\nOn Sun, 14 Jun 2026 at 20:12, Anna Kern <anna@example.net> wrote:\n\n> Is ten o'clock fine for you?\n>\n",
        '<div dir="ltr">Yes, ten is fine.</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Sun, 14 Jun 2026 at 20:12, Anna Kern &lt;<a href="mailto:anna@example.net">anna@example.net</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"><div dir="ltr">Is ten o&#39;clock fine for you?</div>\r\n</blockquote></div>',
        "Ben <ben@example.com>",
        In_Reply_To="<a@example.net>",
        References="<a@example.net>",
    )


def outlook() -> EmailMessage:
    return mail(
        "RE: Offer 4711",
        "Dear Anna,\n\nthank you, we accept the offer.\n\nKind regards\nBen Miller\nHead of Purchasing\nExample Ltd | www.example.com\n\nFrom: Anna Kern\nSent: Sunday, June 14, 2026 8:12 PM\nTo: Ben Miller\nSubject: Offer 4711\n\nHere is our offer.\n",
        '<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word"><head><meta http-equiv=Content-Type content="text/html; charset=utf-8"><meta name=Generator content="Microsoft Word 15 (filtered medium)"><!--[if !mso]><style>v\\:* {behavior:url(#default#VML);}</style><![endif]--><style><!--\r\n@font-face {font-family:Calibri; panose-1:2 15 5 2 2 2 4 3 2 4;}\r\np.MsoNormal, li.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;}\r\na:link {mso-style-priority:99; color:#0563C1;}\r\n--></style></head><body lang=EN-GB link="#0563C1" vlink="#954F72" style=\'word-wrap:break-word\'><div class=WordSection1><p class=MsoNormal>Dear Anna,<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>thank you, we accept the offer.<o:p></o:p></p><p class=MsoNormal>Kind regards<br>Ben Miller<br>Head of Purchasing<br>Example Ltd | <a href="http://www.example.com/">www.example.com</a><o:p></o:p></p><div style=\'border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm\'><p class=MsoNormal><b>From:</b> Anna Kern<br><b>Sent:</b> Sunday, June 14, 2026 8:12 PM<br><b>To:</b> Ben Miller<br><b>Subject:</b> Offer 4711<o:p></o:p></p></div><p class=MsoNormal>Here is our offer.<o:p></o:p></p></div></body></html>',
        "Ben Miller <ben@example.com>",
        In_Reply_To="<a@example.net>",
        References="<a@example.net>",
        Thread_Topic="Offer 4711",
    )


def plain(sub: str, text: str, charset: str, frm: str) -> EmailMessage:
    m = mail(sub, frm=frm)
    m.set_content(text, charset=charset)
    return m


def japanese() -> EmailMessage:
    return plain(
        "会議の件",
        "山田様\n\nお世話になっております。\n月曜日の会議は十時からでお願いいたします。\n\n鈴木\n",
        "iso-2022-jp",
        "鈴木 <suzuki@example.jp>",
    )


def korean() -> EmailMessage:
    return plain(
        "월요일 회의",
        "안녕하세요,\n\n월요일 회의는 열 시에 시작합니다. 자료를 미리 읽어 주세요.\n\n김민수\n",
        "euc-kr",
        "김민수 <kim@example.kr>",
    )


def big5() -> EmailMessage:
    return plain("週一會議", "您好,\n\n週一的會議十點開始,請先閱讀資料。\n\n王\n", "big5", "王先生 <wang@example.tw>")


def thai() -> EmailMessage:
    return mail(
        "ยืนยันการสั่งซื้อ 4711",
        "สวัสดีค่ะ คำสั่งซื้อของคุณได้รับการยืนยันแล้ว จะจัดส่งภายในวันพฤหัสบดี\n",
        "<p>สวัสดีค่ะ</p><p>คำสั่งซื้อของคุณได้รับการยืนยันแล้ว จะจัดส่งภายในวันพฤหัสบดี</p>",
    )


def hebrew() -> EmailMessage:
    t = "שלום אנה, ההזמנה שלך אושרה ותגיע ביום חמישי. אפשר לעקוב אחריה בקישור."
    return mail(
        "ההזמנה שלך אושרה",
        t + "\nhttps://www.example.com/o/4711\n",
        f'<html dir="rtl" lang="he"><body style="direction:rtl;text-align:right"><p>{t}</p><a href="https://www.example.com/o/4711">למעקב</a></body></html>',
    )


def ukrainian() -> EmailMessage:
    return bulk(
        "Новини червня",
        "Доброго дня! У червні ми відкриваємо новий магазин у Львові. Чекаємо на вас щодня з дев'ятої до шостої.\nВідписатися: https://click.example.com/u/9f3c\n",
        '<div style="display:none">Новий магазин у Львові</div><p>Доброго дня!</p><p>У червні ми відкриваємо новий магазин у Львові. Чекаємо на вас щодня з дев\'ятої до шостої.</p><p><a href="https://click.example.com/u/9f3c">Відписатися</a></p>',
    )


def vietnamese() -> EmailMessage:
    return mail(
        "Xác nhận đơn hàng 4711",
        "Chào chị Lan,\n\nđơn hàng của chị đã được xác nhận và sẽ giao vào thứ Năm.\n",
        "<p>Chào chị Lan,</p><p>đơn hàng của chị đã được xác nhận và sẽ giao vào thứ Năm.</p>",
    )


def greek() -> EmailMessage:
    return plain(
        "Συνάντηση Δευτέρας",
        "Καλημέρα Άννα,\n\nη συνάντηση της Δευτέρας αρχίζει στις δέκα.\n\nΝίκος\n",
        "iso-8859-7",
        "Νίκος <nikos@example.gr>",
    )


def signed() -> EmailMessage:
    from email.mime.application import MIMEApplication
    from email.mime.multipart import MIMEMultipart
    from email.mime.text import MIMEText

    m = MIMEMultipart("signed", micalg="pgp-sha256", protocol="application/pgp-signature")
    for n, v in mail("Signed").items():
        m[n] = v
    m.attach(MIMEText("The key was changed today, please take the new one from the server.\n"))
    s = MIMEApplication(
        b"-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAdFiEE\n=9f3c\n-----END PGP SIGNATURE-----\n",
        "pgp-signature",
        lambda x: x.set_payload(x.get_payload()),
        name="signature.asc",
    )
    m.attach(s)
    return m


def dmarc() -> EmailMessage:
    m = mail(
        "Report Domain: example.com Submitter: mail.example.net Report-ID: <2026.06.15.99>",
        "This is a DMARC aggregate report.\n",
        "",
        "noreply-dmarc@example.net",
        "dmarc@example.com",
    )
    m.add_attachment(
        gzip.compress(b"<feedback></feedback>"),
        maintype="application",
        subtype="gzip",
        filename="example.net!example.com!1781395200!1781481599.xml.gz",
    )
    return m


def scanner() -> EmailMessage:
    m = mail("Message from KM_C308", "", "", "scanner@example.com")
    m["MIME-Version"] = "1.0"
    m.add_attachment(PDF, maintype="application", subtype="pdf", filename="SKM_C30826061509000.pdf")
    return m


def voicemail() -> EmailMessage:
    m = mail(
        "New voice message from +44 20 7946 0000 (0:34)",
        "You have a new voice message from +44 20 7946 0000, 34 seconds. It is attached; you can also call 1571.\n",
        "",
        "PBX <pbx@example.com>",
    )
    m.add_attachment(
        b"RIFF\x00\x10\x00\x00WAVEfmt " + b"\0" * 100, maintype="audio", subtype="wav", filename="msg0042.wav"
    )
    return m


def airline() -> EmailMessage:
    return mail(
        "Your booking ZX81QL: Hamburg - Lisbon, 2 July",
        "Booking ZX81QL\n\n2 July, XQ 1204, Hamburg 06:40 - Lisbon 09:10, Ms Anna Kern, seat 14A\n\nManage: https://www.air.example/mmb?pnr=ZX81QL&ln=KERN\n",
        '<html><head><script type="application/ld+json">{"@context":"http://schema.org","@type":"FlightReservation","reservationNumber":"ZX81QL"}</script></head><body><h1>Booking ZX81QL</h1><table border="1"><tr><th>Date</th><th>Flight</th></tr><tr><td>2 July</td><td>XQ 1204, Hamburg 06:40 - Lisbon 09:10, Ms Anna Kern, seat 14A</td></tr></table><a href="https://www.air.example/mmb?pnr=ZX81QL&ln=KERN">Manage</a></body></html>',
        "Air Example <booking@air.example>",
    )


def nps() -> EmailMessage:
    cells = "".join(
        f'<td style="background:#0d6efd"><a style="color:#fff" href="https://survey.example.com/r/9f?score={i}">{i}</a></td>'
        for i in range(11)
    )
    return mail(
        "How did we do?",
        "How likely are you to recommend us to a friend, from 0 to 10? Answer here: https://survey.example.com/r/9f\n",
        f"<p>How likely are you to recommend us to a friend, from 0 to 10?</p><table><tr>{cells}</tr></table><p>Answer here</p>",
    )


def sendgrid() -> EmailMessage:
    html = f'<html><body style="text-align:center;margin:0" data-attributes=\'%7B%22dropped%22%3Atrue%7D\'><table class="module preheader preheader-hide" role="module" data-type="preheader" border="0" width="100%" style="display:none !important; mso-hide:all; visibility:hidden; opacity:0; color:transparent; height:0; width:0;"><tr><td role="module-content"><p>Three steps to begin with</p></td></tr></table>{P}<a href="https://u99.ct.sendgrid.example/ls/click?upn=u001.9f-2BZ-3D-3D" style="background-color:#333333;border:1px solid #333333;color:#ffffff;display:inline-block;padding:12px 18px">Begin</a><div class="Unsubscribe--addressLine"><p style="font-size:12px">Example, 1 Main Street, Springfield</p></div><img src="https://u99.ct.sendgrid.example/wf/open?upn=9f" alt="" width="1" height="1" border="0" style="height:1px !important;width:1px !important;"></body></html>'
    return mail(
        "Welcome to Example",
        "\n\n".join(PARAS) + "\n\nBegin: https://u99.ct.sendgrid.example/ls/click?upn=u001.9f-2BZ-3D-3D\n",
        html,
    )


def amp() -> EmailMessage:
    m = mail(
        "Two comments on your draft",
        "Ben and Carla left comments on your draft.\nhttps://docs.example.com/d/9f\n",
        '<p>Ben and Carla left comments on your draft.</p><a href="https://docs.example.com/d/9f">Open</a>',
    )
    parts = m.get_payload()
    a = EmailMessage()
    a.set_content(
        '<!doctype html><html amp4email><head><meta charset="utf-8"><script async src="https://cdn.ampproject.org/v0.js"></script><style amp4email-boilerplate>body{visibility:hidden}</style></head><body><p>Ben and Carla left comments on your draft.</p></body></html>',
        subtype="x-amp-html",
    )
    parts.insert(1, a)
    return m


def ticket() -> EmailMessage:
    return mail(
        "[Ticket#2026061510000042] Printer on the second floor",
        "##- Please type your reply above this line -##\n\nYour request (42) has been updated.\n\nBen Miller, Jun 15, 2026, 11:00:\nThe toner was changed, please try again.\n\n[Ticket#2026061510000042]\n",
        '<html><head><style>.q{color:#888}</style></head><body><div style="color:#b5b5b5">##- Please type your reply above this line -##</div><p>Your request (<a href="https://help.example.com/requests/42">42</a>) has been updated.</p><p><b>Ben Miller</b>, Jun 15, 2026, 11:00:<br>The toner was changed, please try again.</p><span style="color:#FFFFFF" aria-hidden="true">[9F3C2A-0B1D]</span></body></html>',
        "Example Support <support@example.zendesk.example>",
    )


GOOD = {
    f.__name__: f
    for f in (
        mailchimp,
        mjml,
        klaviyo,
        beefree,
        hubspot,
        sfmc,
        dark,
        retail,
        substack,
        receipt,
        reset,
        otp,
        github,
        jira,
        invite,
        mailman,
        patch,
        cron,
        personal,
        photos,
        apple,
        gmail_reply,
        outlook,
        japanese,
        korean,
        big5,
        thai,
        hebrew,
        ukrainian,
        vietnamese,
        greek,
        signed,
        dmarc,
        scanner,
        voicemail,
        airline,
        nps,
        sendgrid,
        amp,
        ticket,
    )
}
