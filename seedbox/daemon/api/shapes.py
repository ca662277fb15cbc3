"""Shapes of JSON objects: one table of fields gives both the document and its schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any, Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")

Schema = Mapping[str, Any]
Document = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
BYTES: Schema = {"type": "integer", "minimum": 0, "description": "bytes"}
RATE: Schema = {"type": "integer", "minimum": 0, "description": "bytes/s"}
NUMBER: Schema = {"type": "number"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
TIME: Schema = {"type": "number", "description": "seconds since the epoch, UTC"}


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """One key of a JSON object."""

    name: str
    schema: Schema
    read: Callable[[T], object]


@dataclass(frozen=True, slots=True)
class Shape(Generic[T]):
    """A JSON object, made from a value."""

    name: str  # in the OpenAPI document
    about: str
    fields: tuple[Field[T], ...]

    def document(self, value: T) -> Document:
        """Return a value as JSON has it."""
        return {field.name: field.read(value) for field in self.fields}

    @property
    def schema(self) -> Schema:
        """The JSON Schema of every such document; keys may be added within a version."""
        return {
            "type": "object",
            "description": self.about,
            "required": [field.name for field in self.fields],
            "properties": {field.name: field.schema for field in self.fields},
        }

    @property
    def ref(self) -> Schema:
        """What stands for the schema elsewhere in the OpenAPI document."""
        return {"$ref": f"#/components/schemas/{self.name}"}


def field(
    name: str, schema: Schema, read: Callable[[Any], object] | None = None, about: str = ""
) -> Field[Any]:
    """Return a field; by default it is read from the attribute of the same name."""
    told = {**schema, "description": about} if about else schema
    return Field(name, told, read or attrgetter(name))


def maybe(schema: Schema) -> Schema:
    """Return the schema of a value that may be null."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def some(shape: Shape[U], name: str, read: Callable[[Any], U | None] | None = None) -> Field[Any]:
    """Return a field with one object, or null."""
    found = read or attrgetter(name)

    def document(value: object) -> object:
        inner = found(value)
        return None if inner is None else shape.document(inner)

    return Field(name, maybe(shape.ref), document)


def one(shape: Shape[U], name: str, read: Callable[[Any], U] | None = None) -> Field[Any]:
    """Return a field with one object."""
    found = read or attrgetter(name)
    return Field(name, shape.ref, lambda value: shape.document(found(value)))


def many(
    shape: Shape[U], name: str, read: Callable[[Any], Sequence[U]] | None = None
) -> Field[Any]:
    """Return a field with a list of objects."""
    found = read or attrgetter(name)
    schema = {"type": "array", "items": shape.ref}
    return Field(name, schema, lambda value: [shape.document(each) for each in found(value)])


def counted(keys: Sequence[str], about: str) -> Schema:
    """Return the schema of an object with a number for each of some keys."""
    return {
        "type": "object",
        "description": about,
        "required": list(keys),
        "properties": dict.fromkeys(keys, COUNT),
    }


def choice(values: Sequence[str]) -> Schema:
    """Return the schema of one of some words."""
    return {"type": "string", "enum": list(values)}


def listed(schema: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema}


def number(value: Decimal | None) -> int | float | None:
    """Return an exact number as JSON has it."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
