"""What is only about the test does not count; what the filter says of the message does, with the filter's own score."""

from __future__ import annotations

from postmend.diagnosis.spam import count
from postmend.knowledge.symbols import symbol_info
from postmend.model.spam import Answered, FilterAnswer, Symbol, Taken


def answer(*symbols: tuple[str, float], action: str = "no action") -> FilterAnswer:
    made = tuple(Symbol(name, score) for name, score in symbols)
    total = sum(score for _, score in symbols)
    return FilterAnswer("rspamd", Answered.ANSWERED, total, 6.0, 15.0, action, made)


def test_a_symbol_about_the_test_counts_only_where_the_test_gave_what_it_needs() -> None:
    asked = answer(("RDNS_NONE", 2.5), ("MISSING_DATE", 4.0), action="add header")
    lacking = count(asked, frozenset({"ip"}))
    assert (lacking.counted, lacking.test_only, lacking.taken) == (4.0, ("RDNS_NONE",), Taken.FINE)
    whole = count(asked, frozenset())
    assert (whole.counted, whole.test_only, whole.taken) == (6.5, (), Taken.MARKED)


def test_the_filters_own_word_counts_at_any_score() -> None:
    assert count(answer(("GTUBE", 0.0), action="reject"), frozenset()).taken is Taken.REFUSED


def test_a_filter_that_did_not_answer_says_nothing() -> None:
    silent = FilterAnswer("rspamd", Answered.TIMEOUT, problem="no answer within 1 s")
    assert count(silent, frozenset()).taken is None


def test_whole_names_go_before_beginnings() -> None:
    exact, begins = symbol_info("spamassassin", "RCVD_IN_PBL"), symbol_info("spamassassin", "RCVD_ILLEGAL_IP")
    assert exact is not None
    assert begins is not None
    assert exact.means != begins.means
    assert symbol_info("rspamd", "NO_SUCH_SYMBOL") is None
