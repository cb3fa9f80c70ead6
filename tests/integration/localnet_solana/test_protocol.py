"""The generated messages are what their .proto files say, and those say what the public services say."""

import json
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2

from tradewind.localnet.solana.protocol import (
    bundle_pb2,
    geyser_pb2,
    packet_pb2,
    searcher_pb2,
    shared_pb2,
    shredstream_pb2,
    solana_storage_pb2,
)
from tradewind.localnet.solana.protocol.generate import FOLDER, ROOT, generate

PUBLIC = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "solana" / "protocol" / "numbers.json").read_text(encoding="utf-8")
)
OURS = (bundle_pb2, geyser_pb2, packet_pb2, searcher_pb2, shared_pb2, shredstream_pb2, solana_storage_pb2)
# What the local chain does not offer.
NOT_OFFERED = {"geyser.Geyser": {"SubscribeDeshred"}}


def test_generating_the_messages_anew_gives_the_committed_bytes(tmp_path: Path) -> None:
    written = generate(tmp_path)
    committed = sorted(FOLDER.glob("*_pb2.py*"))
    assert [path.relative_to(tmp_path) for path in written] == [path.relative_to(ROOT) for path in committed]
    assert len(committed) == 14
    for fresh, kept in zip(written, committed, strict=True):
        assert fresh.read_bytes() == kept.read_bytes(), kept.name


def files() -> list[Any]:
    described = []
    for module in OURS:
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        described.append(file)
    return described


def test_every_field_has_the_number_and_type_of_the_public_one() -> None:
    seen = 0
    waiting = [(file.package, message) for file in files() for message in file.message_type]
    while waiting:
        home, message = waiting.pop()
        name = f"{home}.{message.name}"
        waiting += [(name, inner) for inner in message.nested_type]
        fields = {
            field.name: [
                field.number,
                field.type,
                field.label,
                field.proto3_optional,
                field.type_name,
                message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else None,
            ]
            for field in message.field
        }
        assert fields == PUBLIC["messages"][name], name
        seen += 1
    assert seen > 90


def test_every_enum_has_the_public_values() -> None:
    for file in files():
        for enum in file.enum_type:
            values = {value.name: value.number for value in enum.value}
            assert values == PUBLIC["enums"][f"{file.package}.{enum.name}"], enum.name


def test_every_service_has_the_public_methods() -> None:
    services = 0
    for file in files():
        for service in file.service:
            name = f"{file.package}.{service.name}"
            methods = {
                method.name: [method.input_type, method.output_type, method.client_streaming, method.server_streaming]
                for method in service.method
            }
            offered = {
                method: shape
                for method, shape in PUBLIC["services"][name].items()
                if method not in NOT_OFFERED.get(name, set())
            }
            assert methods == offered, name
            services += 1
    assert services == 3
