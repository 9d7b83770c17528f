"""Healthy set-ups of many shapes: nothing about them may be held against anybody.

`shapes()` gives, by name, what stands in DNS and what is checked. Mail servers are at 127.0.0.2, where the tests have
one that does everything right; the policy server of MTA-STS is at 127.0.0.1.
"""

from __future__ import annotations

import hashlib
from functools import cache

from tests.dnslab import Zone
from tests.signing import Key, make_key

MX = "127.0.0.2"
Shape = tuple[Zone, str]


@cache
def key(kind: str = "rsa") -> Key:
    return make_key({"rsa": 2048, "short": 1024, "ed25519": 0}[kind])


def base(domain: str, **changes: list[tuple[str, str]] | None) -> Zone:
    """A domain with everything in order; `changes` by `apex`, `dmarc`, `dkim`, `mx`; None takes a part out."""
    parts: dict[str, tuple[str, list[tuple[str, str]]]] = {
        "apex": (domain, [("MX", f"10 mx.{domain}."), ("TXT", "v=spf1 mx -all"), ("A", "192.0.2.80")]),
        "mx": (f"mx.{domain}", [("A", MX)]),
        "dmarc": (f"_dmarc.{domain}", [("TXT", f"v=DMARC1; p=reject; rua=mailto:dmarc@{domain}")]),
        "dkim": (f"default._domainkey.{domain}", [("TXT", key().record)]),
    }
    made = {name: changes.get(part, records) for part, (name, records) in parts.items()}
    return {name: records for name, records in made.items() if records is not None}


def apex(domain: str, spf: str, mx: str = "", *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("MX", mx or f"10 mx.{domain}."), ("TXT", spf), *more]


def senders() -> dict[str, Shape]:
    """Domains whose SPF, DKIM and DMARC differ."""
    made: dict[str, Shape] = {}

    def add(name: str, more: Zone | None = None, target: str = "", **changes: list[tuple[str, str]] | None) -> None:
        domain = f"{name}.example"
        made[name] = (base(domain, **changes) | (more or {}), target or domain)

    add("plain")
    add("upper", target="UPPER.Example.")
    add("address", target="jane.doe@address.example")
    add(
        "softfail",
        apex=apex("softfail.example", "v=spf1 a mx ip4:192.0.2.0/28 ip6:2001:db8::/64 ~all", "", ("A", "192.0.2.80")),
    )
    add(
        "include",
        {"_spf.esp.test": [("TXT", "v=spf1 ip4:198.51.100.0/24 -all")]},
        apex=apex("include.example", "v=spf1 include:_spf.esp.test -all"),
    )
    add(
        "redirect",
        {"_spf.esp.test": [("TXT", "v=spf1 ip4:198.51.100.0/24 -all")]},
        apex=apex("redirect.example", "v=spf1 redirect=_spf.esp.test"),
    )
    ten: Zone = {f"s{i}.esp.test": [("TXT", f"v=spf1 ip4:198.51.100.{i} -all")] for i in range(10)}
    add(
        "ten",
        ten,
        apex=apex("ten.example", "v=spf1 " + " ".join(f"include:s{i}.esp.test" for i in range(10)) + " -all"),
    )
    add(
        "macro",
        {"_spf.macro.example": [("A", "127.0.0.9")]},
        apex=apex("macro.example", "v=spf1 exists:%{i}._spf.macro.example mx -all"),
    )
    add(
        "other-txt",
        apex=[
            *apex("other-txt.example", "v=spf1 mx -all"),
            *(("TXT", f"service-verification={i:040}") for i in range(25)),
        ],
    )
    add(
        "split-spf",
        apex=apex("split-spf.example", "v=spf1 " + " ".join(f"ip4:192.0.2.{i}" for i in range(20)) + " -all"),
    )
    add("ed25519", {"ed._domainkey.ed25519.example": [("TXT", key("ed25519").record)]})
    add("short-key", dkim=[("TXT", key("short").record)])
    add("no-version", dkim=[("TXT", key().record.replace("v=DKIM1; ", ""))])
    add("own-selector", {"x7f3a._domainkey.own-selector.example": [("TXT", key().record)]}, dkim=None)
    add("rotated", {"mail._domainkey.rotated.example": [("TXT", "v=DKIM1; p=")]})
    add(
        "cname-key",
        {
            "selector1-cname-key._domainkey.tenant.test": [("TXT", key().record)],
            "selector1._domainkey.cname-key.example": [("CNAME", "selector1-cname-key._domainkey.tenant.test.")],
        },
        dkim=None,
    )
    add("watching", dmarc=[("TXT", "v=DMARC1; p=none; rua=mailto:d@watching.example")])
    add("quarantine", dmarc=[("TXT", "v=DMARC1;p=quarantine;rua=mailto:d@quarantine.example;adkim=s;aspf=s;fo=1")])
    add("blanks", dmarc=[("TXT", "v = DMARC1 ; p = reject ; rua = mailto:d@blanks.example ;")])
    add(
        "reports-out",
        {"reports-out.example._report._dmarc.reader.test": [("TXT", "v=DMARC1;")]},
        dmarc=[("TXT", "v=DMARC1; p=reject; rua=mailto:d@reader.test")],
    )
    add("psd-n", dmarc=[("TXT", "v=DMARC1; p=reject; psd=n; np=reject; rua=mailto:d@psd-n.example")])
    add("testing", dmarc=[("TXT", "v=DMARC1; p=quarantine; t=y; rua=mailto:d@testing.example")])
    add(
        "bimi",
        {
            "default._bimi.bimi.example": [
                ("TXT", "v=BIMI1; l=https://bimi.example/logo.svg; a=https://bimi.example/vmc.pem")
            ]
        },
    )
    add("wildcard", {"*.wildcard.example": [("A", "192.0.2.80")]})
    add("wildcard-txt", {"*.wildcard-txt.example": [("TXT", "v=spf1 -all")]}, dkim=None)
    add(
        "freemail",
        target="freemail.example",
        dmarc=[("TXT", "v=DMARC1; p=none; sp=quarantine; rua=mailto:d@freemail.example")],
    )
    return made


