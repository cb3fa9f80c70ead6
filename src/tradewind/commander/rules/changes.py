"""What of the rules cannot change while they run: which chain is looked at, and which instances there are."""

from collections.abc import Iterator

from tradewind.commander.rules.contradictions import Said
from tradewind.commander.rules.settings import RulesSettings

_REMEDY = "Take that back, or start the commander again with the changed file."


def needs_a_restart(in_force: RulesSettings, wanted: RulesSettings) -> Iterator[Said]:
    """The place of each such change, with its code, fault and remedy."""
    if wanted.chain != in_force.chain:
        yield ("chain",), ("chain_changed", "is another one than the rules that run look at.", _REMEDY)
    before = {rule.name: rule for rule in in_force.rules}
    for index, rule in enumerate(wanted.rules):
        known = before.pop(rule.name, None)
        if known is None:
            fault = f"is {rule.name}, which this commander does not run by rules."
            yield ("rules", index, "instance"), ("instance_added", fault, _REMEDY)
        elif known.config != rule.config:
            fault = f"is another file than the one that {rule.name} runs by."
            yield ("rules", index, "config"), ("file_changed", fault, _REMEDY)
    for name in before:
        fault = f"has no rule for {name} any more, which this commander runs."
        yield ("rules",), ("instance_removed", fault, _REMEDY)
