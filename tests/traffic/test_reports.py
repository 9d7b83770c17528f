"""DMARC, TLS and ARF reports, packed as they come; and those that were sent to do harm."""

from __future__ import annotations

import base64
import gzip
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import postmend
from postmend import ParseError

HEAD = (
    '<?xml version="1.0"?>\n<feedback{ns}><report_metadata><org_name>receiver.example</org_name><email>d@receiver.example</email><report_id>{ident}</report_id>'
    "<date_range><begin>{begin}</begin><end>{end}</end></date_range></report_metadata><policy_published><domain>{domain}</domain>"
    "<p>none</p></policy_published>"
)
ROW = (
    "<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated><disposition>none</disposition>"
    "<dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated></row><identifiers><header_from>{domain}</header_from></identifiers>"
    "<auth_results><dkim><domain>{signed}</domain><selector>s1</selector><result>pass</result></dkim>"
    "<spf><domain>{domain}</domain><result>{spf}</result></spf></auth_results></record>"
)
DAY = 86400
BEGIN = 20514 * DAY  # 2026-03-02


def dmarc(
    rows: list[tuple[str, int, str, str, str]],
    *,
    ident: str = "r1",
    domain: str = "example.com",
    day: int = 0,
    ns: str = "",
) -> bytes:
    """`rows` are source IP, messages, dkim, spf, signing domain."""
    begin = BEGIN + day * DAY
    body = "".join(
        ROW.format(ip=ip, count=count, dkim=dkim, spf=spf, signed=signed, domain=domain)
        for ip, count, dkim, spf, signed in rows
    )
    return (
        HEAD.format(ident=ident, begin=begin, end=begin + DAY - 1, domain=domain, ns=ns) + body + "</feedback>"
    ).encode()


GOOD = [("192.0.2.1", 90, "pass", "pass", "example.com"), ("198.51.100.7", 40, "fail", "fail", "sendgrid.net")]
TLS = {
    "organization-name": "receiver.example", "report-id": "t1",
    "date-range": {"start-datetime": "2026-03-02T00:00:00Z", "end-datetime": "2026-03-02T23:59:59Z"},
    "policies": [{
        "policy": {"policy-type": "sts", "policy-domain": "example.com"},
        "summary": {"total-successful-session-count": 60, "total-failure-session-count": 40},
        "failure-details": [{"result-type": "certificate-expired", "failed-session-count": 40}],
    }],
}  # fmt: skip


