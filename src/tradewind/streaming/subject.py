"""Subjects and the patterns that select them, as NATS writes them."""

from tradewind.errors import InvalidInput

_ONE = "*"
_REST = ">"


class SubjectPattern:
    """Tokens between dots; `*` stands for one token, `>` at the end for one or more."""

    def __init__(self, text: str) -> None:
        """Raises InvalidInput `pattern_malformed`."""
        tokens = text.split(".")
        wild_inside = any(token not in {_ONE, _REST} and (_ONE in token or _REST in token) for token in tokens)
        if not all(tokens) or wild_inside or _REST in tokens[:-1]:
            raise InvalidInput.one(
                "pattern",
                "pattern_malformed",
                f"'{text}' is not a subject pattern. Use tokens between dots, '*' for any one token and '>' "
                "last, for all that follow.",
                what="subscription",
            )
        self._text = text
        self._open_ended = tokens[-1] == _REST
        self._tokens = tokens[:-1] if self._open_ended else tokens

    def __str__(self) -> str:
        return self._text

    def matches(self, subject: str) -> bool:
        """Whether the pattern selects `subject`."""
        tokens = subject.split(".")
        if self._open_ended:
            return len(tokens) > len(self._tokens) and self._agrees(tokens)
        return len(tokens) == len(self._tokens) and self._agrees(tokens)

    def may_match_under(self, prefix: str) -> bool:
        """Whether some subject `<prefix>.<one token>` could be selected."""
        tokens = prefix.split(".")
        length_fits = len(tokens) + 1 > len(self._tokens) if self._open_ended else len(tokens) + 1 == len(self._tokens)
        return length_fits and self._agrees(tokens)

    def _agrees(self, tokens: list[str]) -> bool:
        return all(mine in (_ONE, theirs) for mine, theirs in zip(self._tokens, tokens, strict=False))