def receivers() -> dict[str, Shape]:
    """Domains whose mail goes elsewhere, or nowhere on purpose; and what protects the way there."""
    made: dict[str, Shape] = {}

    def add(name: str, more: Zone | None = None, target: str = "", **changes: list[tuple[str, str]] | None) -> None:
        domain = f"{name}.example"
        made[name] = (base(domain, **changes) | (more or {}), target or domain)

    google: Zone = {f"{each}.google.com": [("A", MX)] for each in ("smtp", "aspmx.l")}
    google |= {
        "_spf.google.com": [("TXT", "v=spf1 ip4:198.51.100.0/24 ~all")],
        "google._domainkey.workspace.example": [("TXT", key().record)],
    }
    add(
        "workspace",
        google,
        apex=apex("workspace.example", "v=spf1 include:_spf.google.com ~all", "1 smtp.google.com."),
        dkim=None,
        mx=None,
    )
    tenant: Zone = {
        "m365.mail.protection.outlook.com": [("A", MX)],
        "spf.protection.outlook.com": [("TXT", "v=spf1 ip4:198.51.100.0/24 -all")],
    }
    tenant |= {f"selector{i}._domainkey.m365.example": [("TXT", key().record)] for i in (1, 2)}
    add(
        "m365",
        tenant,
        apex=apex(
            "m365.example", "v=spf1 include:spf.protection.outlook.com -all", "0 m365.mail.protection.outlook.com."
        ),
        dkim=None,
        mx=None,
    )
    add(
        "mx-elsewhere",
        {"in.mailhost.test": [("A", MX)]},
        apex=apex("mx-elsewhere.example", "v=spf1 mx -all", "10 in.mailhost.test."),
        mx=None,
    )
    add(
        "three-mx",
        {f"mx{i}.three-mx.example": [("A", MX)] for i in (1, 2)},
        apex=[
            ("TXT", "v=spf1 mx -all"),
            ("MX", "10 mx.three-mx.example."),
            ("MX", "20 mx1.three-mx.example."),
            ("MX", "30 mx2.three-mx.example."),
        ],
    )
    add("ipv6", apex=apex("ipv6.example", "v=spf1 ip6:2001:db8::25 -all"), mx=[("AAAA", "::1")])
    add("dual", mx=[("A", MX), ("AAAA", "::1")])
    add("implicit", apex=[("A", MX), ("TXT", "v=spf1 a -all")], mx=None)
    add("parked", apex=[("MX", "0 ."), ("TXT", "v=spf1 -all")], mx=None, dkim=None)
    add("parked-web", apex=[("MX", "0 ."), ("TXT", "v=spf1 -all"), ("A", "192.0.2.80")], mx=None, dkim=None)
    add(
        "parked-key",
        {"*._domainkey.parked-key.example": [("TXT", "v=DKIM1; p=")]},
        apex=[("MX", "0 ."), ("TXT", "v=spf1 -all")],
        mx=None,
        dkim=None,
    )
    add("only-receives", apex=apex("only-receives.example", "v=spf1 -all"), dkim=None)
    add("no-mail-at-all", apex=[("TXT", "v=spf1 -all"), ("A", "192.0.2.80")], mx=None, dkim=None)
    sts: Zone = {
        "_mta-sts.sts.example": [("TXT", "v=STSv1; id=20261124T000000;")],
        "mta-sts.sts.example": [("A", "127.0.0.1")],
    }
    sts |= {"_smtp._tls.sts.example": [("TXT", "v=TLSRPTv1; rua=mailto:tls@sts.example")]}
    add("sts", sts)
    add("tlsrpt", {"_smtp._tls.tlsrpt.example": [("TXT", "v=TLSRPTv1;rua=https://tlsrpt.example/report")]})
    add(
        "several-names",
        {"mx.other-name.test": [("A", MX)]},
        apex=apex("several-names.example", "v=spf1 mx -all", "10 mx.other-name.test."),
        mx=None,
    )
    return made


