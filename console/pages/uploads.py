"""Many people at once: a spreadsheet is checked without keeping anybody, and only then taken; bad rows come back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette_admin.routing import route

from console.access import NotFound, check_may
from console.intake import SHOWN, read_upload
from console.pages.page import Page, staff_of
from console.permissions import Permission
from console.security import LARGEST_REQUEST
from storage import Store
from storage.lead_import import template_file
from storage.staff import StaffUser
from storage.uploads import Upload
from storage.words import StaffRole, UploadState

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_PAPER = 60
#: While rows are read, the page looks again after so many seconds.
_LOOK_AGAIN = "2"
#: Work that says nothing for so long died with its process.
_DEAD_AFTER = timedelta(minutes=10)
# What people hand in must never become a temporary file: Starlette writes larger uploads to disk unless told not to.
MultiPartParser.spool_max_size = LARGEST_REQUEST


class Uploads(Page):
    """Hand in, check, take."""

    path = "/unggah"
    label = "upload_title"
    icon = "fa-solid fa-file-arrow-up"
    permission = Permission.IMPORT_LEADS

    def is_accessible(self, request: Request) -> bool:
        """Also not where nobody makes receipt numbers."""
        return self.desk.settings.fresh_number is not None and super().is_accessible(request)

    @route("", name="uploads")
    async def index(self, request: Request) -> Response:
        """The form, and what one handed in last."""
        user = staff_of(request)
        mine = await self.desk.read(lambda store: store.uploads.of(user.id))
        context = {
            "uploads": mine,
            "zone": self.desk.settings.zone,
            "subtitle": self.desk.words("upload_subtitle"),
            "megabytes": LARGEST_REQUEST // 1024 // 1024,
        }
        return self.show(request, "pages/uploads.html", context)

    @route("", methods=["POST"], name="upload-add")
    async def add(self, request: Request) -> Response:
        """Keep the file, sealed, and begin to check it."""
        user = staff_of(request)
        check_may(user, Permission.IMPORT_LEADS)
        async with request.form() as form:
            sent, paper = form.get("file"), str(form.get("paper") or "").strip()[:_LONGEST_PAPER]
            raw = await sent.read() if isinstance(sent, UploadFile) else b""
        if not raw or not paper or not isinstance(sent, UploadFile):
            return self.back(request, self.path, self.desk.words("upload_incomplete"), "error")
        name, now = (sent.filename or "")[:120], self.desk.now()

        def work(store: Store) -> Upload:
            return store.uploads.get(store.uploads.add(user.id, name, paper, raw, now))

        return self._at_work(request, await self.desk.write(work), user)

    @route("/templat", name="upload-template")
    async def template(self, request: Request) -> Response:
        """An empty spreadsheet to fill in."""
        user = staff_of(request)
        pieces = template_file(user.name, self.desk.now(), self.desk.content.current)
        return _file(pieces, "templat-pendaftaran.xlsx")

    @route("/{upload_id:int}", name="upload")
    async def one(self, request: Request) -> Response:
        """How far it is, then what was found."""
        upload, shown = await self.desk.read(lambda store: self._mine(store, request))
        if shown:
            await self.note_view(request, "upload_viewed", f"upload:{upload.id}")
        context = {
            "upload": upload,
            "problems": [line.partition(": ")[::2] for line in shown],
            "most": SHOWN,
            "dead": upload.at_work and self.desk.now() - upload.made_at > _DEAD_AFTER,
            "title": upload.name or self.desk.words("upload_title"),
        }
        answer = self.show(request, "pages/upload.html", context)
        if upload.at_work:
            answer.headers["Refresh"] = _LOOK_AGAIN
        return answer

    @route("/{upload_id:int}/catat", methods=["POST"], name="upload-take")
    async def take(self, request: Request) -> Response:
        """Take the good rows. Twice is once: who was taken is known by NIK."""
        return await self._go_on(request, UploadState.TAKING, UploadState.CHECKED)

    @route("/{upload_id:int}/ulang", methods=["POST"], name="upload-again")
    async def again(self, request: Request) -> Response:
        """Begin anew what died half-way."""
        upload, _ = await self.desk.read(lambda store: self._mine(store, request))
        if self.desk.now() - upload.made_at <= _DEAD_AFTER or not upload.at_work:
            return self.back(request, f"{self.path}/{upload.id}")
        return await self._go_on(request, upload.state, upload.state)

    @route("/{upload_id:int}/perbaiki", methods=["POST"], name="upload-errors")
    async def errors(self, request: Request) -> Response:
        """The rows to correct, as they came, each with what is wrong."""
        user, now = staff_of(request), self.desk.now()
        upload, _ = await self.desk.read(lambda store: self._mine(store, request))
        rows = await self.desk.read(lambda store: store.uploads.errors(upload.id))
        if rows is None:
            return self.back(request, f"{self.path}/{upload.id}", self.desk.words("upload_forgotten"), "error")
        await self.desk.write(
            lambda store: store.audit.record(user.login, "upload_returned", f"upload:{upload.id}", now)
        )
        return _file(iter([rows]), "perlu-diperbaiki.xlsx")

    async def _go_on(self, request: Request, state: UploadState, was: UploadState) -> Response:
        user = staff_of(request)
        check_may(user, Permission.IMPORT_LEADS)

        def work(store: Store) -> Upload | None:
            upload, _ = self._mine(store, request)
            return store.uploads.get(upload.id) if store.uploads.begin(upload.id, state, was) else None

        upload = await self.desk.write(work)
        if upload is None:
            return self.back(request, f"{self.path}/{request.path_params['upload_id']}")
        return self._at_work(request, upload, user)

    def _at_work(self, request: Request, upload: Upload, user: StaffUser) -> Response:
        answer = self.back(request, f"{self.path}/{upload.id}")
        answer.background = BackgroundTask(read_upload, self.desk, upload, user.login)
        return answer

    def _mine(self, store: Store, request: Request) -> tuple[Upload, list[str]]:
        """One's own upload, or anybody's for an administrator, with the first problems.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        user, upload = staff_of(request), store.uploads.get(int(request.path_params["upload_id"]))
        if upload.staff_id != user.id and user.role is not StaffRole.ADMIN:
            raise NotFound
        return upload, store.uploads.shown(upload.id)


def _file(pieces: Iterator[bytes], name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type=_XLSX, headers=headers)
