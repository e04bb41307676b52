"""`pay_people`: a list is shown line by line, paid, and nobody is paid twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.cast import Event
from tests.commands.conftest import Run


def test_a_list_is_shown_and_then_paid_once(run: Run, event: Event, tmp_path: Path) -> None:
    alice, bob = event.person("Alice", money=100_00), event.person("Bob")
    file = tmp_path / "list.csv"
    file.write_text("who;amount;memo\nBob;12,50;courier\nNobody;1;\n", encoding="utf-8")
    wanted = ["pay_people", str(file), "--for", "Wages"]
    said, _ = run(*wanted, "--dry-run")
    assert "Line 3, “Nobody”: Nobody is called so." in said
    assert f"{bob.number}  ₵12.50 (1250)  Bob" in said
    assert "Run “wages”: 1 to pay with ₵12.50 (1250), 0 paid before, 1 lines wrong." in said
    with pytest.raises(CommandError, match="Correct the lines above"):
        run(*wanted, "--yes")
    assert bob.balance() == 0
    for paid in ("Paid 1 people.", "nobody to pay"):
        assert paid in run(*wanted, "--yes", "--good-ones")[0]
    assert bob.balance() == 12_50
    run(*wanted, "--yes", "--good-ones", "--again", "--from", alice.number)
    assert (bob.balance(), alice.balance()) == (25_00, 87_50)
    file.write_text("Bob;100\n", encoding="utf-8")
    with pytest.raises(CommandError, match=r"the payer has ₵12\.50 \(1250\) too little"):
        run("pay_people", str(file), "--for", "More", "--yes", "--from", alice.number)


def test_a_file_that_is_none_is_refused(run: Run, event: Event, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("pay_people", str(tmp_path / "none.csv"), "--for", "x")
    (tmp_path / "odd.csv").write_bytes(b"\xff\xfe;1")
    with pytest.raises(CommandError, match="CSV UTF-8"):
        run("pay_people", str(tmp_path / "odd.csv"), "--for", "x")
