// Every request to the server, with the types of docs/api/openapi.json.

export type DeviceState = "ok" | "warning" | "critical" | "silent";
export type Severity = "info" | "warning" | "critical";

export interface Metric {
  name: string;
  unit: string;
}
export interface Status {
  version: string;
  user: string;
  role: string;
  needs_token: boolean;
  wall_us: number;
  now_us: number;
  has_readings: boolean;
  catalog: string;
  problem: string;
  metrics: Metric[];
  detectors: string[];
}
export interface Device {
  device: string;
  state: DeviceState;
  last_us: number | null;
  period_us: number;
  readings: number;
  late: number;
  invalid: number;
  quality: number;
  anomalies_24h: number;
  values: Record<string, number | null>;
  sparkline: (number | null)[];
}
export interface DevicePage {
  total: number;
  matching: number;
  offset: number;
  devices: Device[];
}
export type Values = (number | null)[];
export interface MetricSeries {
  metric: string;
  spread: number | null;
  mean: Values;
  expected: Values;
  min?: Values;
  max?: Values;
}
export interface Series {
  from_us: number;
  to_us: number;
  is_raw: boolean;
  bucket_us: number;
  readings: number;
  problem: string;
  time_us: number[];
  metrics: MetricSeries[];
}
export interface Anomaly {
  id: string;
  device: string;
  metric: string | null;
  time_us: number;
  value: number | null;
  expected: number | null;
  lower: number | null;
  upper: number | null;
  score: number;
  severity: Severity;
  detector: string;
  reason: string;
  position: { source: string; partition: string; offset: number } | null;
}
export interface AnomalyList {
  is_complete: boolean;
  anomalies: Anomaly[];
}
export interface Commit {
  version: number;
  time_us: number;
  operation: string;
  files_added: number;
  files_removed: number;
  rows_added: number;
  bytes_added: number;
}
export interface Table {
  name: string;
  full_name: string;
  description: string;
  version: number;
  files: number;
  small_files: number;
  size_bytes: number;
  rows: number;
  columns: { name: string; type: string; comment: string }[];
  commits: Commit[];
}
export interface Quarantine {
  rows: number;
  examined: number;
  reasons: {
    code: string;
    count: number;
    newest_us: number;
    message: string;
    sample: string;
    position: string;
  }[];
}
export interface System {
  version: string;
  started_us: number;
  host: string;
  process_id: number;
  peak_memory_bytes: number;
  cpu_seconds: number;
  problem: string;
  epoch: number;
  commits: number;
  last_commit_us: number;
  devices: number;
  bytes_read: number;
  totals: Record<
    "received" | "accepted" | "quarantined" | "duplicates" | "dropped" | "late" | "anomalies",
    number
  >;
  violations: Record<string, number>;
  stages: { name: string; seconds: number }[];
  judgement_ms: { p50: number; p99: number; max: number };
  sources: {
    name: string;
    ended: boolean;
    records: number;
    bytes: number;
    lag_bytes: number;
    lag_records: number;
    problem: string;
  }[];
  config_file: string;
  config: string | null;
}
export interface Pulse {
  wall_us: number;
  now_us: number;
  has_readings: boolean;
  readings_per_second: number;
  received: number;
  anomalies: number;
  quarantined: number;
  late: number;
  lag_bytes: number;
  commits: number;
  last_commit_us: number;
  problem: string;
  states: Record<DeviceState, number>;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export type Query = Record<string, string | number | null | undefined>;

export function url(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `/api/v1/${path}${text ? `?${text}` : ""}`;
}

async function send<T>(method: string, target: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(target, { method, ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "avocet does not answer");
  }
  if (response.ok) return (await response.json()) as T;
  let message = `the server answered ${response.status}`;
  try {
    const body = (await response.json()) as { error?: { message?: string } };
    message = body.error?.message ?? message;
  } catch {
    // The status has to do.
  }
  throw new ApiError(response.status, message);
}

export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return send<T>("GET", url(path, query), signal ? { signal } : {});
}

export function logIn(token: string): Promise<unknown> {
  return send("POST", url("session"), {
    headers: { "Content-Type": "application/json", "X-Avocet-Request": "1" },
    body: JSON.stringify({ token }),
  });
}
export function logOut(): Promise<unknown> {
  return send("DELETE", url("session"), { headers: { "X-Avocet-Request": "1" } });
}
