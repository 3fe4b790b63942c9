"""The small HTTP layer: typed routes, OpenAPI, parsing, limits. It knows no handler."""
