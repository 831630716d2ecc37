"""Settings, built by whoever starts the program (`create_app`, the command line), never at import."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gis.errors import UsageError
from gis.times import cut_minutes

_ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")


class Settings(BaseSettings):
    """Everything an installation may change, from the environment (``HUODIAN_*``).

    Attributes
    ----------
    db
        The store: ``sqlite:///FILE.gpkg`` or ``postgresql://...``.
    archive
        Directory of the original feed bytes; None puts it beside an embedded store, or under ``./var/archive``.
    service_area
        Code of the unit the service answers for.
    buffer_km
        Detections farther than this outside the service area are outside.
    cut
        Beijing clock time at which the statistical day ends, ``00:00`` or such as ``17:00``.
    public_url
        Absolute address under which clients see the service; links are built from it. Without one `served_at` says
        this machine and the port in use.
    allowed_hosts
        Host names the web server answers to.
    cors_origins
        Web sites whose pages may read ``/ogc`` with a token of their own, each as ``https://host``; none without.
    map_approval
        Map approval number (审图号) shown on every map; empty says that none is set.
    map_attribution
        Whose data the web map shows, as one line; empty names the borders in use and the feeds.
    tianditu_key
        Key (tk) of 天地图 for the base map; None serves none. It never leaves the server.
    tianditu_cache
        Directory of the tiles kept; None puts it beside the archive of the original files.
    tianditu_cache_mb
        Most that directory may hold, in megabytes.
    tianditu_days
        Days after which a kept tile is fetched again.
    token
        A reader's token for the command line; without it the local operator reads everything.
    """

    model_config = SettingsConfigDict(env_prefix="HUODIAN_", frozen=True, extra="ignore")

    db: str = "sqlite:///huodian.gpkg"
    archive: str | None = None
    service_area: str = "220000"
    buffer_km: int = Field(default=20, ge=0, le=500)
    cut: str = "00:00"
    public_url: str = "http://127.0.0.1:8080"
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    cors_origins: tuple[str, ...] = ()
    map_approval: str = ""
    map_attribution: str = Field(default="", max_length=300)
    tianditu_key: SecretStr | None = None
    tianditu_cache: str | None = None
    tianditu_cache_mb: int = Field(default=512, ge=1, le=100_000)
    tianditu_days: int = Field(default=30, ge=1, le=3650)
    token: SecretStr | None = None

    @field_validator("tianditu_key")
    @classmethod
    def _key_or_none(cls, value: SecretStr | None) -> SecretStr | None:
        """Take an empty line in a file of settings for no key."""
        return value if value is not None and value.get_secret_value().strip() else None

    @field_validator("cors_origins")
    @classmethod
    def _exact_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Take what a browser sends as ``Origin`` and nothing wider: no star, no path, no slash at the end."""
        for one in value:
            if not _ORIGIN.fullmatch(one):
                raise ValueError(
                    f'{one!r}: HUODIAN_CORS_ORIGINS 的每一项须形如 "https://www.example.cn"，不带路径与斜杠；'
                    'each must be an exact origin such as "https://www.example.cn", lower case, without a path'
                )
        return value

    @field_validator("cut")
    @classmethod
    def _clock_time(cls, value: str) -> str:
        cut_minutes(value)
        return value

    def served_at(self, port: int) -> Settings:
        """Return the settings of a service that listens on `port`: its own address in links, unless one was set."""
        if "public_url" in self.model_fields_set:
            return self
        return self.model_copy(update={"public_url": f"http://127.0.0.1:{port}"})


def bad_setting(error: ValidationError) -> UsageError:
    """Return the refusal of a setting that cannot be read, with the name of its variable.

    The value is told but for secrets: a token and an address may hold one.
    """
    first = error.errors(include_url=False)[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    value = "***" if field in ("token", "db", "tianditu_key") else str(first.get("input"))[:80]
    name = f"HUODIAN_{field.upper()}"
    return UsageError(
        "bad_setting",
        f"设置 {name} 的值“{value}”不可用：请按 docs/operations.md 的“Settings”改正",
        f"the setting {name} cannot be {value!r} ({first['msg']}): see Settings in docs/operations.md",
        setting=name,
        value=value,
    )
