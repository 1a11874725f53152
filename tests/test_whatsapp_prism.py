"""Every body we send, against Meta's own OpenAPI description, served by Prism.

Needs two things that are not ours to ship, and is skipped without them: whatsapp-business-messaging-v23.yaml of
facebook/openapi in `../shared/peers/` beside the checkout (or where RANGKUL_WHATSAPP_OPENAPI says), and Prism
(`npm install --prefix var/prism @stoplight/prism-cli`; or on the path, or where RANGKUL_PRISM says).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from pydantic import SecretStr
from whatsapp_world import PNG, run, templates, words

from bot.channels.channel import Outgoing
from bot.channels.whatsapp import WhatsAppAccount, WhatsAppChannel
from bot.channels.whatsapp_send import compose
from content.model import Button

ROOT = Path(__file__).resolve().parents[1]
DESCRIBED = Path(
    os.environ.get("RANGKUL_WHATSAPP_OPENAPI") or ROOT.parent / "shared/peers/whatsapp-business-messaging-v23.yaml"
)
INSTALLED = ROOT / "var/prism/node_modules/.bin/prism"

#: Where the description is stricter than life, and how it is loosened; nothing else is changed.
OVERLAY: tuple[tuple[str, Callable[[dict[str, Any]], Any]], ...] = (
    (
        "a button's index begins at 0; the pattern of the description matches no such digit",
        lambda schemas: schemas["TemplateComponent"]["properties"]["index"].update(pattern="^[0-9]$"),
    ),
    (
        "a business-scoped id goes under recipient, and then there is no to",
        lambda schemas: schemas["BaseMessageProperties"].update(
            required=["messaging_product", "recipient_type", "type"],
            properties={**schemas["BaseMessageProperties"]["properties"], "recipient": {"type": "string"}},
        ),
    ),
)


def _prism() -> str:
    prism = os.environ.get("RANGKUL_PRISM") or (str(INSTALLED) if INSTALLED.exists() else shutil.which("prism"))
    if prism is None:
        pytest.skip("Prism is not installed (npm install --prefix var/prism @stoplight/prism-cli)")
    return prism


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not DESCRIBED.is_file():
        pytest.skip(f"Meta's description is not there: {DESCRIBED}")
    prism = _prism()
    overlaid = tmp_path_factory.mktemp("prism") / "whatsapp.yaml"
    overlaid.write_text(yaml.dump(_overlaid(DESCRIBED), Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [prism, "mock", "-h", "127.0.0.1", "-p", str(port), "--errors", str(overlaid)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as serving:
        assert serving.stdout is not None
        for line in serving.stdout:
            if "is listening" in line:
                break
        else:
            pytest.fail("Prism ended before it was listening")
        yield f"http://127.0.0.1:{port}"
        serving.terminate()


def _overlaid(path: Path) -> Any:
    """The description with OVERLAY applied, and nothing else."""
    with path.open(encoding="utf-8") as file:
        described = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for _reason, loosen in OVERLAY:
        loosen(described["components"]["schemas"])
    return described


def _taps(number: int, hint: str | None = None) -> tuple[Button, ...]:
    return tuple(Button(f"tap_{i}", f"Pilihan {i}", say="x", hint=hint) for i in range(number))


MESSAGES: dict[str, Outgoing] = {
    "text": Outgoing(to="62800001", text="halo"),
    "text_to_scoped_id": Outgoing(to="ID.9000000001", text="halo"),
    "buttons": Outgoing(to="62800001", text="halo", buttons=_taps(3)),
    "list": Outgoing(to="62800001", text="halo", choices=_taps(10, "Keterangan")),
    "numbered": Outgoing(to="62800001", text="halo", choices=_taps(12)),
    "image": Outgoing(to="62800001", text="halo", image=PNG),
    "image_with_buttons": Outgoing(to="62800001", text="halo", image=PNG, buttons=_taps(2)),
    "template": Outgoing(
        to="62800001", text="-", template="kabar_desa", template_slots=(("desa", "Desa Contoh"), ("isi", "Sabtu"))
    ),
    "template_with_button": Outgoing(
        to="62800001", text="-", template="tindak_lanjut_pendaftaran", template_slots=(("nomor", "RK-1"),)
    ),
}


async def _answer(base: str, body: dict[str, Any]) -> tuple[int, str]:
    headers = {"Authorization": "Bearer x", "User-Agent": "rangkul/0.1.0"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(f"{base}/v23.0/106853218861309/messages", json=body) as response,
    ):
        return response.status, await response.text()


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_meta_takes_the_shape_of_what_we_send(base: str, name: str) -> None:
    message = MESSAGES[name]
    body = compose(message, "300" if message.image else None, templates(), "Lihat pilihan")
    status, said = run(_answer(base, body))
    assert status == 200, said


@pytest.mark.parametrize("missing", ["recipient_type", "messaging_product", "text"])
def test_the_peer_does_refuse_what_is_wrong(base: str, missing: str) -> None:
    body = compose(MESSAGES["text"], None, {}, "x")
    del body[missing]
    status, _said = run(_answer(base, body))
    assert status != 200


def test_the_channel_itself_is_understood(base: str) -> None:
    async def scene() -> None:
        account = WhatsAppAccount("106853218861309", "2", SecretStr("x"), base=base)
        channel = WhatsAppChannel(account, templates(), words("whatsapp")["words"])
        try:
            assert await channel.send(MESSAGES["text"])
            assert await channel.send(MESSAGES["image"])  # uploads it first
        finally:
            await channel.close()

    run(scene())
