"""What Prometheus reads: counters of this process and gauges of the database, in the text format.

Source: Prometheus, exposition formats, version 0.0.4.
"""

from collections import Counter

from gorae.hub.db import Facts
from gorae.hub.tables import holdings, repositories, webhooks
from gorae.store.db import Tx

BOUNDS_S = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0)


class Metrics:
    """Counted on the event loop, so that no lock is needed."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._buckets: Counter[tuple[str, str, float]] = Counter()
        self._seconds: Counter[tuple[str, str]] = Counter()
        self.bytes_in = 0
        self.bytes_out = 0
        self.in_flight = 0
        self.collected = 0

    def count(self, method: str, noun: str, status: int, took_s: float) -> None:
        """One request has been answered."""
        self._requests[method, noun, status] += 1
        self._seconds[method, noun] += took_s  # type: ignore[assignment]
        for bound in BOUNDS_S:
            if took_s <= bound:
                self._buckets[method, noun, bound] += 1

    def text(self) -> str:
        """Everything; reads the database."""

        def read(tx: Tx) -> tuple[int, tuple[int, int], int]:
            return repositories.count(tx), holdings.totals(tx), webhooks.pending(tx)

        count, (blobs, size), waiting = self._facts.read(read)
        lines = [
            *_one("gorae_hub_repositories", "gauge", "Repositories", count),
            *_one("gorae_hub_blobs", "gauge", "Blobs that a repository links", blobs),
            *_one("gorae_hub_blob_bytes", "gauge", "Bytes of these blobs", size),
            *_one(
                "gorae_hub_webhooks_pending", "gauge", "Messages that wait for delivery", waiting
            ),
            *_one("gorae_hub_requests_in_flight", "gauge", "Requests at work", self.in_flight),
            *_one(
                "gorae_hub_received_bytes_total",
                "counter",
                "Bytes of blobs received",
                self.bytes_in,
            ),
            *_one("gorae_hub_sent_bytes_total", "counter", "Bytes of blobs sent", self.bytes_out),
            *_one("gorae_hub_collected_blobs_total", "counter", "Blobs collected", self.collected),
            *self._request_lines(),
        ]
        return "\n".join(lines) + "\n"

    def _request_lines(self) -> list[str]:
        lines = [
            "# HELP gorae_hub_requests_total Requests",
            "# TYPE gorae_hub_requests_total counter",
        ]
        totals: Counter[tuple[str, str]] = Counter()
        for (method, noun, status), count in sorted(self._requests.items()):
            totals[method, noun] += count
            lines.append(
                f'gorae_hub_requests_total{{method="{method}",noun="{noun}",status="{status}"}} {count}'
            )
        name = "gorae_hub_request_seconds"
        lines += [f"# HELP {name} Time to answer", f"# TYPE {name} histogram"]
        for (method, noun), total in sorted(totals.items()):
            labels = f'method="{method}",noun="{noun}"'
            for bound in BOUNDS_S:
                count = self._buckets[method, noun, bound]
                lines.append(f'{name}_bucket{{{labels},le="{bound}"}} {count}')
            lines.append(f'{name}_bucket{{{labels},le="+Inf"}} {total}')
            lines.append(f"{name}_sum{{{labels}}} {self._seconds[method, noun]:.6f}")
            lines.append(f"{name}_count{{{labels}}} {total}")
        return lines


def _one(name: str, kind: str, summary: str, value: float) -> list[str]:
    return [f"# HELP {name} {summary}", f"# TYPE {name} {kind}", f"{name} {value}"]
