"""What big providers ask of senders (`requirements.toml`), and how far findings show that it is met."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import ParseError


class Rule(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One rule; the file's head says what each field means."""

    id: str
    text: str
    who: str
    met: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    ask: str = ""


class ProviderRules(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One provider and its rules."""

    id: str
    name: str
    domains: tuple[str, ...]
    since: str
    source: str
    rule: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class RuleState:
    """How a rule stands: `met`, `broken` or `unknown`; `because` are the findings that show it."""

    rule: Rule
    state: str
    because: tuple[str, ...] = ()


def _read() -> tuple[ProviderRules, ...]:
    made = compiled.read("requirements", tuple[ProviderRules, ...], key="provider")
    for provider in made:
        names = {rule.id for rule in provider.rule}
        for rule in provider.rule:
            if set(rule.any_of) - names or not (rule.met or rule.any_of or rule.ask) or rule.who not in {"all", "bulk"}:
                raise ParseError(f"requirements.toml: {provider.id}.{rule.id} cannot be judged")
    return made


@cache
def provider_rules() -> tuple[ProviderRules, ...]:
    """Every provider."""
    return compiled.load("requirements", tuple[ProviderRules, ...], _read)


def judge_rules(provider: ProviderRules, findings: Iterable[str]) -> tuple[RuleState, ...]:
    """How each rule of a provider stands by the ids of findings; broken outweighs met."""
    ids = set(findings)
    states: dict[str, RuleState] = {}
    for rule in sorted(provider.rule, key=lambda rule: bool(rule.any_of)):
        if rule.any_of:
            parts = [states[name] for name in rule.any_of]
            state = next((s for s in ("met", "unknown") if any(part.state == s for part in parts)), "broken")
            states[rule.id] = RuleState(rule, state, tuple(b for part in parts for b in part.because))
            continue
        broken = tuple(name for name in rule.broken if name in ids)
        met = tuple(name for name in rule.met if name in ids)
        states[rule.id] = RuleState(rule, "broken" if broken else "met" if met else "unknown", broken or met)
    return tuple(states[rule.id] for rule in provider.rule)
