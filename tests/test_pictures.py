"""The story behind the pictures still happens, and every page in their table is one that its viewer may see."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.pages.reading import sign_in
from tests.pictures import story
from tests.pictures.pages import SHEETS, SHOTS


@pytest.mark.sqlite_only
def test_the_story_is_told_and_its_pages_and_papers_are_there(db: None) -> None:
    places, paper = story.tell()
    assert set(SHEETS.values()) <= set(paper)
    with story._at(minutes_ago=0):
        for who in dict.fromkeys(shot.who for shot in SHOTS):
            browser = Client(HTTP_HOST=story.HOST)
            if who:
                assert sign_in(browser, who).status_code == 302
            for shot in SHOTS:
                if shot.who == who:
                    answer = browser.get(shot.path.format(**places))
                    assert answer.status_code == 200, (shot.name, answer.status_code, answer.get("Location"))
