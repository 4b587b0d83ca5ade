"""The OpenAPI schema as a page for people: each operation with its parameters, body and responses."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
Schema = dict[str, Any]
Refusal = tuple[str, str]  # status and reason


def page(schema: Schema) -> str:
    """Markdown, by tag. Refusals of most operations are listed once, at the beginning."""
    by_tag = defaultdict[str, list[str]](list)
    operations = [
        (f"{method.upper()} {path}", of_path[method])
        for path, of_path in sorted(schema["paths"].items())
        for method in METHODS
        if method in of_path
    ]
    times = Counter(refusal for _, operation in operations for refusal in _refusals(operation))
    usual = {refusal for refusal, number in times.items() if number > len(operations) / 2}
    for name, operation in operations:
        by_tag[operation["tags"][0]].append("\n".join(_operation(name, operation, usual)))
    objects = [_object(name, one) for name, one in sorted(schema["components"]["schemas"].items())]
    sections = ["\n".join([f"## {_title(tag)}\n", *by_tag[tag]]) for tag in sorted(by_tag)]
    refusals = (f"- `{status}`: {why}" for status, why in sorted(usual))
    return "\n".join([BEGINNING, *refusals, "", *sections, "## Objects\n", *objects])


BEGINNING = """# API reference

Every operation of the JSON API, made from its OpenAPI schema. Your own Taskbell has the same at `/api/docs/`, where you
can try each one, and the schema itself at `/api/schema/`. [The guide to the API](api.md) explains signing in, errors,
paging and the rules that several operations share.

Most operations can be refused in these ways; each one lists only the others:
"""


def _title(tag: str) -> str:
    return tag[:1].upper() + tag[1:].replace("_", " ").replace("-", " ")


def _refusals(operation: Schema) -> list[Refusal]:
    return [(status, one["description"]) for status, one in sorted(operation["responses"].items()) if status > "3"]


def _operation(name: str, operation: Schema, usual: Collection[Refusal]) -> Iterator[str]:
    yield f"### `{name}`\n"
    yield operation.get("description", "") + "\n"
    if parameters := [one for one in operation.get("parameters", []) if "description" in one or one["in"] == "query"]:
        yield from _table("Parameter", ((f"`{p['name']}`", p["schema"], p.get("description", "")) for p in parameters))
    for type_, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"Body (`{type_}`): {_kind(content.get('schema', {}))}\n"
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            kinds = [_kind(content["schema"]) for content in answer.get("content", {}).values()]
            yield f"Returns `{status}`{': ' if kinds else ''}{' or '.join(dict.fromkeys(kinds))}\n"
    yield from (f"- `{status}`: {why}" for status, why in _refusals(operation) if (status, why) not in usual)
    yield ""


def _object(name: str, schema: Schema) -> str:
    required = schema.get("required", [])
    rows = (
        (f"`{field}`" + ("" if field in required else " (optional)"), one, one.get("description", ""))
        for field, one in schema.get("properties", {}).items()
    )
    values = "" if "properties" in schema else f"{_kind(schema)}\n"
    return "\n".join([f"### {name}\n", schema.get("description", ""), "", values, *_table("Field", rows)])


def _table(what: str, rows: Any) -> Iterator[str]:
    lines = [f"| {name} | {_kind(schema)} | {_cell(about)} |" for name, schema, about in rows]
    if lines:
        yield from (f"| {what} | Type | Meaning |", "| --- | --- | --- |", *lines, "")


def _kind(schema: Schema) -> str:
    """What a value is, in a few words; objects are links."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for one in ("oneOf", "anyOf", "allOf"):
        if one in schema:
            return " or ".join(dict.fromkeys(_kind(choice) for choice in schema[one]))
    if "enum" in schema:
        return ", ".join(f"`{'null' if value is None else value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    words = schema.get("type", "any value")
    words = " or ".join(words) if isinstance(words, list) else words
    return f"{words} ({schema['format']})" if "format" in schema else words


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
