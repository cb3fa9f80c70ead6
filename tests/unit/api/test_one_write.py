"""An answer whose length is known leaves in one piece; the head of a stream leaves at once."""

import h11

from tradewind.api.one_write import OneWrite

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def hear(connection: OneWrite) -> None:
    """Take in one request."""
    connection.receive_data(REQUEST)
    assert isinstance(connection.next_event(), h11.Request)
    assert isinstance(connection.next_event(), h11.EndOfMessage)


def asked() -> OneWrite:
    connection = OneWrite(h11.SERVER)
    hear(connection)
    return connection


def test_a_whole_answer_is_one_piece() -> None:
    connection = asked()
    assert connection.send(h11.Response(status_code=200, headers=[("Content-Length", "2")])) == b""
    assert connection.send(h11.Data(data=b"ok")) == b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok"
    assert connection.send(h11.EndOfMessage()) == b""


def test_an_answer_without_a_body_still_has_its_head() -> None:
    connection = asked()
    assert connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")])) == b""
    assert connection.send(h11.EndOfMessage()) == b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"


def test_the_next_answer_on_the_connection_has_its_own_head() -> None:
    connection = asked()
    for body in (b"one", b"two"):
        connection.send(h11.Response(status_code=200, headers=[("Content-Length", "3")]))
        assert (connection.send(h11.Data(data=body)) or b"").endswith(b"Content-Length: 3\r\n\r\n" + body)
        connection.send(h11.EndOfMessage())
        connection.start_next_cycle()
        hear(connection)


def test_a_stream_begins_before_its_first_event() -> None:
    connection = asked()
    head = connection.send(h11.Response(status_code=200, headers=[("Content-Type", "text/event-stream")]))
    assert (head or b"").startswith(b"HTTP/1.1 200 ")
