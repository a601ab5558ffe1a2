"""Images built in the background, while the API answers and Terraform waits."""

from __future__ import annotations

import logging
import threading
import time

from docker.errors import DockerException

from sandbox.machine import images
from sandbox.machine.attempts import FIRST_DELAY, LAST_DELAY, in_words
from sandbox.machine.engine import EngineError, connect
from sandbox.machine.status import ImageStatus
from sandbox.settings import Settings

log = logging.getLogger(__name__)


class Builds:
    """Makes all images, each in a thread of its own, and tries again until each is there."""

    def __init__(self, settings: Settings) -> None:
        self._work = settings.directory.parent
        self._lock = threading.Lock()
        self._states = {name: ImageStatus() for name in images.IMAGES}

    def start(self, stop: threading.Event) -> None:
        """Begin. Threads end when all is built, or soon after *stop* is set."""
        for name in images.IMAGES:
            threading.Thread(target=self._build, args=(name, stop), name=f"image-{name}", daemon=True).start()

    def tag(self, name: images.ImageName) -> str | None:
        """The image's tag once it is built."""
        state = self.states()[name]
        return state.detail if state.state == "ready" else None

    def states(self) -> dict[images.ImageName, ImageStatus]:
        """How far each image is."""
        with self._lock:
            return dict(self._states)

    def _build(self, name: images.ImageName, stop: threading.Event) -> None:
        began = time.monotonic()

        def tell(state: str, detail: str) -> None:
            with self._lock:
                self._states[name] = ImageStatus(state, detail, round(time.monotonic() - began, 1))

        delay = FIRST_DELAY
        while not stop.is_set():
            try:
                client = connect()
                try:
                    tag = images.ensure(client, name, self._work, lambda line: tell("building", line))
                finally:
                    client.close()
            except (DockerException, EngineError, OSError) as error:
                tell("failed", in_words(error))
                log.error("image %s: %s", name, in_words(error))
                stop.wait(delay)
                delay = min(2 * delay, LAST_DELAY)
            else:
                tell("ready", tag)
                log.info("image %s: ready after %.1f s", tag, time.monotonic() - began)
                return
