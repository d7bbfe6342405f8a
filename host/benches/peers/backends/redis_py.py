"""Calls Redis as services in Python do, through redis-py: a value is a JSON text there, and each
thread has one call under way.

Prints calls a second, and the microseconds that half of the calls and 99 in 100 took at most.
"""

import json
import sys
import threading
import time

import redis

port, operation, value, threads, seconds = sys.argv[1:]
threads, seconds, value = int(threads), float(seconds), json.loads(value)
pool = redis.BlockingConnectionPool(host="127.0.0.1", port=int(port), max_connections=threads)
client = redis.Redis(connection_pool=pool)
KEY = "user:123"
client.set(KEY, json.dumps(value))


def read():
    return json.loads(client.get(KEY)) == value


def write():
    return client.set(KEY, json.dumps(value))


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


work = {"read": read, "write": write}[operation]
failed = threading.Event()
# All are connected before the first of them begins.
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
