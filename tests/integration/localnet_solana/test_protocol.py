"""The generated messages are what their .proto files say."""

from pathlib import Path

from tradewind.localnet.solana.protocol.generate import FOLDER, ROOT, generate


def test_generating_the_messages_anew_gives_the_committed_bytes(tmp_path: Path) -> None:
    written = generate(tmp_path)
    committed = sorted(FOLDER.glob("*_pb2.py*"))
    assert [path.relative_to(tmp_path) for path in written] == [path.relative_to(ROOT) for path in committed]
    assert len(committed) == 14
    for fresh, kept in zip(written, committed, strict=True):
        assert fresh.read_bytes() == kept.read_bytes(), kept.name
