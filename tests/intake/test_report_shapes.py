"""What is read by its shape is what the XML parser reads, whatever the report looks like and however it is cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from postmend import ParseError
from postmend.intake.reports import DmarcReader, DmarcReport
from postmend.intake.reports.dmarc import _report, _Rows
from postmend.intake.reports.feedback import Feedback
from tests.traffic.test_reports import GOOD, HEAD, ROW, dmarc

READER = DmarcReader()  # one for all: what it has learnt from any report may spoil no other
START = HEAD.format(ident="r1", begin=1772409600, end=1772495999, domain="example.com", ns="")
PLAIN = ROW.format(ip="192.0.2.1", count=3, dkim="pass", spf="fail", signed="sendgrid.net", domain="example.com")
ODD = {
    "<count>": ["<count>\n 4", "<count>x", "<count><!-- 9 -->", "<count/><count>", "<count>~1~", "<count>&#50;", "<count>" + "0" * 5000],
    "<source_ip>": ["<source_ip>2001:DB8::1</source_ip><source_ip>", "<source_ip> ", "<source_ip>0", "<source_ip><b>7</b>"],
    "<dkim>pass": ["<dkim>PASS", "<dkim>pass<!-- > --></dkim><dkim>fail", "<dkim>\r\npass\r\n", "<dkim>p&#97;ss", "<dkim><![CDATA[pass]]>"],
    "<selector>s1": ["<selector>é", "<selector>&lt;", "<selector>&nope;", "<selector>]]>", "<selector>\0", "<selector a='>'>~3~"],
    "</record>": ["</record><!-- <record> -->", "</record><x/>", "</record>\r\n", "<!-- </record> --></record>", "</record><count>5</count>",
                  "<extension><domain>other.example</domain></extension></record>", "</record></record>"],
    "<record>": ["<record a='b'>", "<record >", "<record><record>", "\n  <record>", "<Record>", "<n:record>", "<record><?x <record>?>",
                 "<record><report_metadata><org_name>x</org_name></report_metadata>"],
    "<row>": ["<row>\r\n\t", "<row><count>1</count>", "<row></row><row>"],
    "<auth_results>": ["<auth_results/><auth_results>", "<n:auth_results>", "<auth_results><dkim><domain>a.example</domain></dkim>"],
    "example.com</header_from>": ["Example.COM.</header_from>", "exämple.com</header_from>", "a&amp;b</header_from>", "</header_from>"],
}  # fmt: skip
HEADS = [
    ('<?xml version="1.0"?>', "\N{BYTE ORDER MARK}"), ('"1.0"?>', '"1.0" encoding="iso-8859-1"?>'), ('"1.0"?>', '"1.0" encoding="cp037"?>'),
    ('"1.0"?>', '"1.0"?><!DOCTYPE feedback>'), ("<feedback>", "<feedback><!-- <record> -->"), ("<feedback>", "<feedback><count>8</count>"),
    ("<feedback>", "<feedback><sub>"), ("<feedback>", "<other>"), ("<p>none</p>", "<p>none</p><p>r&#101;ject</p>"),
    ("receiver.example</org", "Empfänger &amp; Söhne</org"), ("r1<", "~1~<"), ("</policy_published>", ""),
]  # fmt: skip
ENDS = ["</feedback>", "</feedback>\n\n", "\n</feedback >", "</feedback><!-- end -->", "</feedback><x/>", "", "<x/></feedback>",
        "<policy_published><p>reject</p></policy_published></feedback>"]  # fmt: skip


@st.composite
def reports(draw: st.DrawFn) -> bytes:
    head = START
    for old, new in draw(st.lists(st.sampled_from(HEADS), max_size=1)):
        head = head.replace(old, new)
    rows = []
    for _ in range(draw(st.integers(0, 4))):
        row = PLAIN.replace(
            "192.0.2.1", draw(st.sampled_from(["192.0.2.1", "198.51.100.255", "2001:db8::1", "192.0.2.01"]))
        )
        for old in draw(st.lists(st.sampled_from(sorted(ODD)), max_size=1)):
            row = row.replace(old, draw(st.sampled_from(ODD[old])))
        rows.append(row)
    return (head + "".join(rows) + draw(st.sampled_from(ENDS))).encode()


def by_parser(raw: bytes) -> DmarcReport | None:
    rows = _Rows()
    feedback = Feedback(rows.add)
    try:
        feedback.feed(raw)
        feedback.close()
        return _report(feedback.about, rows)
    except ParseError:
        return None


def by_shape(reader: DmarcReader, raw: bytes, cuts: list[int]) -> DmarcReport | None:
    edges = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    try:
        return reader.read(raw[a:b] for a, b in pairwise(edges))
    except ParseError:
        return None


@given(reports(), st.lists(st.integers(0, 1 << 20), max_size=4))
@settings(max_examples=1000, deadline=None)
def test_any_report_reads_as_the_parser_reads_it(raw: bytes, cuts: list[int]) -> None:
    assert by_shape(READER, raw, cuts) == by_parser(raw)


@given(reports(), st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(max_size=2)), min_size=1, max_size=3))
@settings(max_examples=1000, deadline=None)
@example(dmarc(GOOD), [(400, b"<")])
def test_damaged_reports_too(raw: bytes, damages: list[tuple[int, bytes]]) -> None:
    for place, new in damages:
        at = place % len(raw)
        raw = raw[:at] + new + raw[at + 1 :]
    assert by_shape(READER, raw, []) == by_parser(raw)


def test_rows_alike_are_read_by_their_shape() -> None:
    reader = DmarcReader()
    reader.read(iter([dmarc(GOOD)]))
    asked: list[bytes] = []
    learn = reader._records._read
    reader._records._read = lambda piece: (asked.append(piece), learn(piece))[1]
    report = reader.read(
        iter([dmarc([(f"192.0.2.{i}", i, "fail", "pass", "mail.example") for i in range(1, 200)], ident="r2")])
    )
    assert (len(report.rows), sum(report.rows.values()), asked) == (199, 199 * 100, [])
