"""Unity Catalog for tests, in memory; the official client's models judge what avocet sends.

A body that the client's own classes would not have made (an unknown field, a wrong word, a number
for a text) is refused as the real server refuses it, and fails the test at its end.
"""

import base64
import json
import threading
import time
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from local_server import LocalServer
from pydantic import BaseModel
from unitycatalog.client.models import (
    CatalogInfo,
    CreateCatalog,
    CreateSchema,
    CreateTable,
    GenerateTemporaryPathCredential,
    GenerateTemporaryTableCredential,
    PermissionsList,
    SchemaInfo,
    TableInfo,
    TemporaryCredentials,
    UpdateCatalog,
    UpdatePermissions,
    UpdateSchema,
)

API = "/api/2.1/unity-catalog/"
CREATE = {"catalogs": CreateCatalog, "schemas": CreateSchema, "tables": CreateTable}
INFO = {"catalogs": CatalogInfo, "schemas": SchemaInfo, "tables": TableInfo}
UPDATE = {"catalogs": UpdateCatalog, "schemas": UpdateSchema}
VEND = {
    "temporary-path-credentials": GenerateTemporaryPathCredential,
    "temporary-table-credentials": GenerateTemporaryTableCredential,
}
IDENTITY = {"catalogs": "id", "schemas": "schema_id", "tables": "table_id"}


@dataclass
class Fault:
    """The answer to the next request whose method and path begin so, instead of the right one."""

    begins: str
    status: int
    after: bool = False  # the request has its effect all the same


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def checked(model: type[BaseModel], body: Any) -> None:
    """Raises unless `body` is what the official client could have sent."""
    try:
        model.from_dict(body)  # type: ignore[attr-defined]
    except Exception as problem:
        raise Refused(400, "INVALID_ARGUMENT", str(problem)[:500]) from problem
    known = {field.alias or name for name, field in model.model_fields.items()}
    if unknown := set(body) - known:
        raise Refused(400, "INVALID_ARGUMENT", f"unknown fields: {sorted(unknown)}")


