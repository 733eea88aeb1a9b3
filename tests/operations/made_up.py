"""A made-up API, as a published description and as a package in the form of OpenAI's."""

from typing import Any

RESOURCES = """
class Toys(SyncAPIResource):
    @cached_property
    def parts(self) -> Parts:
        return Parts(self._client)

    def create(self, *, name, size=omit, tags=omit):
        extra_headers = {"OpenAI-Beta": "toys=v1", **(extra_headers or {})}
        return self._post(
            "/toys",
            body=maybe_transform({"name": name, "size": size, "tags": tags, "box": box},
                                 toy_create_params.ToyCreateParams),
            options=make_request_options(security={"bearer_auth": True}),
            cast_to=Toy,
            stream=stream or False,
        )

    @overload
    def retrieve(self, toy_id: str): ...

    def retrieve(self, toy_id: str):
        return self._get(
            path_template("/toys/{toy_id}", toy_id=toy_id),
            options=make_request_options(security={"bearer_auth": True}),
            cast_to=Toy,
        )

    @typing_extensions.deprecated("gone soon")
    def peek(self, toy_id: str):
        return self._get(
            path_template("/toys/{toy_id}", toy_id=toy_id), options=x(), cast_to=Toy
        )

    def list(self, *, after=omit):
        return self._get_api_list(
            "/toys",
            page=SyncCursorPage[Toy],
            options=make_request_options(
                query=maybe_transform({"after": after}, toy_create_params.ToyListParams),
                security={"admin_api_key_auth": True},
            ),
            model=Toy,
        )

    def list_toys(self):
        return self._get_api_list("/toys/all", page=SyncPage[Toy], options=x(), model=Toy)

    def delete(self, toy_id: str):
        return self._delete(
            path_template("/toys/{toy_id}", toy_id=toy_id), options=x(), cast_to=NoneType
        )

    def create_and_poll(self):
        return self.create()

    def _private(self):
        return self._get("/private")


class AsyncToys(AsyncAPIResource):
    def create(self):
        return self._post("/async")
"""

CONTENT = """
class Content(SyncAPIResource):
    def retrieve(self, toy_id: str):
        return self._get(
            path_template("/toys/{toy_id}/content", toy_id=toy_id),
            options=x(),
            cast_to=_legacy_response.HttpxBinaryResponseContent,
        )

    def replace(self, toy_id: str, *, file: FileTypes):
        body = deepcopy_with_paths({"file": file, "box": box}, [["file"]])
        files = extract_files(body, paths=[["file"]])
        if files:
            extra_headers = {"Content-Type": "multipart/form-data", **(extra_headers or {})}
        return self._post(
            path_template("/toys/{toy_id}/content", toy_id=toy_id),
            body=maybe_transform(body, toy_create_params.ContentParams),
            files=files,
            options=x(),
            cast_to=Toy,
        )
"""

PARAMS = '''
from ..._types import SequenceNotStr, FileTypes
from .shared import Size, Box

ToyName: TypeAlias = Union[str, Literal["bear", "car"]]


class ToyCreateBase(TypedDict, total=False):
    name: Required[ToyName]
    """What it is called: no sentence of this goes anywhere."""

    tags: SequenceNotStr[str]
    box: Optional[Box]


class ToyCreateParamsStreaming(ToyCreateBase):
    stream: Required[Literal[True]]
    size: Size


class ToyCreateParamsNonStreaming(ToyCreateBase, total=False):
    stream: Optional[Literal[False]]
    size: Size
    after: str


ToyCreateParams = Union[ToyCreateParamsNonStreaming, ToyCreateParamsStreaming]


class ToyListParams(TypedDict, total=False):
    after: str
    box_id: Annotated[str, PropertyInfo(alias="X-Box")]


class ContentParams(TypedDict, total=False):
    toy_id: Required[str]
    file: Required[FileTypes]
    box: Box
'''

