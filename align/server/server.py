"""The review server: pages with scripts and fonts, and a websocket per session, all authorised by a token.

A request is authorised by the token in its address, and by its Host and Origin headers.
"""

from __future__ import annotations

import asyncio
import html
import ipaddress
import json
import secrets
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import textual_serve
from aiohttp import WSCloseCode, WSMsgType, web
from textual_serve.download_manager import DownloadManager

from align.errors import UsageError
from align.server.app_process import FINISH_SECONDS, Session

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")


def new_token() -> str:
    """A URL-safe token of 192 random bits."""
    return secrets.token_urlsafe(24)


def host_name(netloc: str) -> str:
    """The host of `name:port`, `[::1]:port` or `name`, in lower case; empty if it is none of these."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").lower()
    except ValueError:
        return ""


def _netloc(origin: str) -> str | None:
    """`name:port` of an Origin in lower case; None for an invalid one."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether a server that listens on `host` is reachable only from this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """Whether `host` is an IP address, which, unlike a name, cannot be pointed elsewhere (DNS rebinding)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class RequestAuth:
    """Checks of a request. `listening`: the address that the server is bound to."""

    listening: str
    names: frozenset[str] = frozenset()
    """Further host names of the server (`--allow-host`)."""
    token: str = field(default_factory=new_token, repr=False)

    def refusal_reason(self, *, token: str, host: str, origin: str | None, upgrade: bool) -> str | None:
        """Why the request is refused, for the log; None if it is allowed.

        host and origin are the headers as sent. `upgrade`: the request opens a websocket and must have an Origin,
        since browsers let any page on the web open one.
        """
        name = host_name(host)
        if not self._is_own_name(name):
            return f"asked for the host {name!r}, which is not a name of this server (--allow-host NAME allows it)"
        if upgrade and origin is None:
            return "opened a websocket without an Origin"
        if origin is not None and _netloc(origin) != host.lower():
            return f"came from a page of {origin!r}"
        # A path may contain bytes that are not UTF-8.
        if not secrets.compare_digest(token.encode("utf-8", "surrogatepass"), self.token.encode()):
            return "sent no token, or a wrong one"
        return None

    def _is_own_name(self, name: str) -> bool:
        if name in self.names or name == self.listening:
            return True
        if is_loopback(self.listening):
            return name in LOOPBACK_NAMES
        return is_address(name) or name in LOOPBACK_NAMES


STATIC = Path(str(resources.files("align.server") / "static"))
TEXTUAL_STATIC = Path(textual_serve.__file__).parent / "static"
FILES = {
    "serve.css": (STATIC / "serve.css", "text/css"),
    "serve.js": (STATIC / "serve.js", "text/javascript"),
    "xterm.css": (TEXTUAL_STATIC / "css" / "xterm.css", "text/css"),
    "textual.js": (TEXTUAL_STATIC / "js" / "textual.js", "text/javascript"),
    "RobotoMono.ttf": (TEXTUAL_STATIC / "fonts" / "RobotoMono-VariableFont_wght.ttf", "font/ttf"),
}
"""All static files of the pages, by their names in URLs. Nothing else on disk is served."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
VISIT_VARIABLE = "ALIGN_VISIT"
"""The environment variable with the name of a visit: the app writes it with each decision, since a reviewer's name is
only what somebody typed."""
LIGHT_THEME = "textual-light"
"""Theme of the app for browsers that prefer light pages, unless another was requested."""
MAX_TERMINAL_CELLS = 1000
MAX_NAME_LENGTH = 80
WriteLog = Callable[[str], None]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class TouchKey:
    """A key of the bar on phones: its label, its tooltip, and the characters that it sends."""

    label: str
    title: str
    types: str


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Options of the server. `command`: the program and arguments that start the Textual app of a session."""

    command: list[str]
    title: str
    host: str = "127.0.0.1"
    port: int = 8317
    """0 picks a free port."""
    max_sessions: int = 4
    """Maximum number of simultaneous sessions; each is a process."""
    reviewer: str = ""
    """Empty: the page asks for a name."""
    names: frozenset[str] = frozenset()
    keys: Sequence[TouchKey] = field(default_factory=tuple)


class ReviewServer:
    """Serves the review app until stopped. `log` takes a line."""

    def __init__(self, options: ServerOptions, log: WriteLog) -> None:
        self.options = options
        self.log = log
        self.auth = RequestAuth(listening=options.host, names=options.names)
        self.port = options.port
        self._open: set[web.WebSocketResponse] = set()
        self._downloads = DownloadManager()
        self._n_sessions = 0

    @property
    def address(self) -> str:
        """The URL to open, with the token."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.options.host, self.options.host)
        return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{self.port}/{self.auth.token}/"

    def application(self) -> web.Application:
        """The aiohttp application: routes below the token; every request is authorised first."""
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/{token}", self._redirect_to_slash)
        app.router.add_get("/{token}/", self._page)
        app.router.add_get("/{token}/static/{name}", self._file)
        app.router.add_get("/{token}/download/{key}", self._download)
        app.router.add_get("/{token}/ws/{scheme:light|dark}/{reviewer:.*}", self._visit)
        app.on_shutdown.append(self._close_all)
        return app

    async def serve(self, stop: asyncio.Event, ready: Callable[[], None] = lambda: None) -> None:
        """Listen, call `ready`, and serve until `stop` is set. UsageError if the address is not available."""
        runner = web.AppRunner(
            self.application(), handle_signals=False, access_log=None, shutdown_timeout=FINISH_SECONDS + 5
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, self.options.host, self.options.port)
            try:
                await site.start()
            except OSError as error:
                raise UsageError(
                    f"{self.options.host}:{self.options.port}: cannot listen there ({error.strerror}). "
                    "Choose another --port; 0 picks a free port."
                ) from error
            self.port = runner.addresses[0][1]
            ready()
            await stop.wait()
        finally:
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        reason = self.auth.refusal_reason(
            token=request.path.strip("/").partition("/")[0],
            host=request.headers.get("Host", ""),
            origin=request.headers.get("Origin"),
            upgrade="Upgrade" in request.headers,
        )
        if reason is not None:
            self.log(f"refused {request.remote}: {reason}")
            return web.Response(status=403, text="Access denied. Open the full address that `align serve` printed.\n")
        try:
            response = await handler(request)
        except web.HTTPException as error:
            return web.Response(status=error.status, text=f"{error.reason}\n", headers=HEADERS)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    async def _redirect_to_slash(self, request: web.Request) -> web.Response:
        """Redirect to the address with a trailing slash."""
        return web.Response(status=308, headers={"Location": f"{request.path}/"})

    async def _page(self, request: web.Request) -> web.Response:
        page = (STATIC / "index.html").read_text(encoding="utf-8")
        keys = [{"label": key.label, "title": key.title, "types": key.types} for key in self.options.keys]
        filled = page.replace("{{title}}", html.escape(self.options.title))
        filled = filled.replace("{{reviewer}}", html.escape(self.options.reviewer))
        return web.Response(text=filled.replace("{{keys}}", html.escape(json.dumps(keys))), content_type="text/html")

    async def _file(self, request: web.Request) -> web.Response:
        if request.match_info["name"] not in FILES:
            raise web.HTTPNotFound
        path, kind = FILES[request.match_info["name"]]
        return web.Response(body=path.read_bytes(), content_type=kind)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """A file that an app has made, once: exports and the report."""
        key = request.match_info["key"]
        try:
            about = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound from None
        response = web.StreamResponse(headers=HEADERS)
        response.content_type = about.mime_type or "application/octet-stream"
        name = quote(about.file_name)
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        await response.prepare(request)
        async for chunk in self._downloads.download(key):
            await response.write(chunk)
        await response.write_eof()
        return response

    async def _visit(self, request: web.Request) -> web.StreamResponse:
        if self._n_sessions >= self.options.max_sessions:
            self.log(f"refused {request.remote}: all {self.options.max_sessions} sessions are in use")
            raise web.HTTPServiceUnavailable(reason="All sessions are in use")
        self._n_sessions += 1
        try:
            return await self._run_session(request)
        finally:
            self._n_sessions -= 1

    async def _run_session(self, request: web.Request) -> web.StreamResponse:
        reviewer = self.options.reviewer or clean_name(unquote(request.match_info["reviewer"]))
        visit = secrets.token_hex(4)
        who = f"{reviewer or 'somebody'} at {request.remote}, visit {visit}"
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=1 << 20)
        await socket.prepare(request)
        self._open.add(socket)

        async def close() -> None:
            await socket.close()

        environment = {VISIT_VARIABLE: visit} | ({"ALIGN_REVIEWER": reviewer} if reviewer else {})
        if request.match_info["scheme"] == "light":
            environment["ALIGN_THEME"] = LIGHT_THEME  # a requested theme is in the command and takes precedence
        session = Session(
            self.options.command,
            environment=environment,
            downloads=self._downloads,
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=close,
        )
        self.log(f"opened for {who}: {self._n_sessions} of {self.options.max_sessions} sessions in use")
        watch: asyncio.Task[None] | None = None
        try:
            await session.start(query_cells(request, "width", 80), query_cells(request, "height", 24))
            watch = asyncio.create_task(self._close_after(session, socket))
            await relay(socket, session)
        finally:
            if watch is not None:
                watch.cancel()
            code = await session.finish(lambda: self.log(f"waiting for {who}: the last decisions are being saved"))
            self._open.discard(socket)
            complaint = f": {session.last_error_line}" if code and session.last_error_line else ""
            self.log(f"closed for {who}{f' with exit code {code}' if code else ''}{complaint}")
        return socket

    async def _close_after(self, session: Session, socket: web.WebSocketResponse) -> None:
        """Close the websocket when the app exits by itself, also if it failed to start."""
        if session._process is not None:
            await session._process.wait()
            await socket.close()

    async def _close_all(self, _: web.Application) -> None:
        for socket in list(self._open):
            await socket.close(code=1001, message=b"the server stops")


async def relay(socket: web.WebSocketResponse, session: Session) -> None:
    """Forward messages of the page to the app until one of them closes. Invalid messages are ignored; messages that
    no page sends (binary, or nested too deeply) close the session."""
    async for message in socket:
        if message.type != WSMsgType.TEXT:
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"text messages only")
            return
        try:
            kind, *rest = json.loads(message.data)
            match kind, rest:
                case "stdin", [str(typed)]:
                    await session.send_bytes(typed.encode("utf-8", "replace"))
                case "resize", [{"width": int(width), "height": int(height)}]:
                    await session.set_terminal_size(clamp_cells(width), clamp_cells(height))
                case "ping", [sent]:
                    await socket.send_json(["pong", sent])
                case "focus", _:
                    await session.focus()
                case "blur", _:
                    await session.blur()
        except (ValueError, TypeError):
            continue
        except RecursionError:
            await socket.close(code=WSCloseCode.INVALID_TEXT, message=b"nested too deeply")
            return


def clamp_cells(number: int) -> int:
    """Clamp a width or height to that of a terminal."""
    return max(1, min(number, MAX_TERMINAL_CELLS))


def query_cells(request: web.Request, name: str, default: int) -> int:
    """A width or height from the query, clamped."""
    try:
        return clamp_cells(int(request.query.get(name, default)))
    except ValueError:
        return default


def clean_name(name: str) -> str:
    """A reviewer's name as typed, without characters that a line or the environment cannot contain."""
    return "".join(c for c in name if c.isprintable()).strip()[:MAX_NAME_LENGTH]


def run(options: ServerOptions, log: WriteLog, ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM. `ready` gets the URL to open."""

    async def serving() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for caught in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(caught, stop.set)
        server = ReviewServer(options, log)
        if not is_loopback(options.host):
            log(f"{options.host} is open to the network, and nothing is encrypted: put a TLS proxy before it.")
        await server.serve(stop, lambda: ready(server.address))

    asyncio.run(serving())
