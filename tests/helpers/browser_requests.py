"""What a browser asks its server for, so that a test can send it once more, later."""

from __future__ import annotations

import re

from playwright.sync_api import Page, WebSocketRoute
from streamlit.proto.BackMsg_pb2 import BackMsg


class Requests:
    """The requests of a page that is opened after this was made."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._asked, self._redraw = BackMsg(), BackMsg()
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        self._server = socket.connect_to_server()
        socket.on_message(self._pass_on)

    def _pass_on(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            request = BackMsg.FromString(message)
            if request.rerun_script.is_auto_rerun:
                self._redraw = request
            elif request.HasField("rerun_script"):
                self._asked = request
        self._server.send(message)

    def redraw_again(self) -> None:
        """Ask for what the page last asked for by itself, as it redraws a part of it."""
        self._server.send(self._redraw.SerializeToString())

    def ask_again(self, *, by_link_of_now: bool) -> None:
        """Ask as the last click did, with what all controls had then, the link too unless said."""
        if by_link_of_now:
            link = self._page.evaluate("location.search.slice(1)")
            self._asked.rerun_script.query_string = link
        self._server.send(self._asked.SerializeToString())
