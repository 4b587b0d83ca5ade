"""What the OpenAPI document says of every operation beyond what the view declares."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

MEANINGS = {
    400: "A field is missing or wrong; `errors` names each.",
    401: "Nobody is signed in, or the token no longer counts.",
    403: "You can see this, but may not do that with it.",
    404: "Not there, or not visible to you.",
    429: "Too often; `Retry-After` says how long to wait.",
}


class FieldErrorOut(serializers.Serializer[Any]):
    """What is wrong with one field."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """Why a request was refused (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldErrorOut(many=True, required=False)  # type: ignore[assignment]


class DocumentedOperation(AutoSchema):  # type: ignore[no-untyped-call]
    """Adds the refusals that an operation can answer with."""

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._refusals():
            responses.setdefault(
                str(status),
                self._get_response_for_code(Problem, str(status), media_types=["application/problem+json"]),  # type: ignore[no-untyped-call]
            )
            responses[str(status)]["description"] = MEANINGS[status]
        return responses

    def _refusals(self) -> list[int]:
        signed_in = bool(self.view.get_authenticators())
        statuses = [400]
        if signed_in:
            statuses += [401, 403]
        else:
            statuses += [429]
        return [*statuses, 404] if "{" in self.path else statuses