def zipped(data: bytes, name: str = "report.xml") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def mailed(data: bytes, kind: str, name: str) -> bytes:
    body = base64.encodebytes(data).decode()
    return (
        "From: noreply@receiver.example\nTo: dmarc@example.com\nSubject: Report Domain: example.com Submitter: receiver.example\n"
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nA report.\n'
        f"--b\nContent-Type: {kind}; name={name}\nContent-Transfer-Encoding: base64\n\n{body}--b--\n"
    ).encode()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(dmarc(GOOD), id="xml"),
        pytest.param(dmarc(GOOD, ns=' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"'), id="xml-rfc9990"),
        pytest.param(gzip.compress(dmarc(GOOD)), id="gz"),
        pytest.param(zipped(dmarc(GOOD)), id="zip"),
        pytest.param(mailed(gzip.compress(dmarc(GOOD)), "application/gzip", "r.xml.gz"), id="mail-gz"),
        pytest.param(mailed(zipped(dmarc(GOOD)), "application/zip", "r.zip"), id="mail-zip"),
    ],
)
def test_dmarc(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a").write_bytes(raw)
    (tmp_path / "b").write_bytes(raw)  # the same once more
    report = postmend.report(tmp_path)
    (domain,) = report.dmarc
    assert (report.inputs.reports, report.inputs.duplicates) == (1, 1)
    assert (domain.domain, domain.messages, domain.aligned, domain.policy) == ("example.com", 130, 90, "none")
    assert [(s.ip, s.sender, s.messages, s.aligned) for s in domain.sources] == [
        ("192.0.2.1", None, 90, 90), ("198.51.100.7", "SendGrid", 40, 0),
    ]  # fmt: skip
    (found,) = report.findings
    assert (found.id, found.act, found.name) == ("dmarc_source_failing", True, "SendGrid (198.51.100.7)")


MICROSOFT = """<?xml version="1.0"?>
<feedback xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <version>1.0</version>
  <report_metadata>
    <org_name>Enterprise Outlook</org_name>
    <report_id>7a1b2c3d</report_id>
    <date_range><begin>1772409600</begin><end>1772496000</end></date_range>
  </report_metadata>
  <policy_published><domain>example.com</domain><adkim>r</adkim><p>quarantine</p><sp>none</sp><fo>0</fo></policy_published>
  <record>
    <row><source_ip>192.0.2.97</source_ip><count>33</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>
    <identifiers><envelope_to>example.net</envelope_to><envelope_from>example.com</envelope_from><header_from>example.com</header_from></identifiers>
    <auth_results>
      <dkim><domain>examplecom.onmicrosoft.com</domain><selector>selector1</selector><result>pass</result></dkim>
      <spf><domain>example.com</domain><scope>mfrom</scope><result>fail</result></spf>
    </auth_results>
  </record>
</feedback>
""".replace("\n", "\r\n")
RFC9990 = """<?xml version="1.0" encoding="UTF-8"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
  <report_metadata>
    <org_name>Empfänger &amp; Söhne</org_name><report_id>3v98</report_id>
    <date_range><begin>1772409600</begin><end>1772495999</end></date_range><generator>Reporter 1.2</generator>
  </report_metadata>
  <policy_published><domain>Example.com.</domain><discovery_method>treewalk</discovery_method><p>none</p><np>reject</np><testing>n</testing></policy_published>
  <extension><x:note xmlns:x="urn:x"><x:domain>other.example</x:domain></x:note></extension>
  <record>
    <row><source_ip>2001:DB8::1</source_ip><count>50</count>
      <policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf><reason><type>other</type><comment>a &lt; b</comment></reason></policy_evaluated></row>
    <identifiers><envelope_from>mail1.mcsv.net</envelope_from><header_from>example.com</header_from></identifiers>
    <auth_results><spf><domain>mail1.mcsv.net</domain><result>pass</result></spf></auth_results>
  </record>
</feedback>
"""


@pytest.mark.parametrize(
    ("text", "reporter", "source", "sender", "policy"),
    [
        pytest.param(MICROSOFT, "Enterprise Outlook", "192.0.2.97", "Microsoft 365", "quarantine", id="by-dkim"),
        pytest.param(RFC9990, "Empfänger & Söhne", "2001:db8::1", "Mailchimp", "none", id="by-spf"),
    ],
)
def test_the_service_behind_a_source_is_named(
    tmp_path: Path, text: str, reporter: str, source: str, sender: str, policy: str
) -> None:
    (tmp_path / "r.xml").write_bytes(text.encode())
    (domain,) = postmend.report(tmp_path).dmarc
    assert (domain.domain, domain.reporters, domain.policy) == ("example.com", [reporter], policy)
    assert [(each.ip, each.sender, each.aligned) for each in domain.sources] == [(source, sender, 0)]


def test_dmarc_failure_that_began(tmp_path: Path) -> None:
    for day in range(10):
        result = "pass" if day < 6 else "fail"
        (tmp_path / f"{day}.xml").write_bytes(
            dmarc([("192.0.2.1", 50, result, result, "example.com")], ident=f"r{day}", day=day)
        )  # fmt: skip
    (found,) = postmend.report(tmp_path).findings
    assert (found.id, found.began) == ("dmarc_source_failing", "2026-03-08 00:00")


def test_somebody_elses_domain_is_told(tmp_path: Path) -> None:
    (tmp_path / "own.xml").write_bytes(dmarc(GOOD))
    (tmp_path / "other.xml").write_bytes(dmarc(GOOD, ident="r2", domain="example.org"))
    done = subprocess.run(
        [sys.executable, "-m", "postmend", "report", str(tmp_path), "--json", "--domain", "example.com"],
        capture_output=True, check=False,
    )  # fmt: skip
    assert [each["domain"] for each in json.loads(done.stdout)["dmarc"]] == ["example.com"]
    assert b"example.org" in done.stderr


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["json", "gz"])
def test_tls(tmp_path: Path, pack: type[bytes]) -> None:
    (tmp_path / "a").write_bytes(pack(json.dumps(TLS).encode()))
    report = postmend.report(tmp_path)
    (domain,) = report.tls
    assert (domain.successful, domain.failed, domain.failures) == (60, 40, {"certificate-expired": 40})
    assert [finding.id for finding in report.findings] == ["tls_failing"]


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
) + "]><feedback>&j;</feedback>"  # fmt: skip
XXE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><feedback><org_name>&a;</org_name></feedback>'


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(BOMB.encode(), id="billion-laughs"),
        pytest.param(XXE.encode(), id="external-entity"),
        pytest.param(b'<?xml version="1.0"?>' + b"<a>" * 100_000, id="deep"),
        pytest.param(b'<?xml version="1.0"?><feedback><' + b"a" * (16 << 20), id="endless-token"),
        pytest.param(gzip.compress(b'<?xml version="1.0"?><feedback>' + b" " * (200 << 20), 9), id="gzip-bomb"),
        pytest.param(zipped(b'<?xml version="1.0"?><feedback>' + b" " * (100 << 20)), id="zip-bomb"),
        pytest.param(gzip.compress(dmarc(GOOD))[:-40], id="truncated-gz"),
        pytest.param(zipped(dmarc(GOOD))[:-30], id="truncated-zip"),
        pytest.param(dmarc(GOOD)[:-200], id="truncated-xml"),
        pytest.param(b'{"organization-name": "x", "policies": 7}', id="tls-of-another-shape"),
    ],
)
def test_what_was_sent_to_do_harm(tmp_path: Path, raw: bytes) -> None:
    """One clear line; and beside a good report the good one counts."""
    bad = tmp_path / "bad"
    bad.write_bytes(raw)
    with pytest.raises(ParseError) as told:
        postmend.report(bad)
    assert "\n" not in str(told.value)
    (tmp_path / "good.xml").write_bytes(dmarc(GOOD))
    report = postmend.report(tmp_path)
    assert report.dmarc[0].messages == 130
    assert any("bad" in problem for problem in report.inputs.problems)


