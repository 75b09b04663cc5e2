#!/usr/bin/env python3
"""The line, live: what those who wait can know, and that nothing is lost or told twice on the way.

How it proves its claim: each part drives the real server and holds what streams said against what the
API answers, or against a stream that was never cut. The server is told to allow few listeners where
running out of them is the matter.

    line_test.py [CUTS]
"""

import json
import pathlib
import random
import re
import signal
import sys
import tempfile
import threading
import time

import dibs
from stream_crowd import Crowd, buy_all

ITEM = {"sku": "floor", "title": "Floor", "price": 1}
RETRY = re.compile(rb"retry: (\d+)\n\n")


def put(server, sale, stock, **members):
    client = dibs.Client(server)
    status, _, answer = client.put_sale(sale, items=[{**ITEM, "stock": stock}], **members)
    client.close()
    assert status == 201, answer


def call(server, method, path, **how):
    client = dibs.Client(server)
    try:
        return client.call(method, path, **how)
    finally:
        client.close()


def last(stream, event):
    """The data of the newest such event."""
    return next(json.loads(data) for name, _, data in reversed(stream.events()) if name == event)


def number_in_line(stream):
    """What a page says: where its order stands, from its place and the head that all are told."""
    line = last(stream, "line")
    return 0 if line["head"] is None else last(stream, "order")["place"] - line["head"] + 1


def orders_told(stream):
    return sum(event == "order" for event, _, _ in stream.events())


def what_a_place_is_worth(server):
    """ "12th in line, 3 units unpaid", from events alone, and kept up by the head."""
    put(server, "worth", 3)
    buyers = [f"w-{i}" for i in range(18)]
    orders = buy_all(server.port, "worth", buyers)
    crowd = Crowd(server.port)
    waiting = [crowd.open(f"/v1/orders/{order}/events", buyer) for order, buyer in zip(orders[3:], buyers[3:])]
    assert crowd.listen(20, until=lambda: all(orders_told(s) for s in waiting))
    assert [number_in_line(stream) for stream in waiting] == list(range(1, 16))
    twelfth = waiting[11]
    stock = last(twelfth, "stock")
    assert (number_in_line(twelfth), stock["held"], stock["available"]) == (12, 3, 0), twelfth.events()

    # Two units come back: the head that is broadcast brings everybody up, at once, and it agrees with the API.
    for order, buyer in zip(orders[:2], buyers):
        assert call(server, "DELETE", f"/v1/orders/{order}", buyer=buyer)[0] == 200
    assert crowd.listen(10, until=lambda: all(last(s, "line")["head"] == 3 for s in waiting[2:]))
    for stream, order, buyer in zip(waiting[2:], orders[5:], buyers[5:]):
        exact = call(server, "GET", f"/v1/orders/{order}", buyer=buyer)[2]["position"]
        assert number_in_line(stream) == exact, (number_in_line(stream), exact)

    # One leaves the middle. The head says nothing of that, so those behind are told by their own order; until
    # then what they say is at most too high, never too low.
    leaver = waiting[7]
    told = {stream: orders_told(stream) for stream in waiting}
    assert call(server, "DELETE", leaver.path.removesuffix("/events"), buyer=leaver.buyer)[0] == 200
    behind = waiting[8:]
    assert crowd.listen(10, until=lambda: all(orders_told(s) > told[s] for s in behind)), "exact positions follow"
    for stream in behind:
        exact = call(server, "GET", stream.path.removesuffix("/events"), buyer=stream.buyer)[2]["position"]
        assert last(stream, "order")["position"] == exact == number_in_line(stream) - 1
    crowd.close()


def kept_up(server, sale, stop, seed):
    """Buyers come and go: stock and line move all the time."""
    client = dibs.Client(server)
    draw = random.Random(seed)
    live = []
    number = 0
    while not stop.is_set():
        number += 1
        status, _, order = client.buy(sale, f"{sale}-{seed}-{number}")
        if status in (201, 202):
            live.append((order["id"], order["buyer"]))
        if len(live) > 6:
            order, buyer = live.pop(draw.randrange(len(live)))
            client.call("DELETE", f"/v1/orders/{order}", buyer=buyer)
        time.sleep(0.02)
    client.close()


def changes(events):
    """What was told of the sale behind the whole state of the beginning, whose ids are SEQ-0~N and SEQ-0."""
    return [event for event in events if event[0] != "order" and not re.search("-0(~|$)", event[1])]


def cut_and_resumed(server, cuts):
    """A stream that is cut again and again, at any byte, tells what one that never was tells. The order's own
    events are told anew at each beginning; those of the sale are neither lost nor told twice."""
    put(server, "cut", 4)
    _, _, order = call(server, "POST", "/v1/sales/cut/orders", buyer="watcher", body={"items": [{"sku": "floor", "quantity": 1}]})
    stop = threading.Event()
    crowd = Crowd(server.port)
    whole = crowd.open("/v1/sales/cut/events", "anybody")
    assert crowd.listen(10, until=lambda: len(whole.events()) == 3)
    start = [crowd.open(path, "watcher") for path in ("/v1/sales/cut/events", f"/v1/orders/{order['id']}/events")]
    assert crowd.listen(10, until=lambda: all(len(s.events()) >= 3 for s in start))
    crews = [threading.Thread(target=kept_up, args=(server, "cut", stop, seed), daemon=True) for seed in range(2)]
    for crew in crews:
        crew.start()
    draw = random.Random(17)
    heard = [[], []]
    streams = list(start)
    for _ in range(cuts):
        crowd.listen(draw.uniform(0.01, 0.2))
        which = draw.randrange(2)
        cut = streams[which]
        complete = cut.events()
        if draw.random() < 0.5 and complete:  # as if the last bytes had never come
            complete = complete[:draw.randrange(1, len(complete) + 1)]
        crowd.drop(cut)
        heard[which] += complete
        resume = complete[-1][1] if complete else heard[which][-1][1]
        streams[which] = crowd.open(cut.path, cut.buyer, resume)
    stop.set()
    for crew in crews:
        crew.join()
    crowd.listen(1.5)
    for which in range(2):
        heard[which] += streams[which].events()
    since = changes(whole.events())
    for name, events in zip(("sale", "order"), heard):
        told = changes(events)
        assert len(since) > cuts / 2, f"enough happened: {len(since)}"
        assert told == since, (f"the stream of the {name} that was cut {cuts} times told {len(told)} events, "
                               f"the whole one {len(since)}; first difference at "
                               f"{next((i for i, pair in enumerate(zip(told, since)) if pair[0] != pair[1]), None)}")
    crowd.close()


