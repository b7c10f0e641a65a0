"""What the page is told of the stored text."""

import pytest

from harvest_upsales.web.settings_store import StoredSettings


@pytest.mark.parametrize("text", ['{"a": 1,}', "[1]", "x"])
def test_a_text_that_is_no_json_object_is_shown_as_it_is(text: str) -> None:
    assert (StoredSettings(text).values, StoredSettings(text).unreadable) == ({}, text)


@pytest.mark.parametrize("text", [None, "", "{}", '{"a": 1}'])
def test_a_text_that_can_be_read_is_not(text: str | None) -> None:
    assert StoredSettings(text).unreadable is None


def test_every_text_has_a_digest_of_its_own() -> None:
    texts = (None, "", "none", "{}", "{ }")

    assert len({StoredSettings(text).digest for text in texts}) == len(texts)
