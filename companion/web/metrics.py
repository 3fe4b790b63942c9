"""What Prometheus reads: counts kept by this process, and what the database says at the moment of the scrape."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, override

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.engine import Connection

from companion.alarms.statistics import ANSWER_BUCKETS, Answered, Counted, counted
from companion.channels.base import Outcome, Refused, Sent, TryAgain
from companion.dispatch.delivery import Delivery, State
from companion.dispatch.health import DispatchHealth, counts_by_channel_and_state, dispatch_health
from companion.dispatch.retry import GiveUp, Verdict, Wait
from companion.store.scope import ALL_SITES

LAG_BUCKETS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the database says."""

    alarms: Counted
    """With tests."""
    answered: Answered
    """Without."""
    deliveries: Sequence[tuple[str, State, int]]
    dispatch: DispatchHealth


def figures(conn: Connection, now: datetime) -> Figures:
    """Return what is exported of the database at `now`."""
    return Figures(
        alarms=counted(ALL_SITES, conn, tests=True),
        answered=counted(ALL_SITES, conn).answered,
        deliveries=counts_by_channel_and_state(conn),
        dispatch=dispatch_health(conn, now),
    )


class Metrics:
    """Counts of this process. Also the dispatcher's observer."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.presses = Counter(
            "alarm_broker_presses",
            "Presses of phone keys, by what became of them",
            ["result"],
            registry=self.registry,
        )
        self._attempts = Counter(
            "alarm_broker_delivery_attempts",
            "Attempts to deliver, by channel and outcome",
            ["channel", "outcome"],
            registry=self.registry,
        )
        self._given_up = Counter(
            "alarm_broker_deliveries_given_up",
            "Deliveries that were given up",
            ["channel"],
            registry=self.registry,
        )
        self._lag = Histogram(
            "alarm_broker_dispatch_lag_seconds",
            "From the moment a delivery was due to the moment its attempt began",
            buckets=LAG_BUCKETS,
            registry=self.registry,
        )
        for result in PRESS_RESULTS:
            self.presses.labels(result)

    def sent(self, delivery: Delivery, outcome: Outcome, verdict: Verdict, *, lag_s: float) -> None:
        """Note one attempt."""
        if isinstance(verdict, Wait):
            return
        self._attempts.labels(delivery.channel_id, _outcome_name(outcome)).inc()
        self._lag.observe(max(0.0, lag_s))
        if isinstance(verdict, GiveUp):
            self._given_up.labels(delivery.channel_id).inc()

    def exposition(self, found: Figures) -> bytes:
        """Return everything in Prometheus' text format."""
        scrape = CollectorRegistry()
        scrape.register(_Stored(found))
        return generate_latest(self.registry) + generate_latest(scrape)


PRESS_RESULTS: Final = ("raised", "repeated", "unknown_token", "nobody_to_tell", "rate_limited")


def _outcome_name(outcome: Outcome) -> str:
    match outcome:
        case Sent():
            return "sent"
        case TryAgain(uncertain=True):
            return "uncertain"
        case TryAgain():
            return "failed"
        case Refused():
            return "refused"


class _Stored(Collector):
    """The database's figures as metrics."""

    def __init__(self, found: Figures) -> None:
        self._found = found

    @override
    def collect(self) -> Iterable[Metric]:
        found = self._found
        alarms = GaugeMetricFamily("alarm_broker_alarms", "Alarms by state", labels=["state"])
        for status, count in found.alarms.by_status.items():
            alarms.add_metric([status.value], count)
        yield alarms
        yield GaugeMetricFamily(
            "alarm_broker_alarms_exhausted", "Alarms whose policy ran out unanswered", found.alarms.exhausted
        )
        deliveries = GaugeMetricFamily(
            "alarm_broker_deliveries", "Deliveries by channel and state", labels=["channel", "state"]
        )
        for channel_id, state, count in found.deliveries:
            deliveries.add_metric([channel_id, state.value], count)
        yield deliveries
        yield GaugeMetricFamily(
            "alarm_broker_overdue_alarms", "Alarms whose next step is late", found.dispatch.overdue_alarms
        )
        yield GaugeMetricFamily(
            "alarm_broker_overdue_deliveries", "Deliveries that are late", found.dispatch.overdue_deliveries
        )
        yield GaugeMetricFamily(
            "alarm_broker_oldest_due_seconds",
            "How late the latest of all is",
            found.dispatch.oldest_due_s,
        )
        answers = HistogramMetricFamily(
            "alarm_broker_time_to_acknowledge_seconds",
            "From the alarm to its acknowledgement, without tests, of the alarms that are kept",
        )
        buckets = [
            (str(float(bound)), float(count))
            for bound, count in zip(ANSWER_BUCKETS, found.answered.counts, strict=True)
        ]
        answers.add_metric([], [*buckets, ("+Inf", found.answered.count)], sum_value=found.answered.total_s)
        yield answers
