"""Images built in the background, while the API answers and Terraform waits."""

from __future__ import annotations

import logging
import threading
import time

from docker.errors import DockerException

from sandbox.machine import images
from sandbox.machine.attempts import FIRST_DELAY, LAST_DELAY, describe
from sandbox.machine.engine import EngineError, connect
from sandbox.machine.status import ImageStatus
from sandbox.settings import Settings

log = logging.getLogger(__name__)

#: Seconds between two checks of an image's files. If they change, the image is built again without a restart.
WATCH_SECONDS = 5


class Builds:
    """Builds images, each in its own thread. A failed build is repeated, and so is one whose files have changed."""

    def __init__(self, settings: Settings) -> None:
        self._work = settings.directory.parent
        self._lock = threading.Lock()
        self._states: dict[images.ImageName, ImageStatus] = {}

    def start(self, stop: threading.Event) -> None:
        """Build the images that every sandbox needs. Threads end soon after *stop* is set."""
        for name in images.IMAGES:
            self.request(name, stop)

    def request(self, name: images.ImageName, stop: threading.Event) -> None:
        """Build an image, unless its build has started already."""
        with self._lock:
            if name in self._states:
                return
            self._states[name] = ImageStatus()
        threading.Thread(target=self._build, args=(name, stop), name=f"image-{name}", daemon=True).start()

    def tag(self, name: images.ImageName) -> str | None:
        """The image's tag once it is built."""
        state = self.states().get(name, ImageStatus())
        return state.detail if state.state == "ready" else None

    def states(self) -> dict[images.ImageName, ImageStatus]:
        """The progress of each image."""
        with self._lock:
            return dict(self._states)

    def _build(self, name: images.ImageName, stop: threading.Event) -> None:
        delay = FIRST_DELAY
        while not stop.is_set():
            try:
                self._ensure(name)
            except (DockerException, EngineError, OSError) as error:
                self._set_state(name, "failed", describe(error))
                log.error("image %s: %s", name, describe(error))
                stop.wait(delay)
                delay = min(2 * delay, LAST_DELAY)
            else:
                delay = FIRST_DELAY
                while images.tag_of(name) == self.tag(name):
                    if stop.wait(WATCH_SECONDS):
                        return

    def _ensure(self, name: images.ImageName) -> None:
        began = time.monotonic()
        client = connect()
        try:
            tag = images.ensure(client, name, self._work, lambda line: self._set_state(name, "building", line, began))
        finally:
            client.close()
        self._set_state(name, "ready", tag, began)
        log.info("image %s: ready after %.1f s", tag, time.monotonic() - began)

    def _set_state(self, name: images.ImageName, state: str, detail: str, began: float | None = None) -> None:
        seconds = round(time.monotonic() - began, 1) if began is not None else 0.0
        with self._lock:
            self._states[name] = ImageStatus(state, detail, seconds)
