#!/usr/bin/env python3
"""Check your casino rounds with nothing but Python, and no network: python verify_rounds.py rounds.json

Trust nobody, this file included: docs/fairness.md explains every step, so that you can write your own.
"""

import hashlib
import hmac
import json
import sys
from collections import Counter
from fractions import Fraction
from itertools import count, islice


def need(holds, sentence):
    if not holds:
        raise ValueError(sentence)


def sha256(data):
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def document(file, kind, digest):
    """The game version or configuration that the file holds under its hash."""
    need(sha256(file[kind][digest]) == digest, f"the text in {kind} is not the one of {digest}")
    return json.loads(file[kind][digest])


def stream(seed, client_seed, nonce):
    """The function draw(n) of a round: its next number from 0 to n-1."""
    blocks = (hmac.digest(seed.encode(), f"{client_seed}:{nonce}:{i}".encode(), "sha256") for i in count())
    data = (byte for block in blocks for byte in block)

    def draw(n):
        size = 4 * max(1, -(-(n - 1).bit_length() // 32))
        while True:
            product = int.from_bytes(bytes(islice(data, size)), "big") * n
            if product % 256**size >= 256**size % n:  # else it would favour some numbers: take the next bytes
                return product // 256**size

    return draw


def payout_of(file, setting, played_at):
    """What the game was set to pay in per cent; None while that is sealed."""
    if "commitment" not in setting:
        return setting["payout"]
    if setting["commitment"] not in file["reveals"]:
        return None
    reveal = file["reveals"][setting["commitment"]]
    sealed = sha256(bytes.fromhex(reveal["salt"]) + reveal["schedule"].encode())
    need(sealed == setting["commitment"], "the schedule is not the one that was sealed")
    times, payouts = zip(*json.loads(reveal["schedule"]), strict=True)
    low, high = Fraction(setting["payout_from"]), Fraction(setting["payout_to"])
    need(
        all(low <= Fraction(payout) <= high for payout in payouts),
        "the schedule leaves the range it promised",
    )
    need(list(times) == sorted(set(times)), "the schedule is not in order")
    return payouts[max(sum(time <= played_at for time in times), 1) - 1]


def mix(game, payout):
    """The sets below and above a payout, and how likely the higher one is, so that the payout is exact."""
    p, sets = Fraction(payout) / 100, [(Fraction(each["rtp"]), each) for each in game["sets"]]
    for (low, lower), (high, higher) in zip(sets, sets[1:] + sets[-1:], strict=True):
        if low == p:
            return lower, lower, Fraction(0)
        if low < p < high:
            return lower, higher, (p - low) / (high - low)
    raise ValueError(f"no two sets of the game have {payout} % between them")


def spin(game, strips, stops, multiplier=1):
    """How many line bets one spin wins on these strips, and how many free spins it gives."""
    need(len(stops) == game["reels"] and all(0 <= stop < game["stops"] for stop in stops), "no such stops")
    window = [(strip * 2)[stop : stop + game["rows"]] for strip, stop in zip(strips, stops, strict=True)]
    won = 0
    for line in game["lines"]:
        cells = [reel[int(row)] for reel, row in zip(window, line, strict=True)]
        symbol = next((cell for cell in cells if cell != game["wild"]), game["wild"])
        run = next((n for n, cell in enumerate(cells) if cell not in (symbol, game["wild"])), len(cells))
        won += game["pays"].get(symbol, {}).get(str(run), 0)
    scatters = str("".join(window).count(game["scatter"] or " "))
    won += game["scatter_pays"].get(scatters, 0) * len(game["lines"])
    return won * multiplier, game["free_spins"].get(scatters, 0)


def check(file, one, seed):
    """What a round turns out to be. Raises ValueError where it is not as it should be."""
    setting = document(file, "configurations", one["configuration"])
    game = document(file, "versions", setting["version"])
    payout = payout_of(file, setting, one["played_at"])
    need(one["game"] == setting["game"] == game["game"], "the configuration is another game's")
    need(one["server_seed"] in (None, seed), "the server seed is not the one whose hash was shown before")
    need(
        1 <= len(one["client_seed"]) <= 64 and ":" not in one["client_seed"], "no such client seed is allowed"
    )
    need(type(one["nonce"]) is int and one["nonce"] >= 1, "the nonce is a whole number from 1")
    draw, reels = stream(seed, one["client_seed"], one["nonce"]), [game["stops"]] * game["reels"]
    ours = {"stake": one["line_bet"] * len(game["lines"]), "win": one["line_bet"] * one["line_bets"]}
    if seed:
        ours["stops"] = [draw(n) for n in reels]
    sets = game["sets"]  # any of them, while the payout is sealed
    if payout is not None:
        low, high, chance = mix(game, payout)
        selector = draw(chance.denominator) if seed else int(one["selector"])
        need(0 <= selector < chance.denominator, "there is no such selector")
        sets = [high if selector < chance.numerator else low]
        ours |= {"selector": str(selector), "out_of": str(chance.denominator), "set": sets[0]["name"]}
        owed = spin(game, sets[0]["strips"], ours.get("stops", one["stops"]))[1]
        if seed:
            ours["free_stops"] = [[draw(n) for n in reels] for _ in range(owed)]
    for field, value in ours.items():
        need(one[field] == value, f"{field} should be {value}, and is {one[field]}")
    prizes = []
    for each in sets:
        won, owed = spin(game, each["strips"], one["stops"])
        free = [
            spin(game, each["strips"], stops, game["free_spin_multiplier"])[0] for stops in one["free_stops"]
        ]
        prizes += [won + sum(free)] if len(free) == owed else []
    need(one["line_bets"] in prizes, f"line_bets is {one['line_bets']}, and the reels win {prizes}")
    return "sealed" if payout is None else "verified" if seed else "waiting for its seed"


def check_chain(file):
    """Every configuration holds the hash of the one before it, where both are in the file."""
    rows = {digest: document(file, "configurations", digest) for digest in file["configurations"]}
    places = {(row["tenant"], row["game"], row["seq"]): digest for digest, row in rows.items()}
    need(len(places) == len(rows), "two configurations have the same number")
    for digest, row in rows.items():
        before = places.get((row["tenant"], row["game"], row["seq"] - 1), row["prev"])
        follows = row["prev"] == before and (row["prev"] == "") == (row["seq"] == 1)
        need(follows, f"configuration {digest} does not follow the one before it")


def check_rounds(file):
    """For each round in order: "verified", "waiting for its seed", "sealed", or "WRONG" and why."""
    seeds = {sha256(one["server_seed"]): one["server_seed"] for one in file["rounds"] if one["server_seed"]}
    uses = Counter((one["server_seed_hash"], one["nonce"]) for one in file["rounds"])
    for one in file["rounds"]:
        try:
            need(uses[one["server_seed_hash"], one["nonce"]] == 1, "its nonce was used for another round too")
            yield check(file, one, seeds.get(one["server_seed_hash"]))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            yield f"WRONG: {error}"


def main(path):
    with open(path, encoding="utf-8") as opened:
        file = json.load(opened)
    need(file["format"] == "neobank-rounds-1", "this is no file of rounds that this script can read")
    check_chain(file)
    found = list(check_rounds(file))
    for one, result in zip(file["rounds"], found, strict=True):
        if result.startswith("WRONG"):
            print(f"round {one['id']}: {result}")
    counts = Counter(result.partition(":")[0] for result in found)
    print(", ".join(f"{times} {result}" for result, times in counts.items()) or "no rounds")
    return bool(counts["WRONG"])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else __doc__)
    except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        sys.exit(f"The file as a whole is WRONG: {error}")