def others() -> dict[str, Shape]:
    """Subdomains, hosts and addresses."""
    sub = base("org.example", apex=apex("org.example", "v=spf1 mx -all"))
    news = {
        "news.org.example": apex("org.example", "v=spf1 mx:org.example -all"),
        "s1._domainkey.news.org.example": [("TXT", key().record)],
    }
    bounce = {"bounce.org.example": apex("org.example", "v=spf1 mx:org.example -all")}
    deep = {"a.b.c.d.org.example": apex("org.example", "v=spf1 mx:org.example -all")}
    host: Zone = {
        "mail.host.example": [("A", "192.0.2.25")],
        "25.2.0.192.in-addr.arpa": [("PTR", "mail.host.example.")],
    }
    v6 = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
    six: Zone = {"out.host.example": [("AAAA", "2001:db8::25")], v6: [("PTR", "out.host.example.")]}
    many: Zone = {"25.2.0.192.in-addr.arpa": [("PTR", "old.host.example."), ("PTR", "mail.host.example.")]}
    idn = base("xn--mnchen-3ya.example")
    return {
        "subdomain": (sub | news, "news.org.example"),
        "bounce-domain": (sub | bounce, "bounce.org.example"),
        "deep": (sub | deep, "a.b.c.d.org.example"),
        "host": (host, "mail.host.example"),
        "ip": (host, "192.0.2.25"),
        "ip-two-names": (host | many, "192.0.2.25"),
        "ipv6-address": (six, "2001:db8::25"),
        "ipv6-host": (six, "out.host.example"),
        "idn": (idn, "münchen.example"),
        "idn-ascii": (idn, "xn--mnchen-3ya.example"),
    }


def pinned(certificate_key: bytes) -> Shape:
    """A domain with DANE, its server's key pinned."""
    digest = hashlib.sha256(certificate_key).hexdigest()
    return base("dane.example") | {"_25._tcp.mx.dane.example": [("TLSA", f"3 1 1 {digest}")]}, "dane.example"


def shapes() -> dict[str, Shape]:
    """All of them but DANE."""
    return {**senders(), **receivers(), **others()}
