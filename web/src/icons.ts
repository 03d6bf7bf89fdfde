// Icons as outlines of 24 by 24.

import { svg } from "./dom";

const PATHS: Record<string, string> = {
  fleet: "M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z",
  anomalies: "M3 13h4l2.5-7 4 13 3-9 1.5 3h3",
  alerts: "M6 16.5V11a6 6 0 0112 0v5.5l1.5 2h-15zM10 21h4M12 5V3",
  rules: "M4 6h9M17 6h3M4 12h3M11 12h9M4 18h11M19 18h1M15 4v4M9 10v4M17 16v4",
  check: "M5 12.5l4.5 4.5L19 7.5",
  mute: "M6 16.5V11a6 6 0 019-5.2M18 11v5.5l1.5 2H8M10 21h4M4 4l16 16",
  person: "M12 4a4 4 0 100 8 4 4 0 000-8zM4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6",
  data: "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
  system: "M5 4h14v6H5zM5 14h14v6H5zM8 7h.01M8 17h.01M12 7h4M12 17h4",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
  moon: "M20 14.5A8 8 0 019.5 4a8 8 0 1010.5 10.5z",
  help: "M12 3a9 9 0 100 18 9 9 0 000-18zM9.5 9.5a2.5 2.5 0 115 0c0 1.7-2.5 2-2.5 3.8M12 16.8h.01",
  clock: "M12 3a9 9 0 100 18 9 9 0 000-18zM12 7v5l3 2",
  left: "M14.5 6l-6 6 6 6",
  right: "M9.5 6l6 6-6 6",
  out: "M10.5 4a6.5 6.5 0 100 13 6.5 6.5 0 000-13zM15.3 15.3L20 20M7.5 10.5h6",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14",
  link: "M10 14a4 4 0 005.7 0l3-3a4 4 0 00-5.7-5.7l-1 1M14 10a4 4 0 00-5.7 0l-3 3a4 4 0 005.7 5.7l1-1",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  close: "M6 6l12 12M18 6L6 18",
  alert: "M12 3.5l9.5 16.5h-19zM12 10v4.5M12 17.3h.01",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.5v15l12-7.5z",
  exit: "M14 4h5v16h-5M4 12h10M10 8l4 4-4 4",
};

export function icon(name: string): SVGElement {
  return svg(
    "svg",
    {
      viewBox: "0 0 24 24",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 1.8,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": "true",
    },
    svg("path", { d: PATHS[name] ?? "" }),
  );
}

// Each state has a shape of its own, so that colour is never the only sign.
const SHAPES: Record<string, string> = {
  ok: "M7 1.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11z",
  warning: "M7 1.2l6 11.3H1z",
  critical: "M7 .5L13.5 7 7 13.5.5 7z",
  silent: "M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9z",
  info: "M2 2h10v10H2z",
};

export function shape(state: string): SVGElement {
  const hollow = state === "silent";
  return svg(
    "svg",
    { viewBox: "0 0 14 14", "aria-hidden": "true" },
    svg("path", {
      d: SHAPES[state] ?? SHAPES["info"]!,
      fill: hollow ? "none" : "currentColor",
      stroke: "currentColor",
      "stroke-width": hollow ? 2 : 0,
      "stroke-dasharray": hollow ? "2.4 1.6" : "none",
    }),
  );
}
