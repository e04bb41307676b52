#!/usr/bin/env python3
"""Re-derive your casino rounds, in sixty lines that you can read before you trust them: python verify_60_lines.py rounds.json

For rounds whose seed was told and whose payout is open; verify_rounds.py also knows sealed rigs and chains. See docs/fairness.md.
"""

import hashlib
import hmac
import json
import sys
from fractions import Fraction


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def draws(seed, message):
    """An endless stream of bytes, and the function that cuts numbers of 0 to n-1 from it without favour."""
    data, block = b"", 0

    def draw(n):
        nonlocal data, block
        size = 4 * max(1, -(-(n - 1).bit_length() // 32))
        while True:
            while len(data) < size:
                data += hmac.digest(seed.encode(), f"{message}:{block}".encode(), "sha256")
                block += 1
            product, data = int.from_bytes(data[:size], "big") * n, data[size:]
            if product % 256**size >= 256**size % n:
                return product // 256**size

    return draw


def spin(game, strips, stops, times):
    """Line bets that the reels win on these stops, and the free spins they give."""
    reels = [(strip * 2)[stop : stop + game["rows"]] for strip, stop in zip(strips, stops, strict=True)]
    won, scatters = 0, str("".join(reels).count(game["scatter"] or "none"))
    for line in game["lines"]:
        cells = [reel[int(row)] for reel, row in zip(reels, line, strict=True)]
        symbol = next((cell for cell in cells if cell != game["wild"]), game["wild"])
        run = next((n for n, cell in enumerate(cells) if cell not in (symbol, game["wild"])), len(cells))
        won += game["pays"].get(symbol, {}).get(str(run), 0)
    won += game["scatter_pays"].get(scatters, 0) * len(game["lines"])
    return won * times, game["free_spins"].get(scatters, 0)


def check(file, one):
    """What of a round is not as it should be: the empty list for a true one."""
    setting = json.loads(file["configurations"][one["configuration"]])
    game = json.loads(file["versions"][setting["version"]])
    draw = draws(one["server_seed"], f"{one['client_seed']}:{one['nonce']}")
    reels, payout = [game["stops"]] * game["reels"], Fraction(setting["payout"]) / 100
    stops = [draw(n) for n in reels]
    sets = [(Fraction(each["rtp"]), each["name"], each["strips"]) for each in game["sets"]]
    low = max(each for each in sets if each[0] <= payout)
    high = min(each for each in sets if each[0] >= payout)
    chance = (payout - low[0]) / (high[0] - low[0] or 1)
    selector = draw(chance.denominator)
    _rtp, name, strips = high if selector < chance.numerator else low
    won, owed = spin(game, strips, stops, 1)
    free = [[draw(n) for n in reels] for _ in range(owed)]
    won += sum(spin(game, strips, each, game["free_spin_multiplier"])[0] for each in free)
    found = {"configuration": sha256(file["configurations"][one["configuration"]])}
    found |= {"server_seed_hash": sha256(one["server_seed"]), "stops": stops, "selector": str(selector)}
    found |= {"out_of": str(chance.denominator), "set": name, "free_stops": free, "line_bets": won}
    found |= {"stake": one["line_bet"] * len(game["lines"]), "win": one["line_bet"] * won}
    wrong = [field for field, value in found.items() if one[field] != value]
    return wrong + ["paytable"] * (sha256(file["versions"][setting["version"]]) != setting["version"])


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as opened:
        document = json.load(opened)
    for one in (each for each in document["rounds"] if each["server_seed"] and each["selector"]):
        print(one["id"], "WRONG: " + ", ".join(wrong) if (wrong := check(document, one)) else "verified")
