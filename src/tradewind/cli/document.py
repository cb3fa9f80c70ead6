"""What a command writes with --json: the answer of the service as it stands."""

from typing import Any

from pydantic import BaseModel


def document_of(answer: BaseModel) -> dict[str, Any]:
    """JSON values of an answer."""
    return answer.model_dump(mode="json")
