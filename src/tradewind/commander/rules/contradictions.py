"""What is wrong between parts of the rules that are each right: what names nothing, and what would flap."""

from collections.abc import Iterator

from tradewind.commander.rules.launches import KNOWN
from tradewind.commander.rules.settings import Condition, Conditions, Rule, RulesSettings
from tradewind.commander.strategy_file.located import Place
from tradewind.commander.strategy_file.naming import did_you_mean

Said = tuple[Place, tuple[str, str, str]]


def contradictions(settings: RulesSettings) -> Iterator[Said]:
    """The place of each, with its code, fault and remedy."""
    yield from _launches(settings)
    if settings.fresh_within_ms < 2 * settings.look_every_ms:
        fault = f"is below twice look_every_ms ({settings.look_every_ms}), so that every measure would be unknown."
        yield ("fresh_within_ms",), ("never_fresh", fault, f"Write {2 * settings.look_every_ms} or more.")
    seen: set[str] = set()
    for index, rule in enumerate(settings.rules):
        place: Place = ("rules", index)
        if rule.instance in seen:
            fault = f"has a second rule for {rule.instance}."
            yield (*place, "instance"), ("instance_twice", fault, "Write all that concerns it into one rule.")
        seen.add(rule.instance)
        yield from _of_rule(rule, place, settings.measures.names())


def _launches(settings: RulesSettings) -> Iterator[Said]:
    for name, measure in settings.measures.launches.items():
        place: Place = ("measures", "launches", name)
        if not measure.instructions and measure.program not in KNOWN:
            fault = "is a program whose instructions for a new pool are not known here."
            yield (*place, "program"), ("instructions_missing", fault, "Add instructions: [NAME], as its logs say it.")
        if settings.chain.websocket is None:
            fault = "is not set, and launches are heard from it."
            yield ("chain", "websocket"), ("websocket_missing", fault, "Add websocket: ws://host:port")


def _of_rule(rule: Rule, place: Place, known: list[str]) -> Iterator[Said]:
    groups = [(name, group) for name in ("start_when", "stop_when") if (group := getattr(rule, name)) is not None]
    if not rule.windows:
        written = {name for name, _ in groups}
        for name in ("start_when", "stop_when"):
            if name not in written:
                fault = f"has neither {name} nor windows."
                yield place, (f"{name}_missing", fault, f"Add {name}: {{any: [...]}}, or windows.")
    for number, window in enumerate(rule.windows):
        if window.opens in {window.closes, "24:00"}:
            fault = "is never open."
            remedy = 'For whole days write opens: "00:00" and closes: "24:00".'
            yield (*place, "windows", number), ("window_empty", fault, remedy)
    right = True
    for name, group in groups:
        for said in _of_group(group, (*place, name), known):
            right = False
            yield said
    if right:
        yield from _flapping(rule, place)


def _of_group(group: Conditions, place: Place, known: list[str]) -> Iterator[Said]:
    if bool(group.all) is bool(group.any):
        fault = "has both all and any." if group.all else "has no condition."
        yield place, ("conditions_unclear", fault, "Write all: [...] or any: [...], with at least one condition.")
    for kind, conditions in (("all", group.all), ("any", group.any)):
        for index, condition in enumerate(conditions):
            yield from _of_condition(condition, (*place, kind, index), known)


def _of_condition(condition: Condition, place: Place, known: list[str]) -> Iterator[Said]:
    if condition.measure not in known:
        said = did_you_mean(condition.measure, known) if known else "Add it to measures."
        yield (*place, "measure"), ("measure_unknown", "is not among the measures.", said)
    unit = condition.unit
    fields = f"at_least_{unit} or at_most_{unit}"
    if len(condition.thresholds) != 1:
        fault = f"has {len(condition.thresholds) or 'no'} thresholds." if condition.thresholds else "has no threshold."
        yield place, ("threshold_count", fault, f"Write one of {fields}.")
    for name, _ in condition.thresholds:
        if not name.endswith(unit):
            fault = f"is not the unit of {condition.measure}."
            yield (*place, name), ("unit_differs", fault, f"Write {fields}.")


def _flapping(rule: Rule, place: Place) -> Iterator[Said]:
    """Where the same value would both start and stop, one of the two has to last."""
    for start in rule.start_when.each if rule.start_when else ():
        for index, stop in enumerate(rule.stop_when.each if rule.stop_when else ()):
            if start.measure != stop.measure or start.is_floor is stop.is_floor:
                continue
            low, high = sorted((start, stop), key=lambda each: each.is_floor)
            if low.threshold >= high.threshold and not (start.for_s and stop.for_s):
                kind = "all" if rule.stop_when and rule.stop_when.all else "any"
                fault = f"stops at values of {stop.measure} that start it, too."
                remedy = "Leave a gap between the two thresholds, or give both a for_s."
                yield (*place, "stop_when", kind, index), ("rule_flaps", fault, remedy)
