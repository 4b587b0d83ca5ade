"""Things as JSON, once for every door.

A payload is declared as a TypedDict, which checks the function that builds it and documents the API. A member says
more by `Annotated`: a text describes it, and a mapping has further keywords of JSON Schema.
"""
