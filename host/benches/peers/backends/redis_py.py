"""Calls Redis with redis-py, as a service in Python would: values are JSON texts, and each thread
makes one call at a time.

Prints the calls per second, and the median and 99th percentile of their times in microseconds.
"""

import json
import pathlib
import re
import sys
import threading
import time

import redis

port, operation, value, threads, seconds, scripts = sys.argv[1:]
threads, seconds, value = int(threads), float(seconds), json.loads(value)
pool = redis.BlockingConnectionPool(host="127.0.0.1", port=int(port), max_connections=threads)
client = redis.Redis(connection_pool=pool)
KEY = "user:123"
KEYS = [f"batch:{number}" for number in range(10)]
VALUE_LIMIT = 1 << 20
client.set(KEY, json.dumps(value))
client.set("number", "123")
client.mset({key: json.dumps(value) for key in KEYS})


def script(name):
    """Registers one of the host's scripts, taken from its source."""
    text = pathlib.Path(scripts).read_text()
    [text] = re.findall(rf'static {name}: Script = Script::new\(\s*"([^"]*)"', text)
    return client.register_script(text)


add, swap_value = script("INCREMENT"), script("SWAP")


def read():
    return json.loads(client.get(KEY)) == value


def write():
    return client.set(KEY, json.dumps(value))


def get_number():
    return json.loads(client.get("number")) == 123


def increment():
    return add(keys=["count"], args=[1, VALUE_LIMIT, ""])[0] == b"ok"


def swap():
    text = json.dumps(value)
    return swap_value(keys=[KEY], args=[VALUE_LIMIT, 1, text, 1, text, "keep"]) == [1]


def set_and_take():
    token = f"token:{threading.get_ident()}"
    client.set(token, json.dumps(value))
    return json.loads(client.getdel(token)) == value


def get_many():
    return all(json.loads(text) == value for text in client.mget(KEYS))


def call(took):
    work()
    ready.wait()
    before = time.perf_counter()
    end = before + seconds
    while before < end:
        if not work():
            failed.set()
        now = time.perf_counter()
        took.append(now - before)
        before = now


work = {
    "read": read,
    "write": write,
    "get-number": get_number,
    "get-or-set": get_number,
    "increment": increment,
    "swap": swap,
    "set-and-take": set_and_take,
    "get-many": get_many,
}[operation]
failed = threading.Event()
# Each thread makes a call before any thread is timed: the first calls open connections.
ready = threading.Barrier(threads + 1)
took = [[] for _ in range(threads)]
running = [threading.Thread(target=call, args=[each]) for each in took]
for thread in running:
    thread.start()
ready.wait()
start = time.perf_counter()
for thread in running:
    thread.join()
elapsed = time.perf_counter() - start
times = sorted(time for each in took for time in each)
if failed.is_set() or not all(took):
    raise SystemExit(f"{operation} failed")
print(len(times) / elapsed, times[len(times) // 2] * 1e6, times[len(times) * 99 // 100] * 1e6)