class UnityServer(LocalServer):
    """`databricks`: owners can be changed, privileges are written with underscores, and tokens come
    from OAuth."""

    METHODS = ("GET", "POST", "PATCH", "DELETE")
    PROTOCOL = "HTTP/1.1"

    def __init__(self, token: str = "", databricks: bool = False):
        super().__init__()
        self.token, self.databricks = token, databricks
        self.objects: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in CREATE}
        self.grants: dict[str, dict[str, list[str]]] = {}
        self.tags: dict[str, dict[str, str]] = {}  # of tables and columns, by their names
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.refused: list[str] = []  # bodies that the official client would not have sent
        self.client: tuple[str, str] | None = None  # of OAuth
        self.vended: dict[str, str] = {}  # what storage accepts; empty: nothing is vended
        self.vended_for_s = 3600
        self.asked_to_vend: list[dict[str, str]] = []
        self._lock = threading.Lock()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        assert self.refused == []

    def writes(self) -> list[tuple[str, str]]:
        """Requests that change something, as (method, path)."""
        return [(m, p) for m, p in self.requests if m != "GET" and not p.startswith("/oidc")]

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        raw = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        method, path = handler.command, urlsplit(handler.path).path
        with self._lock:
            self.requests.append((method, path.removeprefix(API)))
            fault = None
            if self.faults and f"{method} {path.removeprefix(API)}".startswith(
                self.faults[0].begins
            ):
                fault = self.faults.pop(0)
            try:
                if fault and not fault.after:
                    raise Refused(fault.status, "TEMPORARY", "a bad day")
                if path == "/oidc/v1/token":
                    answer = self._give_token(handler.headers.get("Authorization", ""), raw)
                else:
                    self._check_token(handler.headers.get("Authorization"))
                    answer = self._route(method, path, raw)
                if fault:
                    raise Refused(fault.status, "TEMPORARY", "a bad day")
                status = 200
            except Refused as refusal:
                status = refusal.status
                answer = {"error_code": refusal.code, "message": refusal.message, "details": []}
                if refusal.code == "INVALID_ARGUMENT":
                    self.refused.append(f"{method} {path}: {refusal.message}: {raw.decode()}")
        body = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _give_token(self, authorization: str, raw: bytes) -> Any:
        assert self.client is not None
        wanted = base64.b64encode(":".join(self.client).encode()).decode()
        form = {key: value[0] for key, value in parse_qs(raw.decode()).items()}
        if form != {"grant_type": "client_credentials", "scope": "all-apis"}:
            raise Refused(400, "INVALID_ARGUMENT", "grant_type or scope")
        if authorization != f"Basic {wanted}":
            raise Refused(401, "invalid_client", "Client authentication failed")
        self.token = str(uuid.uuid4())
        return {"access_token": self.token, "token_type": "Bearer", "expires_in": 3600}

    def _check_token(self, authorization: str | None) -> None:
        if self.token and authorization != f"Bearer {self.token}":
            raise Refused(401, "UNAUTHENTICATED", "Invalid or missing token")

    def _route(self, method: str, path: str, raw: bytes) -> Any:
        if not path.startswith(API):
            raise Refused(404, "NOT_FOUND", path)
        kind, *names = [unquote(part) for part in path.removeprefix(API).split("/")]
        if kind == "permissions":
            return self._permissions(method, names, raw)
        if kind == "entity-tag-assignments" and self.databricks:
            return self._tags(method, names, raw)
        if kind in VEND and method == "POST":
            return self._vend(kind, json.loads(raw))
        if kind not in CREATE:
            raise Refused(404, "NOT_FOUND", path)
        if method == "POST":
            return self._create(kind, json.loads(raw))
        found = self.objects[kind].get(names[0])
        if found is None:
            raise Refused(404, f"{kind[:-1].upper()}_NOT_FOUND", f"not found: {names[0]}")
        if method == "PATCH":
            self._update(kind, found, json.loads(raw))
        elif method != "GET":
            raise Refused(405, "METHOD_NOT_ALLOWED", method)
        return found

    def _vend(self, kind: str, body: dict[str, str]) -> Any:
        checked(VEND[kind], body)
        self.asked_to_vend.append(body)
        table = body.get("table_id")
        known = [found["table_id"] for found in self.objects["tables"].values()]
        if table is not None and table not in known:
            raise Refused(404, "TABLE_NOT_FOUND", f"not found: {table}")
        answer: dict[str, Any] = {"expiration_time": int((time.time() + self.vended_for_s) * 1000)}
        if self.vended:
            answer["aws_temp_credentials"] = self.vended
        TemporaryCredentials.from_dict(answer)
        return answer

    def _create(self, kind: str, body: dict[str, Any]) -> Any:
        checked(CREATE[kind], body)
        names = [body[key] for key in ("catalog_name", "schema_name") if key in body]
        full_name = ".".join([*names, body["name"]])
        for depth, parents in zip((1, 2), ("catalogs", "schemas"), strict=True):
            parent = ".".join(names[:depth])
            if len(names) >= depth and parent not in self.objects[parents]:
                raise Refused(404, "PARENT_NOT_FOUND", f"not found: {parent}")
        if full_name in self.objects[kind]:
            raise Refused(409, f"{kind[:-1].upper()}_ALREADY_EXISTS", f"exists: {full_name}")
        if kind == "tables":
            for column in body["columns"]:
                assert json.loads(column["type_json"])["name"] == column["name"]
        now = int(time.time() * 1000)
        made = {
            **body,
            "created_at": now,
            "updated_at": now,
            "owner": "whoever",
            IDENTITY[kind]: str(uuid.uuid4()),
        }
        if kind == "schemas":
            made["full_name"] = full_name
        INFO[kind].from_dict(made)
        self.objects[kind][full_name] = made
        return made

    def _update(self, kind: str, found: dict[str, Any], body: dict[str, Any]) -> None:
        owner = body.pop("owner", None) if self.databricks else None
        if kind in UPDATE:
            checked(UPDATE[kind], body)
        elif body:
            raise Refused(405, "METHOD_NOT_ALLOWED", "tables have no PATCH but for their owner")
        # A server replaces all properties at once.
        found.update(body)
        if owner is not None:
            found["owner"] = owner

    def _tags(self, method: str, names: list[str], raw: bytes) -> Any:
        """Of Databricks; the open-source client has no models of them."""
        if method == "GET":
            kind, entity, last = names
            assert last == "tags"
            found = self._tagged(kind, entity)
            return {"tag_assignments": [self._tag(kind, entity, key) for key in found]}
        body = json.loads(raw)
        kind, entity, key = (body.pop(k) for k in ("entity_type", "entity_name", "tag_key"))
        tags = self._tagged(kind, entity)
        if method == "POST":
            assert names == []
            if key in tags:
                raise Refused(409, "ALREADY_EXISTS", key)
        else:
            assert method == "PATCH" and names == [kind, entity, "tags", key] and key in tags
        tags[key] = body.pop("tag_value", "")
        if body:
            raise Refused(400, "INVALID_ARGUMENT", f"unknown fields: {sorted(body)}")
        return self._tag(kind, entity, key)

    def _tagged(self, kind: str, entity: str) -> dict[str, str]:
        table, column = entity, ""
        if kind == "columns":
            table, _, column = entity.rpartition(".")
        found = self.objects["tables"].get(table)
        if found is None or (column and column not in [c["name"] for c in found["columns"]]):
            raise Refused(404, "NOT_FOUND", entity)
        return self.tags.setdefault(entity, {})

    def _tag(self, kind: str, entity: str, key: str) -> dict[str, str]:
        value = self.tags[entity][key]
        return {"entity_type": kind, "entity_name": entity, "tag_key": key, "tag_value": value}

    def _permissions(self, method: str, names: list[str], raw: bytes) -> Any:
        kind, full_name = names
        assert kind == "catalog" and full_name in self.objects["catalogs"]
        granted = self.grants.setdefault(full_name, {})
        if method == "PATCH":
            text = raw.decode()
            if self.databricks:
                assert "USE CATALOG" not in text
                text = text.replace("USE_", "USE ")
            body = json.loads(text)
            checked(UpdatePermissions, body)
            for change in body["changes"]:
                assert change["remove"] == []
                has = granted.setdefault(change["principal"], [])
                has += [name for name in change["add"] if name not in has]
        answer = {
            "privilege_assignments": [
                {"principal": principal, "privileges": privileges}
                for principal, privileges in granted.items()
            ]
        }
        PermissionsList.from_dict(answer)
        if self.databricks:
            loaded: Any = json.loads(json.dumps(answer).replace("USE ", "USE_"))
            return loaded
        return answer
