"""People before open screens: real processes, and a WebSocket client that nothing of ours is in."""

import json
from contextlib import AbstractContextManager, ExitStack, suppress
from types import TracebackType
from typing import Any, Self

import httpx
from websockets import Headers
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.processes import eventually

PASSWORD = "correct horse battery"
Event = dict[str, Any]


class Screen(AbstractContextManager["Screen"]):
    """An open connection and all that it has said. Leaving the block closes it."""

    def __init__(self, address: str, access: str | None = None, **how: Any) -> None:
        headers = Headers(how.pop("headers", {}))
        if access:
            headers["Authorization"] = f"Bearer {access}"
        self._opened = ExitStack()
        self.socket: ClientConnection = self._opened.enter_context(
            connect(address, additional_headers=headers, proxy=None, close_timeout=0.5, **how)
        )
        self.heard: list[Event] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def say(self, frame: Any) -> None:
        """Sends a frame; what is not text already, as JSON."""
        self.socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def next(self, *, within: float = 10) -> Event:
        """The next message."""
        message: Event = json.loads(self.socket.recv(timeout=within))
        self.heard.append(message)
        return message

    def connected(self) -> str:
        """The cursor that the first message brings."""
        message = self.next()
        assert message["event"] == "connected"
        return str(message["cursor"])

    def listening(self) -> Self:
        """Past the greeting, and past the time for which events are held back."""
        self.say({"resume": self.connected()})
        return self

    def until(self, title: str, *, within: float = 15) -> list[Event]:
        """What comes, up to and including the event of the task with this title."""
        heard = [self.next(within=within)]
        while heard[-1].get("title") != title:
            heard.append(self.next(within=within))
        return heard

    def close_code(self, *, within: float = 10) -> int:
        """How the server closes, whatever it says before."""
        with suppress(ConnectionClosed):
            while True:
                self.next(within=within)
        assert self.socket.protocol.close_rcvd, "the server has hung up without a word"
        return int(self.socket.protocol.close_rcvd.code)


class Somebody(AbstractContextManager["Somebody"]):
    """A person who has just registered, with a program that speaks for them."""

    def __init__(self, base_url: str, name: str) -> None:
        self.base_url = base_url
        self.name = name
        self.http = httpx.Client(base_url=f"{base_url}/api/", timeout=20)
        form = {"email": f"{name}@example.org", "password": PASSWORD}
        assert self.http.post("register/", json=form).status_code == 201
        self.sign_in()
        self.id = int(self.http.get("profile/").json()["id"])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def sign_in(self) -> str:
        """A session of its own; the access token."""
        form = {"email": f"{self.name}@example.org", "password": PASSWORD}
        self.access = str(self.http.post("token/", json=form, headers={"Authorization": ""}).json()["access"])
        self.http.headers["Authorization"] = f"Bearer {self.access}"
        return self.access

    def address(self, query: str = "", *, slash: str = "/") -> str:
        """Where screens connect to."""
        return f"{self.base_url.replace('http', 'ws', 1)}/ws/tasks{slash}{query}"

    def screen(self) -> Screen:
        """Their screen, signed in by a header."""
        return Screen(self.address(), self.access)

    def create(self, title: str, **fields: Any) -> Event:
        """A new task."""
        answer = self.http.post("tasks/", json={"title": title, **fields})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def change(self, task: Event, **fields: Any) -> Event:
        """Another value for some fields."""
        answer = self.http.patch(f"tasks/{task['id']}/", json=fields)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def cookie(self) -> str:
        """The cookie of a browser that they have signed in with."""
        with httpx.Client(base_url=self.base_url, timeout=20) as browser:
            browser.get("/sign-in/")
            form = {"identifier": f"{self.name}@example.org", "password": PASSWORD}
            form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
            assert browser.post("/sign-in/", data=form).status_code == 302
            return f"sessionid={browser.cookies['sessionid']}"


def hears_nothing(screen: Screen, *, before: str) -> None:
    """The next thing that this screen hears is about the task with this title."""
    assert [event["title"] for event in screen.until(before)] == [before]


def wait_until_closed(screen: Screen, *, within: float) -> int:
    """The close code, once there is one."""
    eventually(lambda: screen.socket.protocol.close_rcvd, within=within)
    return screen.close_code()
