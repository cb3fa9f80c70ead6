"""Generates the Python of the .proto files beside it. Run as a module; a folder as argument writes there instead."""

import sys
from importlib.resources import files
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[3]


def generate(into: Path = ROOT) -> list[Path]:
    """Write each `_pb2.py` and its `.pyi` under `into`, at its package's path; returns the files written, in order."""
    # Only here: the generator is a development requirement, and the package must import without it.
    from grpc_tools import protoc  # noqa: PLC0415

    protos = sorted(FOLDER.glob("*.proto"))
    well_known = str(files("grpc_tools") / "_proto")
    arguments = ["protoc", f"-I{ROOT}", f"-I{well_known}", f"--python_out={into}", f"--pyi_out={into}"]
    if protoc.main([*arguments, *(str(path.relative_to(ROOT)) for path in protos)]) != 0:
        raise SystemExit("protoc refused the files; what it says stands above")
    home = into / FOLDER.relative_to(ROOT)
    return sorted(path for proto in protos for path in home.glob(f"{proto.stem}_pb2.py*"))


if __name__ == "__main__":
    for written in generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT):
        print(written)
