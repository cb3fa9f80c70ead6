"""Reads YAML as people mean it: `no` is a word, `1:30` is no number, and nothing is made but plain data.

Of the ways to write a scalar only those of JSON mean anything but text (YAML 1.2, core schema; an underscore may divide
the digits of a number). Anchors and tags are refused: a small text could otherwise stand for a huge one.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from tradewind.commander.strategy_file.located import Located, Malformed, Place

_INTEGER = re.compile(r"[-+]?[0-9][0-9_]*")
_NUMBER = re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "~": None,
    "": None,
}
_PREFIX = "tag:yaml.org,2002:"
_PLAIN = frozenset(
    _PREFIX + name for name in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value")
)
_MOST_DIGITS = 400
_MOST_DEEP = 64


def read_yaml(text: str) -> Located:
    """Raises Malformed."""
    try:
        _refuse_what_grows(text)
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = error.problem or error.context or "cannot be read"
        raise Malformed(mark.line + 1 if mark else 1, f"is not YAML: {said}.", "Correct it there.") from None
    except yaml.YAMLError as error:
        raise Malformed(1, f"is not YAML: {' '.join(str(error).split())}.", "Correct it there.") from None
    except RecursionError:
        raise Malformed(1, "is nested too deeply.", "Write it flatter.") from None
    located = Located(lines={(): 1})
    if node is not None:
        located.data = _value(node, (), located)
    return located


def _refuse_what_grows(text: str) -> None:
    depth = 0
    for event in _events(text):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MOST_DEEP:
            raise Malformed(event.start_mark.line + 1, "is nested too deeply.", "Write it flatter.")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            fault = "has an anchor (&) or an alias (*)."
            raise Malformed(event.start_mark.line + 1, fault, "Write the value out, or put it in quotes.")


def _events(text: str) -> Iterator[yaml.Event]:
    loader = yaml.SafeLoader(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    except (ValueError, OverflowError):
        # The parser makes characters of escapes without asking whether there are such.
        line = loader.get_mark().line + 1
        raise Malformed(line, "has an escape that is no character.", "Write the character itself.") from None
    finally:
        loader.dispose()


def _value(node: yaml.Node, place: Place, located: Located) -> Any:
    if node.tag not in _PLAIN:
        said = node.tag.removeprefix(_PREFIX)[:40]
        raise Malformed(node.start_mark.line + 1, f"has the tag {said}.", "Remove it: only plain data is read.")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, located)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            located.lines[(*place, index)] = item.start_mark.line + 1
        return [_value(item, (*place, index), located) for index, item in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, place: Place, located: Located) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, item in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise Malformed(key.start_mark.line + 1, "has a key that is not a word.", "Write a word before the colon.")
        name = str(key.value)
        if name in made:
            located.twice.append((*place, name))
        located.lines[(*place, name)] = key.start_mark.line + 1
        made[name] = _value(item, (*place, name), located)
    return made


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if node.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= _MOST_DIGITS and _INTEGER.fullmatch(text):
        return int(text.replace("_", ""))
    if len(text) <= _MOST_DIGITS and _NUMBER.fullmatch(text):
        return float(text.replace("_", ""))
    return text