def folder(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_archive_of_reports(tmp_path: Path) -> None:
    """A month in one file: packed each by itself, with leavings between, and one of them broken."""
    files = {f"{day}.xml.gz": gzip.compress(dmarc(GOOD, ident=f"r{day}", day=day)) for day in range(30)}
    files |= {
        "readme.txt": b"Reports of March.",
        "31.xml.gz": gzip.compress(dmarc(GOOD))[:-40],
        "tls.json": json.dumps(TLS).encode(),
    }
    (tmp_path / "march.zip").write_bytes(folder(files))
    report = postmend.report(tmp_path)
    assert (report.inputs.reports, report.dmarc[0].messages) == (31, 30 * 130)
    assert [problem.partition("march.zip: ")[2][:15] for problem in report.inputs.problems] == [
        "not well-formed",
        "a gzip archive ",
    ]


def test_archives_in_archives_end(tmp_path: Path) -> None:
    raw = dmarc(GOOD)
    for _ in range(4):
        raw = zipped(raw, "r.zip")
    (tmp_path / "r.zip").write_bytes(raw)
    with pytest.raises(ParseError):
        postmend.report(tmp_path)
    many = zipped(gzip.compress(b"<feedback>" + b" " * (15 << 20), 9), "r.gz")
    (tmp_path / "r.zip").write_bytes(folder({f"{i}.zip": many for i in range(60)}))
    with pytest.raises(ParseError):
        postmend.report(tmp_path)


def test_only_who_passed_is_named(tmp_path: Path) -> None:
    """Anybody can write a signature in another's name that does not verify."""
    raw = dmarc([("192.0.2.9", 50, "fail", "fail", "sendgrid.net")]).replace(
        b"s1</selector><result>pass", b"s1</selector><result>fail"
    )
    (tmp_path / "r.xml").write_bytes(raw)
    report = postmend.report(tmp_path)
    assert report.dmarc[0].sources[0].sender is None
    assert [finding.id for finding in report.findings] == ["dmarc_source_unknown"]


def test_a_complaint_alone_has_no_rate(tmp_path: Path) -> None:
    arf = (
        "From: fbl@receiver.example\nDate: Mon, 2 Mar 2026 11:00:00 +0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="c"\n\n--c\nContent-Type: text/plain\n\nSpam.\n'
        "--c\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: X/1\nVersion: 1\n\n--c--\n"
    )
    (tmp_path / "arf.eml").write_text(arf)
    report = postmend.report(tmp_path)
    assert [(rate.id, rate.count, rate.n, rate.share) for rate in report.rates] == [("complaints", 1, 0, None)]


def test_mailbox_of_bounces_and_complaints(tmp_path: Path) -> None:
    bounce = (
        "From MAILER-DAEMON Mon Mar  2 10:00:00 2026\nFrom: MAILER-DAEMON@mx.example.com\nTo: anna@example.com\n"
        "Subject: Undelivered Mail Returned to Sender\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\nContent-Type: text/plain\n\nSorry.\n'
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; two@example.net\n"
        "Action: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.example.net\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\n--b--\n\n"
    )
    arf = (
        "From fbl@receiver.example Mon Mar  2 11:00:00 2026\nFrom: fbl@receiver.example\nTo: abuse@example.com\nSubject: complaint\n"
        "Date: Mon, 2 Mar 2026 11:00:00 +0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="c"\n\n--c\nContent-Type: text/plain\n\nSpam.\n'
        "--c\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Yahoo/1.0\nVersion: 1\n"
        "Original-Mail-From: <news@example.com>\nSource-IP: 203.0.113.1\n\n--c\nContent-Type: message/rfc822\n\n"
        "From: news@example.com\nSubject: News\n\nhi\n--c--\n\n"
    )
    (tmp_path / "bounces.mbox").write_text(bounce + arf)
    report = postmend.report(tmp_path / "bounces.mbox")
    assert (report.totals.bounced, report.totals.complaints, report.inputs.mails) == (1, 1, 2)
    assert [(each.address, each.last) for each in report.suppress] == [("two@example.net", "2026-03-02 10:00")]
