"""Python's `gql` fetches the schema, validates against it, and asks."""

import os

import requests
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport

BASE = os.environ.get("FREEHOLD_URL", "http://127.0.0.1:8080")
CSRF = {"X-Freehold-CSRF": "1"}

signed_in = requests.post(
    f"{BASE}/auth/sign-in", json={"email": "finn@acme.test", "password": "rapid-compass-35"}, headers=CSRF, timeout=20
)
signed_in.raise_for_status()
cookie = "; ".join(part.split(";")[0] for part in signed_in.headers["set-cookie"].split(", __Host"))
transport = RequestsHTTPTransport(url=f"{BASE}/graphql", headers={**CSRF, "Cookie": cookie, "X-Tenant": "acme"}, timeout=20)

with Client(transport=transport, fetch_schema_from_transport=True) as session:
    assert "Ticket" in session.client.schema.type_map
    query = gql("query ($n: Int!) { tickets(first: $n, orderBy: [{createdAt: DESC}]) { totalCount nodes { id subject due } } }")
    query.variable_values = {"n": 3}
    found = session.execute(query)["tickets"]
    assert found["totalCount"] == 137 and len(found["nodes"]) == 3, found

with Client(transport=transport) as session:
    try:
        session.execute(gql("{ tickets { nodes { nothing } } }"))
        raise AssertionError("an unknown field was answered")
    except TransportQueryError as error:
        assert error.errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED", error.errors

print(f"gql: {found['totalCount']} tickets")
