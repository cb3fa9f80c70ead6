"""JSON schemas of the events, generated from the models: what a consumer in any language can rely on.

`<Type>.v<version>.json` describes the body of one type, `Envelope.v1.json` the envelope around any of them.
"""

import json
from pathlib import Path

from tradewind.domain.event import Event
from tradewind.domain.events import EVENT_TYPES, Envelope

_FOLDER = Path(__file__).parent
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
ENVELOPE_FILE = "Envelope.v1.json"


def file_name(event: type[Event]) -> str:
    """Where the schema of a type is kept."""
    return f"{event.type_name()}.v{event.version}.json"


def generate() -> dict[str, str]:
    """Every schema as text, by file name."""
    schemas = {file_name(event): _body_schema(event) for event in EVENT_TYPES.values()}
    schemas[ENVELOPE_FILE] = _envelope_schema()
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in sorted(schemas.items())}


def stored() -> dict[str, str]:
    """Every schema as it is kept, by file name."""
    return {path.name: path.read_text() for path in sorted(_FOLDER.glob("*.json"))}


def write() -> None:
    """Bring the kept schemas up to date; files of types that are gone are removed."""
    wanted = generate()
    for name in stored().keys() - wanted.keys():
        (_FOLDER / name).unlink()
    for name, text in wanted.items():
        (_FOLDER / name).write_text(text)


def _body_schema(event: type[Event]) -> dict[str, object]:
    return {"$schema": _DIALECT, "$id": file_name(event), **event.model_json_schema(mode="serialization")}


def _envelope_schema() -> dict[str, object]:
    schema = Envelope.model_json_schema(mode="serialization")
    del schema["$defs"]
    schema["properties"]["body"] = {"type": "object"}
    schema["oneOf"] = [
        {
            "properties": {
                "type": {"const": event.type_name()},
                "version": {"const": event.version},
                "body": {"$ref": file_name(event)},
            }
        }
        for event in EVENT_TYPES.values()
    ]
    return {"$schema": _DIALECT, "$id": ENVELOPE_FILE, **schema}
