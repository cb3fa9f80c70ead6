from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Packet(_message.Message):
    __slots__ = ("data", "meta")
    DATA_FIELD_NUMBER: _ClassVar[int]
    META_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    meta: Meta
    def __init__(self, data: _Optional[bytes] = ..., meta: _Optional[_Union[Meta, _Mapping]] = ...) -> None: ...

class Meta(_message.Message):
    __slots__ = ("size", "addr", "port", "flags", "sender_stake")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ADDR_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    SENDER_STAKE_FIELD_NUMBER: _ClassVar[int]
    size: int
    addr: str
    port: int
    flags: PacketFlags
    sender_stake: int
    def __init__(self, size: _Optional[int] = ..., addr: _Optional[str] = ..., port: _Optional[int] = ..., flags: _Optional[_Union[PacketFlags, _Mapping]] = ..., sender_stake: _Optional[int] = ...) -> None: ...

class PacketFlags(_message.Message):
    __slots__ = ("discard", "forwarded", "repair", "simple_vote_tx", "tracer_packet", "from_staked_node")
    DISCARD_FIELD_NUMBER: _ClassVar[int]
    FORWARDED_FIELD_NUMBER: _ClassVar[int]
    REPAIR_FIELD_NUMBER: _ClassVar[int]
    SIMPLE_VOTE_TX_FIELD_NUMBER: _ClassVar[int]
    TRACER_PACKET_FIELD_NUMBER: _ClassVar[int]
    FROM_STAKED_NODE_FIELD_NUMBER: _ClassVar[int]
    discard: bool
    forwarded: bool
    repair: bool
    simple_vote_tx: bool
    tracer_packet: bool
    from_staked_node: bool
    def __init__(self, discard: _Optional[bool] = ..., forwarded: _Optional[bool] = ..., repair: _Optional[bool] = ..., simple_vote_tx: _Optional[bool] = ..., tracer_packet: _Optional[bool] = ..., from_staked_node: _Optional[bool] = ...) -> None: ...
