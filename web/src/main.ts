// Starts the dashboard, and shows the page that the URL names.

import { ApiError, get, type Status } from "./api";
import { fill, h } from "./dom";
import { events } from "./events";
import { unitText } from "./format";
import { showLogin } from "./login";
import { messageOf, type Context, type Page } from "./page";
import { alertsPage } from "./pages/alerts";
import { anomaliesPage } from "./pages/anomalies";
import { dataPage } from "./pages/data";
import { devicePage } from "./pages/device";
import { fleetPage } from "./pages/fleet";
import { rulesPage } from "./pages/rules";
import { systemPage } from "./pages/system";
import { errorCard } from "./parts";
import { Shell } from "./shell";
import { catchLinks, go, onView, path } from "./view";

const PAGES: Record<string, (context: Context) => Page> = {
  "/": fleetPage,
  "/device": devicePage,
  "/alerts": alertsPage,
  "/anomalies": anomaliesPage,
  "/rules": rulesPage,
  "/data": dataPage,
  "/system": systemPage,
};
const GO: Record<string, string> = { f: "/", l: "/alerts", a: "/anomalies", r: "/rules", d: "/data", s: "/system" };

const app = document.getElementById("app")!;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, select, textarea");
}

class Dashboard {
  private page: Page | null = null;
  private shown = "";
  private readonly shell: Shell;
  private readonly context: Context;
  private afterG = false;

  constructor(status: Status) {
    this.context = {
      status,
      now: () => events.pulse?.now_us ?? status.now_us,
      unit: (metric) => unitText(this.context.status.metrics.find((m) => m.name === metric)?.unit ?? ""),
    };
    this.shell = new Shell(status, () => this.page?.restyle?.());
    fill(app, this.shell.root);
    onView(() => this.show());
    catchLinks();
    addEventListener("keydown", (event) => this.onKey(event));
    events.on("reset", () => void this.refresh());
    events.start();
    this.show();
    // Metrics appear while it runs.
    setInterval(() => void this.refresh(), 15_000);
  }

  private async refresh(): Promise<void> {
    try {
      const before = this.context.status.metrics.length;
      this.context.status = await get<Status>("status");
      if (this.context.status.metrics.length !== before) this.remake();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) location.reload();
    }
  }

  private remake(): void {
    this.shown = "";
    this.show();
  }

  private show(): void {
    const current = path();
    if (this.page && this.shown === current) {
      this.page.update?.();
      return;
    }
    this.page?.destroy?.();
    const make = PAGES[current] ?? PAGES["/"]!;
    this.page = make(this.context);
    this.shown = current;
    fill(this.shell.content, this.page.root);
    this.shell.content.scrollTop = 0;
    this.shell.markPage(current);
    document.title = `${this.page.title} · avocet`;
    this.page.update?.();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.shell.isHelpOpen) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") (event.target as HTMLElement).blur();
      return;
    }
    if (this.afterG) {
      this.afterG = false;
      const target = GO[event.key];
      if (target) {
        event.preventDefault();
        go(target);
        return;
      }
    }
    if (this.common(event.key) || this.page?.key?.(event.key)) event.preventDefault();
  }

  private common(key: string): boolean {
    switch (key) {
      case "g":
        this.afterG = true;
        setTimeout(() => (this.afterG = false), 1200);
        return true;
      case "?":
        this.shell.showHelp();
        return true;
      case "t":
        this.shell.toggleTheme();
        return true;
      case "u":
        this.shell.toggleZone();
        return true;
      case "/": {
        const search = this.page?.root.querySelector<HTMLInputElement>("input[type=search]");
        if (search) search.focus();
        else go("/");
        return true;
      }
      case "Escape":
        if (this.page?.key?.("Escape")) return true;
        if (path() !== "/") history.length > 1 ? history.back() : go("/");
        return true;
      default:
        return false;
    }
  }
}

async function start(): Promise<void> {
  try {
    new Dashboard(await get<Status>("status"));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return showLogin(app);
    fill(app, h("main", { class: "page" }, h("h1", {}, "avocet"), errorCard(messageOf(error), () => location.reload())));
    setTimeout(() => void start(), 3000);
  }
}

void start();
