"""The URL of a Postgres database, read and written."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from .stages import StageError

DEFAULT_PORT = 5432
UNVERIFIED = {"disable", "allow", "prefer"}
"""Values of sslmode with which libpq is content without TLS; `prefer` is its default."""

URL_FIX = "write it as postgresql://role:password@host:5432/database?sslmode=verify-full&sslrootcert=/path/of/ca.pem"


@dataclass(frozen=True)
class Dsn:
    """Where a database is and who logs in. The password is kept out of the representation."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    sslmode: str = "prefer"
    ca_file: str | None = None

    def url(self) -> str:
        """The URL, with every part percent-encoded, as libpq reads it (PostgreSQL manual, 34.1.1.2)."""
        settings = {"sslmode": self.sslmode}
        if self.ca_file:
            settings["sslrootcert"] = self.ca_file
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return (
            f"postgresql://{login}@{self.host}:{self.port}/{quote(self.database, safe='')}"
            f"?{urlencode(settings, safe='/', quote_via=quote)}"
        )


def parse(url: str) -> Dsn:
    """Read a URL; drivers' suffixes such as `postgresql+asyncpg` are accepted.

    Raises:
        StageError: It is none that a probe could use. The message quotes nothing of it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORT
        settings = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise StageError("DATABASE_URL is not a valid URL", URL_FIX, kind="url") from None
    if parts.scheme.partition("+")[0] not in ("postgres", "postgresql"):
        raise StageError("DATABASE_URL does not begin with postgresql://", URL_FIX, kind="url")
    if not parts.hostname or not parts.username or parts.password is None:
        raise StageError("DATABASE_URL lacks the host, the role or the password", URL_FIX, kind="url")
    user = unquote(parts.username)
    return Dsn(
        host=parts.hostname,
        port=port,
        database=unquote(parts.path.lstrip("/")) or user,
        user=user,
        password=unquote(parts.password),
        sslmode=settings.get("sslmode", settings.get("ssl", "prefer")),
        ca_file=settings.get("sslrootcert"),
    )