def running_out_of_streams(data):
    """Whoever gets no stream is told how to go on, and can: by asking, with the ETag that is known."""
    with dibs.Server(data, "--quiet", "--listeners", "4") as server:
        put(server, "full", 1)
        buyers = [f"f-{i}" for i in range(6)]
        orders = buy_all(server.port, "full", buyers)
        crowd = Crowd(server.port)
        streams = [crowd.open(f"/v1/orders/{order}/events", buyer) for order, buyer in zip(orders[:4], buyers)]
        assert crowd.listen(10, until=lambda: all(orders_told(s) for s in streams))
        waits = {int(RETRY.search(stream.heard).group(1)) for stream in streams}
        assert len(waits) == 4 and all(1000 <= wait < 5000 for wait in waits), f"they come back apart: {waits}"

        for path in (f"/v1/orders/{orders[4]}/events", "/v1/sales/full/events"):
            probe = crowd.open(path, buyers[4])  # a stream given after all would go on for ever
            assert crowd.listen(10, until=lambda: b"\r\n\r\n" in probe.heard) and b" 503 " in probe.heard[:32], \
                f"one stream too many was given: {bytes(probe.heard[:200])}"
            crowd.drop(probe)
            status, headers, problem = call(server, "GET", path, buyer=buyers[4])
            assert (status, problem["code"]) == (503, "overloaded"), problem
            assert int(headers["Retry-After"]) >= 5, headers
            assert f"GET {path.removesuffix('/events')} " in problem["detail"], problem
        # The way to go on: ask. A long poll is answered at once, so that it keeps no connection either.
        order = f"/v1/orders/{orders[4]}"
        began = time.monotonic()
        status, headers, answer = call(server, "GET", f"{order}?wait=30", buyer=buyers[4])
        assert (status, answer["position"]) == (200, 4) and time.monotonic() - began < 10

        # With room again the stream is given, and the long poll waits for what differs from the known.
        crowd.drop(streams[3])
        crowd.drop(streams[2])
        until = time.monotonic() + 20
        while True:  # those who have gone are looked for now and then
            came = crowd.open(f"{order}/events", buyers[4])
            assert crowd.listen(10, until=lambda: orders_told(came) or b" 503 " in came.heard), bytes(came.heard)
            if orders_told(came):
                break
            assert time.monotonic() < until, "gone streams make room"
            crowd.drop(came)
            crowd.listen(0.2)
        answers = []
        poll = threading.Thread(daemon=True, target=lambda: answers.append(
            call(server, "GET", f"/v1/orders/{orders[5]}?wait=30", headers={"If-None-Match": '"none"'}, buyer=buyers[5])))
        poll.start()
        poll.join(timeout=20)
        assert answers and answers[0][0] == 200, "what differs already is answered at once"
        known = answers[0][1]["ETag"]
        poll = threading.Thread(daemon=True, target=lambda: answers.append(
            call(server, "GET", f"/v1/orders/{orders[5]}?wait=30", headers={"If-None-Match": known}, buyer=buyers[5])))
        poll.start()
        time.sleep(0.3)
        assert call(server, "DELETE", f"/v1/orders/{orders[0]}", buyer=buyers[0])[0] == 200
        poll.join(timeout=20)
        assert len(answers) == 2 and answers[1][1]["ETag"] != known, "and what changes, when it does"
        crowd.close()


def reload_of_the_sale(server):
    """A page that is loaded again asks with what it has: nothing is sent while nothing has changed."""
    put(server, "again", 2)
    path = "/v1/sales/again"
    status, headers, before = call(server, "GET", path)
    assert status == 200 and headers["ETag"].startswith('W/"'), headers
    known = {"If-None-Match": headers["ETag"]}
    assert call(server, "GET", path, headers=known)[0] == 304
    status, staff, _ = call(server, "GET", path, headers=known, operator=True)
    assert status == 200 and staff["ETag"] != headers["ETag"], "staff may see more than the public"
    assert buy_all(server.port, "again", ["again-1"])
    status, headers, after = call(server, "GET", path, headers=known)
    assert status == 200 and headers["ETag"] != known["If-None-Match"]
    assert after["items"][0]["available"] == before["items"][0]["available"] - 1


def ends(*_):
    raise AssertionError("the line's tests did not come to an end: something waits for what never comes")


def main():
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    signal.signal(signal.SIGALRM, ends)
    signal.alarm(300 + 2 * cuts)
    with tempfile.TemporaryDirectory() as directory:
        with dibs.Server(pathlib.Path(directory) / "data", "--quiet") as server:
            for part in (what_a_place_is_worth, reload_of_the_sale, lambda s: cut_and_resumed(s, cuts)):
                part(server)
        running_out_of_streams(pathlib.Path(directory) / "few")
    print(f"the line, live: told, resumed over {cuts} cuts, and done without streams")


if __name__ == "__main__":
    main()
