"""Takes secrets out of text before it is shown or leaves the machine: keys, tokens, and what URLs hide."""

import re

from tradewind.settings import redact_url

_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s\"'<>\\]+", re.IGNORECASE)
_BYTES = re.compile(r"\[\s*(?:\d{1,3}\s*,\s*){31,63}\d{1,3}\s*\]")
_NAMED = re.compile(
    r"(?i)((?:private[_-]?key|secret(?:[_-]?key)?|key[_-]?pair|mnemonic|seed[_-]?phrase|passphrase|password|"
    r"api[_-]?key|(?:api|auth|access|bot|bearer)[_-]?token|authorization)[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|(?:bearer\s+)?[^\s,;}\"']+)"
)
_BOT = re.compile(r"\b\d{6,12}:[A-Za-z0-9_-]{30,}")
_AGE = re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]+")
HIDDEN = "***"


def redacted(text: str) -> str:
    """The text with `***` in place of secrets. Signatures and addresses, which are public, stay."""
    text = _NAMED.sub(_named, text)
    text = _BYTES.sub(HIDDEN, text)
    text = _BOT.sub(HIDDEN, text)
    text = _AGE.sub(HIDDEN, text)
    return _URL.sub(lambda found: _url(found.group()), text)


def _named(found: re.Match[str]) -> str:
    value = found.group(2)
    quote = value[0] if value[0] in "\"'" else ""
    return f"{found.group(1)}{quote}{HIDDEN}{quote}"


def _url(url: str) -> str:
    try:
        return redact_url(url)
    except ValueError:
        return HIDDEN
