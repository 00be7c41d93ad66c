"""Requests to the app: so many, or so many a second; every one is answered, or it is said how many were not."""
import http.client
import itertools
import sys
import threading
import time

from stack import eventually

STATUSES = {"/": 200, "/green": 200, "/red": 500}


class Load:
    def __init__(self, port, paths=("/", "/green", "/red"), threads=8):
        self.port, self.paths, self.threads = port, paths, threads
        self.lock = threading.Lock()
        self.answered, self.slowest, self.ended = 0, 0.0, False
        self.wrong = []  # answered, but not as promised
        self.refused, self.broken = [], []  # not answered; the app may have taken, and recorded, those that broke

    def _offer(self, tickets, period, began):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        for ticket in tickets:
            if period:
                time.sleep(max(0.0, began + ticket * period - time.monotonic()))
            path = self.paths[ticket % len(self.paths)]
            sent = time.monotonic()
            status = failure = None
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                failure = error
            took = time.monotonic() - sent
            with self.lock:
                self.slowest = max(self.slowest, took)
                if failure:
                    (self.refused if isinstance(failure, ConnectionRefusedError) else self.broken).append(f"{path}: {failure!r}")
                    continue
                self.answered += 1
                if status != STATUSES.get(path, status):
                    self.wrong.append(f"{path}: {status}")
        connection.close()

    def run(self, requests, per_second=0):
        """Returns how many were answered. A kept connection that the server closes counts as one not answered."""
        self.start(requests, per_second)
        return self.wait()

    def start(self, requests=sys.maxsize, per_second=0):
        numbers, guard = itertools.count(), threading.Lock()

        def tickets():
            while True:
                with guard:
                    number = next(numbers)
                if number >= requests or self.ended:
                    return
                yield number

        began = time.monotonic()
        self.workers = [threading.Thread(target=self._offer, args=(tickets(), 1 / per_second if per_second else 0, began))
                        for _ in range(self.threads)]
        for worker in self.workers:
            worker.start()

    def goes_on(self, requests=50):
        """Waits until so many more are answered: the load is on its way, by all its threads."""
        wanted = self.answered + requests
        eventually(f"{requests} more answers", 20, lambda: self.answered >= wanted, pause=0.02)
        assert all(worker.is_alive() for worker in self.workers), "a thread of the load has ended"

    def stop(self):
        self.ended = True

    def wait(self):
        for worker in self.workers:
            worker.join()
        return self.answered

    def require_all_answered(self):
        failed = self.wrong + self.refused + self.broken
        assert not failed, f"{len(failed)} of {self.answered + len(self.refused) + len(self.broken)} not answered as promised: {failed[:3]}"
