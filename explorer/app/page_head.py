"""What the server adds to the head of the app's page: a script that runs before Streamlit's own."""

from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SCRIPT = Path(__file__).with_name("browser.js")
_UNWANTED = {b"accept-encoding", b"if-none-match", b"if-modified-since"}


class EarlyScript:
    """Adds browser.js to the app's page, which Streamlit serves for every address that is none of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._script = b"<script>" + SCRIPT.read_bytes() + b"</script>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; a page that a browser opens comes whole and unpacked, and leaves with the script."""
        headers = scope.get("headers", [])
        navigated = scope["type"] == "http" and any(k == b"accept" and b"text/html" in v for k, v in headers)
        if not navigated or scope["method"] != "GET" or "/api/" in scope["path"]:
            await self._app(scope, receive, send)
            return
        scope = {**scope, "headers": [(k, v) for k, v in headers if k not in _UNWANTED]}
        held: list[Message] = []

        async def with_script(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                held.append(message)
            elif held:
                held.append(message)
                if not message.get("more_body"):
                    await self._send(held, send)
            else:
                await send(message)

        await self._app(scope, receive, with_script)

    async def _send(self, held: list[Message], send: Send) -> None:
        start, *parts = held
        body = b"".join(part.get("body", b"") for part in parts).replace(b"</head>", self._script + b"</head>", 1)
        headers = [(k, v) for k, v in start["headers"] if k not in (b"content-length", b"etag", b"last-modified")]
        await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})


def _is_page(start: Message) -> bool:
    return any(k == b"content-type" and v.startswith(b"text/html") for k, v in start.get("headers", []))
