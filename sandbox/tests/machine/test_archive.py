"""Files on their way into a container."""

from __future__ import annotations

import io
import tarfile

from sandbox.machine.archive import File, pack


def test_content_mode_and_owner_arrive() -> None:
    packed = pack([File("etc/key", b"secret", mode=0o600, uid=5, gid=6), File("etc/empty", b"")])
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        key, empty = archive.getmembers()
        content = archive.extractfile(key)
        assert content
        assert content.read() == b"secret"
    assert (key.name, key.mode, key.uid, key.gid) == ("etc/key", 0o600, 5, 6)
    assert (empty.name, empty.size, empty.mode) == ("etc/empty", 0, 0o644)
