"""Requests to the app: so many, or so many a second; every one is answered, or it is said how many were not."""
import http.client
import itertools
import threading
import time

STATUSES = {"/": 200, "/green": 200, "/red": 500}


class Load:
    def __init__(self, port, paths=("/", "/green", "/red"), threads=8):
        self.port, self.paths, self.threads = port, paths, threads
        self.lock = threading.Lock()
        self.answered, self.wrong, self.slowest, self.ended = 0, [], 0.0, False

    def _offer(self, tickets, period, began):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        for ticket in tickets:
            if period:
                time.sleep(max(0.0, began + ticket * period - time.monotonic()))
            path = self.paths[ticket % len(self.paths)]
            sent = time.monotonic()
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                status = repr(error)
            took = time.monotonic() - sent
            with self.lock:
                self.answered += isinstance(status, int)
                self.slowest = max(self.slowest, took)
                if status != STATUSES.get(path, status) or not isinstance(status, int):
                    self.wrong.append(f"{path}: {status}")
        connection.close()

    def run(self, requests, per_second=0):
        """Returns how many were answered. A kept connection that the server closes counts as one not answered."""
        self.start(requests, per_second)
        return self.wait()

    def start(self, requests, per_second=0):
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

    def stop(self):
        self.ended = True

    def wait(self):
        for worker in self.workers:
            worker.join()
        return self.answered
