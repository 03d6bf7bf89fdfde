// One metric over time: values, their expected line and usual range, anomalies; zoom by drag.

import uPlot from "uplot";
import type { Anomaly, MetricSeries, Quiet, Series, Values } from "./api";
import { fill, h } from "./dom";
import { dateTime, isUtc, measure, tick } from "./format";

const HEIGHT = 170;
const SYNC = "device";

export interface ChartEvents {
  zoom: (fromUs: number, toUs: number) => void;
  zoomOut: () => void;
  pick: (anomaly: Anomaly) => void;
}

/** A reading that is not on the line, because it came late. */
export interface LatePoint {
  timeUs: number;
  value: number;
}

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Times in seconds, values, expected, band, range; with a gap where readings are missing. */
function columns(series: Series, metric: MetricSeries, periodUs: number): uPlot.AlignedData {
  const times: number[] = [];
  const lines: Values[] = [[], [], [], [], [], []];
  const gapUs = Math.max(4 * periodUs, series.is_raw ? 0 : 2.5 * series.bucket_us);
  const spread = metric.spread;
  const push = (timeUs: number, values: Values): void => {
    times.push(timeUs / 1e6);
    values.forEach((value, i) => lines[i]!.push(value));
  };
  for (let i = 0; i < series.time_us.length; ++i) {
    const timeUs = series.time_us[i]!;
    if (i > 0 && gapUs > 0 && timeUs - series.time_us[i - 1]! > gapUs) {
      push(timeUs - 1, [null, null, null, null, null, null]);
    }
    const mean = metric.mean[i] ?? null;
    const expected = metric.expected[i] ?? null;
    const has = expected !== null && spread !== null;
    push(timeUs, [
      mean,
      expected,
      has ? expected - spread : null,
      has ? expected + spread : null,
      metric.min ? (metric.min[i] ?? null) : null,
      metric.max ? (metric.max[i] ?? null) : null,
    ]);
  }
  return [times, ...lines] as uPlot.AlignedData;
}

function mark(context: CanvasRenderingContext2D, severity: string, x: number, y: number, size: number): void {
  context.beginPath();
  if (severity === "critical") {
    context.moveTo(x, y - size);
    context.lineTo(x + size, y);
    context.lineTo(x, y + size);
    context.lineTo(x - size, y);
  } else if (severity === "warning") {
    context.moveTo(x, y - size);
    context.lineTo(x + size, y + size * 0.8);
    context.lineTo(x - size, y + size * 0.8);
  } else {
    context.rect(x - size * 0.7, y - size * 0.7, size * 1.4, size * 1.4);
  }
  context.closePath();
}

/** Lines that lean to the right in maintenance, and to the left where nobody is told. */
function hatch(context: CanvasRenderingContext2D, leans: 1 | -1, left: number, right: number, top: number, height: number, step: number): void {
  context.beginPath();
  const reach = Math.ceil(height / step) * step;
  for (let x = Math.floor((left - reach) / step) * step; x < right + reach; x += step) {
    context.moveTo(x, leans > 0 ? top + reach : top);
    context.lineTo(x + reach, leans > 0 ? top : top + reach);
  }
  context.stroke();
}

export class Chart {
  readonly root = h("div", { class: "chart" });
  private plot: uPlot | null = null;
  private anomalies: Anomaly[] = [];
  private quiet: Quiet[] = [];
  private late: LatePoint[] = [];
  private selected = "";
  private range: [number, number] = [0, 1];
  private readonly tip = h("div", { class: "tip", hidden: true });
  private unit = "";

  constructor(
    private readonly label: string,
    private readonly events: ChartEvents,
  ) {}

  width(): number {
    return Math.max(200, this.root.clientWidth - 16);
  }

  set(
    series: Series,
    metric: MetricSeries,
    unit: string,
    periodUs: number,
    anomalies: Anomaly[],
    quiet: Quiet[],
    late: LatePoint[],
    selected: string,
  ): void {
    this.late = late;
    this.anomalies = anomalies;
    this.quiet = quiet;
    this.selected = selected;
    this.unit = unit;
    this.range = [series.from_us / 1e6, series.to_us / 1e6];
    const data = columns(series, metric, periodUs);
    if (this.plot) {
      this.plot.setData(data, true);
      return;
    }
    this.plot = new uPlot(this.options(), data, this.root);
    this.root.setAttribute("role", "img");
    this.root.setAttribute("aria-label", `${this.label} over time`);
    this.plot.over.append(this.tip);
  }

