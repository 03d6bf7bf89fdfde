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
  rules: string[];
}
/** Of a device: name to value. */
export type Labels = Record<string, string>;
/** Type null: the detector still learns. */
export interface HeldBack {
  metric: string;
  type: string | null;
}
export interface Device {
  device: string;
  labels: Labels;
  state: DeviceState;
  last_us: number | null;
  period_us: number;
  readings: number;
  late: number;
  invalid: number;
  quality: number;
  anomalies_24h: number;
  open_alerts: number;
  acknowledged_alerts: number;
  muted: boolean;
  values: Record<string, number | null>;
  sparkline: (number | null)[];
  /** Of a single device only. */
  held_back?: HeldBack[];
}
export interface DevicePage {
  total: number;
  matching: number;
  offset: number;
  states: Record<DeviceState, number>;
  muted: number;
  /** Of all devices; of a label with very many values the most frequent. */
  labels: { name: string; values: number; devices: Record<string, number> }[];
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
/** A part of a time range in which a device is in maintenance, or nobody is told of its alerts. */
export interface Quiet {
  kind: "maintenance" | "mute";
  from_us: number;
  to_us: number;
  /** Null: all. */
  metrics: string[] | null;
  text: string;
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
  /** What happened in a word. */
  type: string;
  reason: string;
  /** Shares of 1. */
  contributors: { metrics?: Record<string, number>; signals?: Record<string, number> } | null;
  position: { source: string; partition: string; offset: number } | null;
}
export interface AnomalyList {
  is_complete: boolean;
  anomalies: Anomaly[];
}
export type AlertStage = "pending" | "open" | "acknowledged" | "cleared";
export type AlertState = "pending" | "firing" | "flapping" | "cleared";
export interface Alert {
  id: string;
  rule: string;
  device: string | null;
  metric: string | null;
  stage: AlertStage;
  state: AlertState;
  severity: Severity;
  opened_us: number;
  time_us: number;
  fired_us: number | null;
  anomalies: number;
  /** Why it changed last. */
  reason: string;
  /** Why it fired last. */
  cause: string;
  detector: string | null;
  anomaly_id: string | null;
  value: number | null;
  expected: number | null;
  lower: number | null;
  upper: number | null;
  score: number;
  labels: Labels;
  muted: boolean;
  acknowledged_by: string | null;
  assignee: string | null;
  label: string | null;
  steps?: { state: AlertState; severity: Severity; time_us: number; reason: string }[];
  actions?: { at_us: number; actor: string; action: string; text: string }[];
  similar?: Similar;
}
/** Earlier alerts that fired because of the same detector and metric. */
export interface Similar {
  /** Of the same device; else of others. */
  of_device: boolean;
  found: number;
  /** The same for people; null for none. */
  sentence: string | null;
  /** The newest of those found. */
  alerts: {
    id: string;
    device: string | null;
    stage: AlertStage;
    severity: Severity;
    opened_us: number;
    time_us: number;
    score: number;
    label: string | null;
  }[];
}
export interface AlertList {
  matching: number;
  stages: Record<AlertStage, number>;
  alerts: Alert[];
}
export interface Mute {
  id: number;
  rule: string;
  device: string;
  metric: string;
  labels: Labels;
  actor: string;
  until_us: number | null;
  schedule: string;
  reason: string;
}
export interface Gate {
  id: number;
  device: string;
  metric: string;
  min_score: number;
  created_us: number;
  actor: string;
  alert_id: string;
  is_reverted: boolean;
  from_us: number | null;
  until_us: number | null;
}
export interface GateProposal {
  alert: string;
  device: string;
  metric: string;
  present: number;
  min_score: number;
  hidden_true: number;
  from_us: number;
  to_us: number;
  before: number;
  after: number;
  gone: { id: string; time_us: number; score: number; reason: string }[];
}
export interface Rule {
  name: string;
  type: "anomaly" | "device_spike" | "fleet_spike";
  min_severity: Severity;
  detectors: string[];
  metrics: string[];
  devices: string[];
  exclude_devices: string[];
  labels: Labels;
  channels: string[];
  fire_score: number;
  clear_score: number;
  count: number;
  of: number;
  for_us: number;
  hold_on_us: number;
  hold_off_us: number;
  spike_window_us: number;
  spike_sigma: number;
  spike_min_count: number;
  fires: number;
  never_fired: number;
  flapping: number;
  open: number;
  acknowledged: number;
  false_positives: number;
  true_positives: number;
  last_fired_us: number | null;
  fires_per_day: number[];
  noisiest: { device: string; fires: number }[];
  noise: string | null;
}
export interface Rules {
  days: number;
  now_us: number;
  is_complete: boolean;
  channels: { name: string; type: string; min_severity: Severity; rate_limit: number; device_rate_limit: number }[];
  rules: Rule[];
}
export interface TrialAlert {
  id: string;
  device: string;
  metric: string;
  time_us: number;
  severity: Severity;
  score: number;
  reason: string;
}
export interface TrialOutcome {
  fires: number;
  devices: number;
  flapping: number;
  fires_per_day: number[];
}
export interface RulePreview {
  from_us: number;
  to_us: number;
  anomalies: number;
  readings: number;
  before: TrialOutcome;
  after: TrialOutcome;
  gone: { alerts: number; newest: TrialAlert[] };
  new: { alerts: number; newest: TrialAlert[] };
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
  /** Null when records cannot be tried again while avocet runs. */
  retry: { is_waiting: boolean; last: QuarantineRetry | null } | null;
}
export interface QuarantineRetry {
  code: string;
  at_us: number;
  tried: number;
  good: number;
  accepted: number;
  duplicates: number;
  dropped: number;
  problem: string;
}
export interface QuarantineVerdict {
  is_begun: boolean;
  tried: number;
  good: number;
  quality: number;
  incomplete: number;
}
/** A row of bronze. */
export interface StoredRecord {
  time_us: number;
  received_us: number;
  epoch: number;
  sequence: number;
  payload: string;
  position: { source: string; partition: string; offset: number };
}
/** Readings that came late. */
export interface Late {
  rows: number;
  examined: number;
  is_complete: boolean;
  late_devices: number;
  /** Those with the most. */
  devices: { device: string; rows: number; newest_us: number }[];
  newest: { device: string; time_us: number; values: Record<string, number | null> }[];
}
export interface QueryResult {
  csv: string;
  most_rows: number;
  seconds: number;
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
  /** Of records and of messages, from the arrival of a reading to each stage. */
  to_commit_ms: Passage[];
  to_alert_ms: Passage[];
  sources: {
    name: string;
    ended: boolean;
    records: number;
    bytes: number;
    lag_bytes: number;
    lag_records: number;
    problem: string;
    /** Null: it has none. */
    journal: { bytes: number; max_bytes: number; segments: number; oldest_us: number | null; syncs: number } | null;
  }[];
  channels: { name: string; waiting: number; delivered: number; failed: number; silenced: number }[];
  config_file: string;
  /** Null line: a default, or no value at all. */
  config: { text: string; has_value: boolean; line: number | null }[] | null;
}
export interface Passage {
  stage: string;
  count: number;
  p50: number;
  p99: number;
  max: number;
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
  alerts: Record<AlertStage, number>;
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

export function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return send<T>("POST", url(path), {
    headers: { "Content-Type": "application/json", "X-Avocet-Request": "1" },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}
export function remove(path: string, query: Query = {}): Promise<unknown> {
  return send("DELETE", url(path, query), { headers: { "X-Avocet-Request": "1" } });
}

export function logIn(token: string): Promise<unknown> {
  return post("session", { token });
}
export function logOut(): Promise<unknown> {
  return remove("session");
}
