// Numbers, times and sizes as people read them.

export const SECOND = 1_000_000; // times are in microseconds
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

let utc = false;
export function useUtc(on: boolean): void {
  utc = on;
}
export function isUtc(): boolean {
  return utc;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** 1234567 as "1.23 M". */
export function shortCount(value: number): string {
  const steps: [number, string][] = [
    [1e9, " G"],
    [1e6, " M"],
    [1e4, " k"],
  ];
  for (const [size, unit] of steps) {
    if (Math.abs(value) >= size) {
      const scaled = value / (unit === " k" ? 1e3 : size);
      return scaled.toFixed(scaled < 10 ? 2 : scaled < 100 ? 1 : 0) + unit;
    }
  }
  return count(value);
}

export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    ++unit;
  }
  return `${unit === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[unit]}`;
}

/** A measured value: up to five significant digits. */
export function measure(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) return value.toExponential(2);
  return String(Number(value.toPrecision(5)));
}

/** A unit of the configuration as people write it. */
export function unitText(unit: string): string {
  const known: Record<string, string> = { degC: "°C", degF: "°F", "1": "" };
  return known[unit] ?? unit;
}

export function percent(share: number): string {
  if (share >= 1) return "100 %";
  const value = share * 100;
  // 99.96 is not 100.
  return `${(Math.floor(value * 10) / 10).toFixed(1)} %`;
}

/** "3 s", "5 min", "2 h", "4 d". */
export function duration(micros: number): string {
  const size = Math.abs(micros);
  if (size < SECOND) return `${Math.round(size / 1000)} ms`;
  if (size < 90 * SECOND) return `${Math.round(size / SECOND)} s`;
  if (size < 90 * MINUTE) return `${Math.round(size / MINUTE)} min`;
  if (size < 36 * HOUR) return `${Math.round(size / HOUR)} h`;
  return `${Math.round(size / DAY)} d`;
}

export function ago(timeUs: number | null, nowUs: number): string {
  if (timeUs === null) return "never";
  const age = nowUs - timeUs;
  return age < SECOND ? "now" : `${duration(age)} ago`;
}

function parts(micros: number): [string, string] {
  const date = new Date(micros / 1000);
  const two = (n: number): string => String(n).padStart(2, "0");
  if (utc) {
    const iso = date.toISOString();
    return [iso.slice(0, 10), iso.slice(11, 19)];
  }
  return [
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`,
  ];
}

export function clock(micros: number): string {
  return parts(micros)[1];
}
export function dateTime(micros: number): string {
  return parts(micros).join(" ");
}
/** A tick of a time axis whose ticks are `stepUs` apart; the date where a day begins. */
export function tick(micros: number, stepUs: number): string {
  const [day, time] = parts(micros);
  if (stepUs >= DAY || time === "00:00:00") return day.slice(5);
  return stepUs < MINUTE ? time : time.slice(0, 5);
}
/** Without the date when it is that of `nowUs`. */
export function shortTime(micros: number, nowUs: number): string {
  const [day, time] = parts(micros);
  return day === parts(nowUs)[0] ? time : `${day.slice(5)} ${time}`;
}
