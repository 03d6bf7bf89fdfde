// The view is the URL: page, filters, time range. Changing it changes what is shown, and the other
// way round.

import { DAY, HOUR, MINUTE, SECOND } from "./format";

export type Parameters = Record<string, string | null | undefined>;

type Listener = () => void;
const listeners = new Set<Listener>();

export function onView(listener: Listener): void {
  listeners.add(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}

export function path(): string {
  return location.pathname;
}

export function parameter(name: string, missing = ""): string {
  return new URLSearchParams(location.search).get(name) ?? missing;
}

export function href(to: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) query.set(name, value);
  const text = query.toString();
  return text ? `${to}?${text}` : to;
}

export function go(target: string): void {
  history.pushState(null, "", target);
  tell();
}

/** Changes parameters of the page that is shown, without a step in the history by default. */
export function change(parameters: Parameters, step = false): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(parameters)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  const target = location.pathname + (text ? `?${text}` : "");
  if (step) history.pushState(null, "", target);
  else history.replaceState(null, "", target);
  tell();
}

/** Follows links inside the dashboard without loading it again. */
export function catchLinks(): void {
  addEventListener("popstate", tell);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest("a");
    if (!link || link.origin !== location.origin || link.target || link.hasAttribute("download")) {
      return;
    }
    if (link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}

const UNITS: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };

/** Microseconds of "now", "now-6h", "now/d" or a number; null for anything else. */
export function instant(text: string, nowUs: number): number | null {
  const match = /^now(?:([-+])(\d+)([smhdw]))?(?:\/([hd]))?$/.exec(text.trim());
  if (match) {
    const sign = match[1] === "+" ? 1 : -1;
    let at = nowUs + (match[2] ? sign * Number(match[2]) * (UNITS[match[3]!] ?? 0) : 0);
    if (match[4]) at = Math.floor(at / UNITS[match[4]]!) * UNITS[match[4]]!;
    return at;
  }
  if (/^-?\d{10,17}$/.test(text)) {
    // Seconds, milliseconds (as Grafana has them) or microseconds.
    const value = Number(text);
    return text.length <= 11 ? value * 1e6 : text.length <= 14 ? value * 1e3 : value;
  }
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? null : parsed * 1000;
}
