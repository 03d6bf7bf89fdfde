// The live connection: anomalies, alerts and a pulse each second, again after a break.

import type { Alert, Anomaly, Pulse } from "./api";

export type Connection = "connecting" | "live" | "lost";

interface Listeners {
  anomaly: Set<(anomaly: Anomaly) => void>;
  /** An alert that has changed, as it stands. */
  alert: Set<(alert: Alert) => void>;
  pulse: Set<(pulse: Pulse) => void>;
  /** What was missed is not known: load again. */
  reset: Set<() => void>;
  connection: Set<(connection: Connection) => void>;
}

// No pulse for so long, and the connection counts as lost whatever the browser says.
const SILENCE_MS = 6000;

class Events {
  connection: Connection = "connecting";
  pulse: Pulse | null = null;
  readonly rates: number[] = [];
  private readonly listeners: Listeners = {
    anomaly: new Set(),
    alert: new Set(),
    pulse: new Set(),
    reset: new Set(),
    connection: new Set(),
  };
  private source: EventSource | null = null;
  private lastId = "";
  private lastPulseAt = 0;

  start(): void {
    if (this.source) return;
    this.open();
    setInterval(() => this.watch(), 1000);
  }

  on<K extends keyof Listeners>(
    name: K,
    listener: Listeners[K] extends Set<infer F> ? F : never,
  ): () => void {
    const set = this.listeners[name] as Set<typeof listener>;
    set.add(listener);
    return () => set.delete(listener);
  }

  private open(): void {
    this.source?.close();
    const query = this.lastId ? `?last_event_id=${encodeURIComponent(this.lastId)}` : "";
    const source = new EventSource(`/api/v1/events${query}`);
    this.source = source;
    this.lastPulseAt = Date.now();
    source.addEventListener("anomaly", (event) => {
      this.lastId = event.lastEventId;
      const anomaly = JSON.parse(event.data as string) as Anomaly;
      for (const listener of this.listeners.anomaly) listener(anomaly);
    });
    source.addEventListener("alert", (event) => {
      const alert = JSON.parse(event.data as string) as Alert;
      for (const listener of this.listeners.alert) listener(alert);
    });
    source.addEventListener("pulse", (event) => {
      this.lastPulseAt = Date.now();
      const pulse = JSON.parse(event.data as string) as Pulse;
      this.pulse = pulse;
      this.rates.push(pulse.readings_per_second);
      if (this.rates.length > 120) this.rates.shift();
      this.become("live");
      for (const listener of this.listeners.pulse) listener(pulse);
    });
    source.addEventListener("reset", () => {
      for (const listener of this.listeners.reset) listener();
    });
    source.addEventListener("error", () => this.become("lost"));
  }

  private watch(): void {
    const closed = this.source?.readyState === EventSource.CLOSED;
    if (!closed && Date.now() - this.lastPulseAt < SILENCE_MS) return;
    this.become("lost");
    this.open();
  }

  private become(connection: Connection): void {
    if (this.connection === connection) return;
    this.connection = connection;
    for (const listener of this.listeners.connection) listener(connection);
  }
}

export const events = new Events();