  /** After a change of theme or time zone. */
  redraw(): void {
    if (!this.plot) return;
    const data = this.plot.data;
    this.plot.destroy();
    fill(this.root);
    this.plot = new uPlot(this.options(), data, this.root);
    this.plot.over.append(this.tip);
  }

  resize(): void {
    this.plot?.setSize({ width: this.width(), height: HEIGHT });
  }

  destroy(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  private options(): uPlot.Options {
    const grid = { stroke: color("--line"), width: 1 };
    const axis: uPlot.Axis = {
      stroke: color("--muted"),
      grid,
      ticks: { stroke: color("--line"), width: 1, size: 4 },
      font: "11.5px system-ui, sans-serif",
    };
    const none: uPlot.Series = { show: true, stroke: "transparent", width: 0, points: { show: false } };
    const options: uPlot.Options = {
      width: this.width(),
      height: HEIGHT,
      legend: { show: false },
      scales: {
        x: { time: true, range: () => this.range },
        y: { range: (_plot, min, max) => this.valueRange(min, max) },
      },
      axes: [
        {
          ...axis,
          size: 28,
          space: 70,
          values: (_plot, ticks, _axis, _space, step) => ticks.map((at) => tick(at * 1e6, step * 1e6)),
        },
        { ...axis, size: 58, space: 26, values: (_plot, ticks) => ticks.map((value) => measure(value)) },
      ],
      cursor: {
        sync: { key: SYNC, setSeries: false },
        drag: { x: true, y: false, setScale: false },
        points: { size: 7, fill: color("--surface"), stroke: color("--series"), width: 2 },
        focus: { prox: -1 },
        bind: {
          dblclick: () => () => {
            this.events.zoomOut();
            return null;
          },
        },
      },
      series: [
        {},
        { stroke: color("--series"), width: 1.5, points: { show: (plot) => plot.data[0].length < 120, size: 4 } },
        { stroke: color("--accent"), width: 1.3, dash: [5, 4], points: { show: false } },
        none,
        none,
        none,
        none,
      ],
      bands: [
        { series: [4, 3], fill: color("--band") },
        { series: [6, 5], fill: color("--range") },
      ],
      hooks: {
        drawClear: [(plot) => this.drawQuiet(plot)],
        draw: [(plot) => this.drawMarks(plot)],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width < 6) return;
            const from = plot.posToVal(left, "x") * 1e6;
            const to = plot.posToVal(left + width, "x") * 1e6;
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            this.events.zoom(Math.round(from), Math.round(to));
          },
        ],
        setCursor: [(plot) => this.showTip(plot)],
        ready: [
          (plot) => {
            plot.over.addEventListener("click", () => {
              const near = this.nearest(plot, plot.cursor.left ?? -1);
              if (near) this.events.pick(near);
            });
          },
        ],
      },
    };
    if (isUtc()) options.tzDate = (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC");
    return options;
  }

  private valueRange(min: number | null, max: number | null): [number, number] {
    if (min === null || max === null) return [0, 1];
    for (const { value } of [...this.anomalies, ...this.late]) {
      if (value === null) continue;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    const margin = (max - min) * 0.12 || Math.abs(max) * 0.05 || 1;
    return [min - margin, max + margin];
  }

  private place(plot: uPlot, anomaly: Anomaly): [number, number] {
    const x = plot.valToPos(anomaly.time_us / 1e6, "x", true);
    const y =
      anomaly.value === null ? plot.bbox.top + plot.bbox.height - 8 : plot.valToPos(anomaly.value, "y", true);
    return [x, y];
  }

  private drawQuiet(plot: uPlot): void {
    const context = plot.ctx;
    const scale = devicePixelRatio || 1;
    const { top, height } = plot.bbox;
    for (const span of this.quiet) {
      const left = Math.max(plot.bbox.left, plot.valToPos(span.from_us / 1e6, "x", true));
      const right = Math.min(plot.bbox.left + plot.bbox.width, plot.valToPos(span.to_us / 1e6, "x", true));
      if (right <= left) continue;
      context.save();
      context.beginPath();
      context.rect(left, top, right - left, height);
      context.clip();
      context.fillStyle = color("--sunken");
      context.fillRect(left, top, right - left, height);
      context.strokeStyle = color("--line-strong");
      context.lineWidth = scale;
      context.globalAlpha = 0.45;
      hatch(context, span.kind === "maintenance" ? 1 : -1, left, right, top, height, 10 * scale);
      context.globalAlpha = 1;
      context.font = `${11 * scale}px system-ui, sans-serif`;
      context.textBaseline = "top";
      context.fillStyle = color("--muted");
      if (right - left > 70 * scale) context.fillText(span.kind === "maintenance" ? "maintenance" : "muted", left + 5 * scale, top + 4 * scale);
      context.restore();
    }
  }

  private drawMarks(plot: uPlot): void {
    const context = plot.ctx;
    const scale = devicePixelRatio || 1;
    context.save();
    context.beginPath();
    context.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
    context.clip();
    context.strokeStyle = color("--late");
    context.fillStyle = color("--surface");
    context.lineWidth = 1.5 * scale;
    for (const { timeUs, value } of this.late) {
      context.beginPath();
      context.arc(plot.valToPos(timeUs / 1e6, "x", true), plot.valToPos(value, "y", true), 3.2 * scale, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
    // The halo of a mark must not hide its neighbours; the chosen one is on top.
    context.strokeStyle = color("--surface");
    context.lineWidth = 2.4 * scale;
    for (const anomaly of this.anomalies) {
      mark(context, anomaly.severity, ...this.place(plot, anomaly), 4.5 * scale);
      context.stroke();
    }
    const isChosen = (anomaly: Anomaly): boolean => anomaly.id === this.selected;
    for (const anomaly of [...this.anomalies].sort((a, b) => Number(isChosen(a)) - Number(isChosen(b)))) {
      const [x, y] = this.place(plot, anomaly);
      const chosen = isChosen(anomaly);
      const ink = color(`--${anomaly.severity}`);
      if (anomaly.lower !== null && anomaly.upper !== null && chosen) {
        const top = plot.valToPos(anomaly.upper, "y", true);
        const bottom = plot.valToPos(anomaly.lower, "y", true);
        context.fillStyle = color("--accent");
        context.fillRect(x - scale, top, 2 * scale, bottom - top);
      }
      if (chosen) {
        context.strokeStyle = ink;
        context.lineWidth = scale;
        context.setLineDash([3 * scale, 3 * scale]);
        context.beginPath();
        context.moveTo(x, plot.bbox.top);
        context.lineTo(x, plot.bbox.top + plot.bbox.height);
        context.stroke();
        context.setLineDash([]);
      }
      mark(context, anomaly.severity, x, y, (chosen ? 7 : 4.5) * scale);
      context.fillStyle = ink;
      context.fill();
      if (!chosen) continue;
      context.strokeStyle = color("--surface");
      context.lineWidth = 1.2 * scale;
      context.stroke();
    }
    context.restore();
  }

  private nearest(plot: uPlot, left: number): Anomaly | null {
    let best: Anomaly | null = null;
    let distance = 12;
    for (const anomaly of this.anomalies) {
      const away = Math.abs(plot.valToPos(anomaly.time_us / 1e6, "x") - left);
      if (away <= distance) {
        distance = away;
        best = anomaly;
      }
    }
    return best;
  }

  private showTip(plot: uPlot): void {
    const at = plot.cursor.idx;
    const left = plot.cursor.left ?? -1;
    if (at === null || at === undefined || left < 0) {
      this.tip.hidden = true;
      return;
    }
    const value = plot.data[1]?.[at];
    if (value === null || value === undefined) {
      this.tip.hidden = true;
      return;
    }
    const expected = plot.data[2]?.[at];
    const low = plot.data[5]?.[at];
    const high = plot.data[6]?.[at];
    const unit = this.unit ? ` ${this.unit}` : "";
    fill(
      this.tip,
      h("div", { class: "muted" }, dateTime(plot.data[0][at]! * 1e6)),
      h("div", {}, h("b", {}, measure(value) + unit)),
      low !== null && low !== undefined && high !== null && high !== undefined
        ? h("div", {}, `${measure(low)} to ${measure(high)}`)
        : null,
      expected !== null && expected !== undefined ? h("div", {}, `mean ${measure(expected)}`) : null,
      ...this.quiet
        .filter((span) => span.from_us <= plot.data[0][at]! * 1e6 && plot.data[0][at]! * 1e6 < span.to_us)
        .map((span) => h("div", { class: "muted" }, span.text)),
    );
    this.tip.hidden = false;
    const width = plot.over.clientWidth;
    const flip = left > width - 170;
    this.tip.style.left = flip ? "auto" : `${left + 14}px`;
    this.tip.style.right = flip ? `${width - left + 14}px` : "auto";
    this.tip.style.top = "4px";
  }
}