SHARED = """
if TYPE_CHECKING:
    Size: TypeAlias = int


class Box(TypedDict, total=False):
    color: Required[Literal["red", "blue"]]
    weight: float
    inner: Dict[str, str]
"""

TOY = """
class Toy(BaseModel):
    id: str
    name: Optional[str] = None
    created_at: int
    parts: List[str]
"""

TYPES = "from .toy import Toy\nfrom . import toy_create_params"

PACKAGE = {
    "openai/_version.py": '__version__ = "9.1.0"\n',
    "openai/resources/toys/toys.py": f"from ...types import toy_create_params, Toy\n{RESOURCES}",
    "openai/resources/toys/content.py": f"from ...types import toy_create_params, Toy\n{CONTENT}",
    "openai/resources/toys/__init__.py": "",
    "openai/types/__init__.py": TYPES,
    "openai/types/toy.py": TOY,
    "openai/types/toy_create_params.py": PARAMS,
    "openai/types/shared.py": SHARED,
    "openai/_types.py": "",
}

_BYTES = {"type": "string", "format": "binary"}
_BOX = {
    "type": "object",
    "required": ["color"],
    "properties": {"color": {"type": "string"}, "weight": {"type": "number", "minimum": 0}},
}
_TOY_LIST = {
    "type": "object",
    "properties": {
        "data": {"type": "array", "items": {"$ref": "#/components/schemas/Toy"}},
        "object": {"type": "string"},
        "has_more": {"type": "boolean"},
    },
}
_CREATE = {
    "allOf": [
        {"type": "object", "required": ["name"], "properties": {
            "name": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]},
        }},
        {"type": "object", "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 5},
            "seed": {"type": "integer", "minimum": -9223372036854775808},
            "tags": {"type": "array", "maxItems": 3, "items": {"type": "string"}},
            "box": {"$ref": "#/components/schemas/Box"},
            "old": {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/Box"}]},
        }},
    ]
}  # fmt: skip


def _answer(schema: Any, kind: str = "application/json") -> dict[str, Any]:
    return {"responses": {"200": {"content": {kind: {"schema": schema}}}}}


def _body(schema: Any, kind: str = "application/json") -> dict[str, Any]:
    return {"requestBody": {"content": {kind: {"schema": schema}}}}


_REF = {"$ref": "#/components/schemas/Toy"}
DESCRIPTION: dict[str, Any] = {
    "info": {"title": "Toys", "version": "1.2.3", "license": {"identifier": "MIT"}},
    "components": {
        "schemas": {"Box": _BOX, "Toy": {"type": "object", "properties": {"id": {}, "status": {}}}}
    },
    "paths": {
        "/toys": {
            "post": {"operationId": "createToy", **_body(_CREATE), **_answer(_REF)},
            "get": {
                "operationId": "listToys",
                "parameters": [
                    {"in": "query", "name": "after", "schema": {"type": "string"}},
                    {"in": "query", "name": "include[]", "required": True,
                     "schema": {"type": "array", "items": {"type": "string", "enum": ["a"]}}},
                    {"in": "path", "name": "x"},
                ],
                "security": [{"AdminApiKeyAuth": []}],
                **_answer(_TOY_LIST),
            },
        },
        "/toys/{toy_id}": {"get": {"operationId": "getToy", **_answer(_REF)}},
        "/toys/{toy_id}/lids": {
            "get": {"operationId": "listLids", "deprecated": True, **_answer(_TOY_LIST)},
            "post": {
                "operationId": "addLid",
                **_body(
                    {"type": "object", "properties": {"data": _BYTES}}, "multipart/form-data"
                ),
                "responses": {"204": {}},
            },
        },
        "/toys/{toy_id}/wind": {"post": {"operationId": "windToy", **_answer({}, "audio/mpeg")}},
        "/toys/{toy_id}/peek": {"get": {"operationId": "getToyOnce", **_answer(_REF)}},
    },
}  # fmt: skip
