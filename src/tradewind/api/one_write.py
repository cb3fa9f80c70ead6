"""HTTP/1.1 as h11 speaks it, but for one thing: an answer that is whole leaves in one piece."""

import h11


class OneWrite(h11.Connection):
    """Holds a head back until its body comes, if it tells the body's length: the application sends both at once.

    A stream has no length, and its head leaves by itself.
    """

    _head = b""

    # h11 types this by overloads, one for each kind of event; what matters here is that it gives bytes.
    def send(self, event: h11.Event) -> bytes | None:  # type: ignore[override]
        """The bytes to write now."""
        output = super().send(event)
        if isinstance(event, h11.Response) and any(name == b"content-length" for name, _ in event.headers):
            self._head = output or b""
            return b""
        if self._head and output is not None:
            output, self._head = self._head + output, b""
        return output
