"""Known test keys are looked for wherever a deployment leaves traces: none may be found outside the key file."""

import base64
import os
from pathlib import Path

from tests.e2e.deployment import TEST_KEY, Deployment
from tests.e2e.intents import acquire


def forms_of_the_key() -> list[bytes]:
    raw = bytes.fromhex(TEST_KEY)
    as_list = ",".join(str(byte) for byte in raw)
    return [
        raw,
        TEST_KEY.encode(),
        TEST_KEY.upper().encode(),
        base64.b64encode(raw).rstrip(b"="),
        base64.urlsafe_b64encode(raw).rstrip(b"="),
        as_list.encode(),
        as_list.replace(",", ", ").encode(),
        str(int(TEST_KEY, 16)).encode(),
    ]


def found_in(content: bytes) -> bool:
    return any(form in content for form in forms_of_the_key())


async def test_no_key_is_found_in_files_logs_answers_environments_or_arguments(deployment: Deployment) -> None:
    for amount in ("0.1", "999"):
        await deployment.request("POST", "/intents", acquire(amount))
    intent_id = await deployment.submit(acquire("0.2"))
    await deployment.until_final(intent_id)
    await deployment.request("POST", "/halt", {"reason": "end"})
    places: dict[str, bytes] = {}
    for path in (
        "/intents",
        f"/intents/{intent_id}",
        f"/intents/{intent_id}/events",
        "/halt",
        "/readyz",
        "/openapi.json",
    ):
        places[path] = str(await deployment.request("GET", path)).encode()
    for file in deployment.folder.rglob("*"):
        if file.is_file():
            places[str(file)] = file.read_bytes()
    for process in (deployment.signer, deployment.service):
        assert process is not None
        for name in ("environ", "cmdline"):
            places[f"{name} of {process.pid}"] = Path(f"/proc/{process.pid}/{name}").read_bytes()
    places["own environment"] = str(os.environ).encode()
    assert len(places) > 12
    assert [place for place, content in places.items() if found_in(content)] == []


def test_the_search_would_find_each_form() -> None:
    """Otherwise zero hits would mean nothing."""
    assert all(found_in(b"..." + form + b"...") for form in forms_of_the_key())


def network_sockets(pid: int) -> set[str]:
    """The inodes of a process's sockets that belong to the network, by the kernel's own tables."""
    links = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
    own = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    tables = [Path(f"/proc/{pid}/net/{name}") for name in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6")]
    rows = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    return own & {row[9] for row in rows}


async def test_the_signer_has_no_network_socket_while_it_signs(deployment: Deployment) -> None:
    intent_id = await deployment.submit(acquire("0.2"))
    await deployment.until_final(intent_id)
    assert deployment.signer is not None
    assert deployment.service is not None
    assert network_sockets(deployment.signer.pid) == set()
    # The same look finds those of the service, which listens and calls.
    assert network_sockets(deployment.service.pid) != set()
