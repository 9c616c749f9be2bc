"""GraphiQL, for development: a page that works offline, from files that we serve ourselves.

The scripts are those of ``graphene-django-graphiql-static``, taken for its files alone.
"""

from importlib import resources
from pathlib import Path

from flask import Blueprint, Response, abort, send_from_directory

PACKAGED = (
    "react.production.min.js",
    "react-dom.production.min.js",
    "graphiql.min.js",
    "graphiql.min.css",
)
OWN = ("start.js", "page.css")
# GraphiQL's editor writes style attributes, and carries its fonts within its style sheet.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>GraphiQL · Isthmus</title>
<link rel="stylesheet" href="/graphql/ide/graphiql.min.css">
<link rel="stylesheet" href="/graphql/ide/page.css">
</head>
<body>
<div id="graphiql"></div>
<script src="/graphql/ide/react.production.min.js"></script>
<script src="/graphql/ide/react-dom.production.min.js"></script>
<script src="/graphql/ide/graphiql.min.js"></script>
<script src="/graphql/ide/start.js"></script>
</body>
</html>
"""


def page() -> Response:
    """Return the page; it holds nothing of anybody's."""
    return Response(
        PAGE, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY}
    )


def serve_files(web: Blueprint) -> None:
    """Serve what the page loads below ``/graphql/ide/``."""
    package = "graphene_django_graphiql_static"
    packaged = Path(str(resources.files(package))) / "static" / package
    own = Path(__file__).with_name("static")

    @web.get("/graphql/ide/<name>")
    def ide_file(name: str) -> Response:
        """Serve one file."""
        if name not in PACKAGED + OWN:
            abort(404)
        answer = send_from_directory(own if name in OWN else packaged, name, max_age=3600)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer
