"""A real Chromium without a screen, driven by its DevTools protocol over aiohttp's client."""

import asyncio
import base64
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_S = 90
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)


class Chromium:
    """One page. Used as `async with Chromium() as page`."""

    def __init__(self, width: int = 1180, height: int = 900, language: str = "en") -> None:
        self._size = (width, height)
        self._language = language
        self._profile = tempfile.mkdtemp(prefix="gorae-chromium-")
        self._last = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._loaded = asyncio.Event()
        self.complaints: list[str] = []

    async def __aenter__(self) -> "Chromium":
        program = next(found for found in map(shutil.which, PROGRAMS) if found)
        self._process = subprocess.Popen(
            [
                program,
                *FLAGS,
                f"--user-data-dir={self._profile}",
                f"--lang={self._language}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LANGUAGE": self._language},
        )
        port = await self._port()
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            pages = await answer.json()
        url = next(one["webSocketDebuggerUrl"] for one in pages if one["type"] == "page")
        self._wire = await self._session.ws_connect(url, max_msg_size=0)
        self._reader = asyncio.ensure_future(self._read())
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.send(f"{domain}.enable")
        await self.resize(*self._size)
        headers = {"Accept-Language": self._language}
        await self.send("Network.setExtraHTTPHeaders", headers=headers)
        return self

    async def _port(self) -> str:
        path = Path(self._profile) / "DevToolsActivePort"
        for _ in range(PATIENCE_S * 20):
            if path.exists() and path.read_text().strip():
                return path.read_text().split()[0]
            assert self._process.poll() is None, "chromium ended"
            await asyncio.sleep(0.05)
        raise AssertionError("chromium did not come up")

    async def _read(self) -> None:
        async for message in self._wire:
            document = json.loads(message.data)
            if "id" in document:
                self._waiting.pop(document["id"]).set_result(document)
            elif document["method"] == "Page.loadEventFired":
                self._loaded.set()
            elif document["method"] == "Log.entryAdded":
                entry = document["params"]["entry"]
                if entry["level"] == "error":
                    self.complaints.append(entry["text"])
            elif document["method"] == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(document["params"]))

    async def send(self, method: str, **params: Any) -> Any:
        """One command; its result."""
        self._last += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._last] = future
        await self._wire.send_json({"id": self._last, "method": method, "params": params})
        document = await asyncio.wait_for(future, PATIENCE_S)
        assert "error" not in document, document
        return document["result"]

    async def resize(self, width: int, height: int) -> None:
        """As a window or a phone."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    async def go(self, url: str) -> None:
        """Load a page."""
        self._loaded.clear()
        await self.send("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), PATIENCE_S)

    async def js(self, text: str) -> Any:
        """The value of an expression in the page."""
        answer = await self.send(
            "Runtime.evaluate",
            expression=text,
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def text(self) -> str:
        """What a reader sees."""
        return str(await self.js("document.body.innerText"))

    async def fill(self, **fields: str) -> None:
        """Type into inputs by their names."""
        for name, value in fields.items():
            script = f"document.querySelector('main [name={name}]').value = {json.dumps(value)}"
            await self.js(script)

    async def submit(self, selector: str) -> None:
        """Press a form's button and wait for the page that follows."""
        self._loaded.clear()
        await self.js(f"document.querySelector({json.dumps(selector)}).click()")
        await asyncio.wait_for(self._loaded.wait(), PATIENCE_S)

    async def screenshot(self, path: Path) -> None:
        """The whole page as a PNG."""
        answer = await self.send("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.cancel()
        await self._session.close()
        self._process.terminate()
        await asyncio.to_thread(self._process.wait, 20)
        shutil.rmtree(self._profile, ignore_errors=True)
