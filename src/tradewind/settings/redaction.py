"""URLs fit for logs: what may be a secret in them is replaced."""

from urllib.parse import urlsplit


def redact_url(url: str) -> str:
    """A URL fit for logs: without user, password, query values, and path segments that look like keys."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"***@{host}" if "@" in parts.netloc else host
    path = "/".join("***" if _looks_like_a_key(segment) else segment for segment in parts.path.split("/"))
    pairs = (pair.partition("=") for pair in parts.query.split("&") if pair)
    query = "&".join(f"{name}=***" if equals else "***" for name, equals, _ in pairs)
    return f"{parts.scheme}://{netloc}{path}" + (f"?{query}" if query else "")


def _looks_like_a_key(segment: str) -> bool:
    has_digit = any(character.isdigit() for character in segment)
    has_letter = any(character.isalpha() for character in segment)
    return len(segment) >= 16 or (len(segment) >= 8 and has_digit and has_letter)
