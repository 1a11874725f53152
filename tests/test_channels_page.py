"""What staff see of sending: what went wrong, in Indonesian, and what platforms told about our accounts."""

from __future__ import annotations

import pytest
from console_site import NOW, real_content, site  # noqa: F401  # a fixture

from bot.channels import errors
from bot.channels.whatsapp_news import NEWS
from flows.contact import Channel
from flows.outreach.sending_policy import Kind
from storage.account_news import NewsLine
from storage.outcomes import Failed


def kinds_of_error() -> set[str]:
    found, waiting = set(), [errors.SendError]
    while waiting:
        kind = waiting.pop()
        found.add(kind.code)
        waiting += kind.__subclasses__()
    return found


def test_every_sending_error_and_every_kind_of_news_has_a_sentence() -> None:
    words = real_content().lexicon["send_errors"]
    assert set(words["errors"]) == kinds_of_error()
    assert set(words["news"]) == set(NEWS)


@pytest.fixture
def page(site):  # noqa: F811
    def look() -> str:
        return site.signed_in().get("/konsol/saluran").text

    return look


def test_nothing_wrong_is_said_so(page) -> None:
    shown = page()
    assert "Semua pesan terkirim." in shown
    assert "Belum ada kabar." in shown


def test_what_went_wrong_is_counted_with_its_sentence(site, page) -> None:  # noqa: F811
    with site.database.transaction() as store:
        who = store.contacts.find_or_make(Channel.TELEGRAM, "1", "777", NOW)
        for _ in range(2):
            row = store.outbox.queue(*who, Kind.REPLY, "Jawaban contoh.", NOW)
            store.outbox.settle(row, Failed("media_refused", NOW))
    assert "Gambarnya ditolak saluran." in page()


def test_news_about_our_account_is_listed(site, page) -> None:  # noqa: F811
    news = NewsLine(Channel.WHATSAPP, "message_template_status_update", "kabar_desa", "REJECTED", "TAG_CONTENT", NOW)
    with site.database.transaction() as store:
        store.account_news.keep("1", news)
    shown = page()
    assert "Keadaan templat: kabar_desa" in shown
    assert "REJECTED" in shown
